"""The doctor: what runs where, what is missing, and how to get it."""

import tomllib
from pathlib import Path

import pytest

from pipelines.checkpoints import CATALOGUE
from pipelines.media.confinement import PROTECTIONS
from studio import doctor
from studio.doctor import report
from studio.paths import DataFolder
from studio.versions import version
from tests.studio.jobs.fakes import model_folder


def test_it_names_model_device_folder_and_what_is_missing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    said = "\n".join(report(folder, model_folder(tmp_path), "cpu"))
    assert "A fake model" in said
    assert "on cpu; 32x32, 5 frames" in said
    assert str(folder.root) in said
    assert "not running on this folder" in said
    for name, entry in CATALOGUE.items():
        if entry.repo:
            assert f"python -m studio fetch {name}" in said


def test_it_reports_a_studio_that_runs_and_a_model_that_does_not(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").create()
    with folder.held():
        said = "\n".join(report(folder, "/nowhere"))
    assert "running, its worker is not" in said
    assert "There is no model in '/nowhere'" in said


def test_it_tells_how_files_are_decoded_and_which_protections_are_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        (line,) = [line for line in report(DataFolder(tmp_path / "data")) if line.startswith("Media files")]
        return line

    for held, expected in (
        (("network", "files", "calls", "limits"), "no network, no files, few system calls, limits of memory and time"),
        (("network", "limits"), "no network, limits of memory and time. Not to be had on this machine: no files, few"),
        ((), "decoded in the studio's own processes"),
    ):
        monkeypatch.setattr(doctor, "confinement", lambda held=held: held)
        assert expected in said()


def test_what_a_child_says_of_itself_is_what_the_doctor_knows() -> None:
    assert set(doctor._PROTECTIONS) == set(PROTECTIONS)


def test_the_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == version()


def test_a_damaged_ledger_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").create()
    folder.ledger.write_bytes(b"not a ledger at all" * 500)
    assert any("is damaged" in line for line in report(folder))
