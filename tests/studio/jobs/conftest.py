"""A desk on fake pipelines, with real worker processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from tests.studio.jobs import disks
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
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path / "disk") as disk:
        yield disk
