"""One furnished house for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.studio.access.house import House, furnish, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    house = open_house(folder)
    with house.web:
        yield furnish(house, folder)
    house.shelf.desk.close()
