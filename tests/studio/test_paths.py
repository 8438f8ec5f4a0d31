"""The data folder: where it is, who may read it, who may serve it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import StudioError
from studio.paths import DataFolder


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEPTET_DATA", str(tmp_path / "mine"))
    assert DataFolder.default().root == tmp_path / "mine"
    monkeypatch.delenv("SEPTET_DATA")
    assert "septet" in str(DataFolder.default().root)


def test_nothing_is_made_until_it_is_asked_for(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    assert (folder.jobs, folder.ledger) == (tmp_path / "data" / "jobs", tmp_path / "data" / "ledger.sqlite3")
    assert not folder.is_held()
    assert not folder.root.exists()


@pytest.mark.skipif(os.name == "nt", reason="other permissions there")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").create()
    for path in (folder.root, folder.jobs, folder.inputs, folder.models):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match=r"cannot be used.*--data"):
        DataFolder(tmp_path / "file" / "data").create()


def test_one_studio_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").create()
    with folder.held():
        assert folder.is_held()
        with pytest.raises(StudioError, match="already running"), folder.held():
            pass
    assert not folder.is_held()


def test_a_killed_studio_lets_go(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data").create()
    code = f"from studio.paths import *; held = DataFolder(Path({str(folder.root)!r})).held(); held.__enter__()"
    code += "; print('held', flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        assert folder.is_held()
        other.kill()
    assert not folder.is_held()
