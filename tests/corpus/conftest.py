"""A model on paper for every check, and the corpus under its ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipelines.checkpoints import ModelInfo, model_info
from tests.corpus.cases import CASES, SONG, place_in
from tests.corpus.serving import Running, fields_of, running
from tests.studio.rooms import paper_model

ROOM = 100.0  # MB that a process may keep: freed memory goes back to the system in large pieces only


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


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One studio for all that is asked of it over HTTP; at the end it is what it was, whatever that was."""
    folder = tmp_path_factory.mktemp("corpus")
    with running(folder) as studio, place_in(folder / "ordinary") as (place, _):
        for id in ("I09", "V19", "M04", "A06"):  # what ordinary work of each kind leaves in memory is no growth
            case = next(case for case in CASES if case.id == id)
            mode, fields, _name = fields_of(case, case.make(place)[0], studio)
            studio.ended(studio.submit(mode, fields).said["id"])
        worker, before = studio.worker.pid, studio.memory()
        yield studio
        assert studio.web.get("/healthz").json() == {"status": "ok", "worker": "ready"}
        assert studio.worker.pid == worker
        after = studio.memory()
        print(f"MB before {before}, after {after}")
        assert all(after[name] < before[name] + ROOM for name in after), (before, after)
        log = (studio.data / "worker.log").read_text("utf-8", "replace")
        assert "Traceback" not in log and SONG not in log
        assert not list((studio.data / "jobs").glob("*/.work-*"))
