"""A studio that runs nothing, and its web side: one of each for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from studio.jobs import reserve
from studio.server import build_app
from studio.shelf import Shelf
from tests.studio.rooms import quiet_shelf


@pytest.fixture(scope="session", autouse=True)
def light_ballast() -> None:
    """Every test has a data folder, and each of them its ballast: a thousandth of it does."""
    reserve.BALLAST >>= 10


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path_factory.mktemp("studio"))
    yield shelf
    shelf.desk.close()


@pytest.fixture(scope="module")
def web(shelf: Shelf) -> TestClient:
    return TestClient(build_app(shelf))
