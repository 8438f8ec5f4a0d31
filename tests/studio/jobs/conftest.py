"""A desk on fake pipelines, with real worker processes."""

import subprocess
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest

from studio.jobs import reserve
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from tests.studio.jobs.fakes import FAKES, LOADER, model_folder


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., JobDesk]]:
    """Open desks on one data folder; each is closed at the end. Call `.start()` for one with a worker."""
    opened: list[JobDesk] = []

    def open_one(model: str = "fake", **options: object) -> JobDesk:
        where = model_folder(tmp_path, model)
        desk = JobDesk(DataFolder(tmp_path / "data"), where, **{"pipelines": FAKES, "loader": LOADER, **options})
        opened.append(desk)
        return desk

    yield open_one
    for desk in opened:
        desk.close()


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobDesk]:
    """One started desk for tests that leave it as it was."""
    root = tmp_path_factory.mktemp("shared")
    with JobDesk(DataFolder(root / "data"), model_folder(root), pipelines=FAKES, loader=LOADER) as desk:
        yield desk.start()


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 24 MB of its own, of which the studio keeps half a megabyte free, with a ballast of 4 MB."""
    monkeypatch.setattr(reserve, "LEAST", 0)
    monkeypatch.setattr(reserve, "BALLAST", 4 << 20)
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(disk)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk of its own can only be mounted by root on Linux")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill_up(disk: Path) -> Path:
    """Take up every byte that is left, and return the file that does."""
    hog = disk / "hog"
    with hog.open("wb", buffering=0) as file:
        for block in (1 << 20, 1 << 12):
            while _writes(file, bytes(block)):
                pass
    return hog


def _writes(file: FileIO, block: bytes) -> bool:
    try:
        return file.write(block) == len(block)
    except OSError:
        return False
