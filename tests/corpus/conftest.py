"""A model on paper for every check, and the corpus under its ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipelines.checkpoints import ModelInfo, model_info
from tests.corpus.cases import CASES, place_in
from tests.studio.rooms import paper_model


@pytest.fixture(scope="session")
def info(tmp_path_factory: pytest.TempPathFactory) -> ModelInfo:
    folder = tmp_path_factory.mktemp("paper")
    return model_info(str(paper_model(folder)), folder)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str], list[Any]]]:
    """The variants of the class with this id, freshly made."""
    with ExitStack() as stack:

        def make(id: str) -> list[Any]:
            place, _ = stack.enter_context(place_in(tmp_path / id))
            return list(next(case for case in CASES if case.id == id).make(place))

        yield make
