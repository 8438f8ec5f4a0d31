"""What a person is told about the wait."""

from pathlib import Path

import pytest

from studio.jobs.ledger import Ledger, NewJob
from studio.jobs.viewer import Viewer
from studio.paths import DataFolder

WORK = {"denoise": 10.0, "decode": 2.0}


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = Ledger(DataFolder(tmp_path).create().ledger)
    yield ledger
    ledger.close()


@pytest.fixture
def viewer(ledger: Ledger, tmp_path: Path) -> Viewer:
    return Viewer(ledger, DataFolder(tmp_path))


def enter(ledger: Ledger, name: str, work: dict[str, float] = WORK) -> None:
    ledger.add(NewJob(name, "local", "plain", "m", {}, 1, work=work), cap=99)


def waits(ledger: Ledger, viewer: Viewer) -> dict[str, tuple[int, float | None]]:
    return {job.id: (job.place, job.eta_seconds) for job in viewer.views(ledger.active())}


def test_without_history_only_a_job_that_moves_has_an_estimate(ledger: Ledger, viewer: Viewer) -> None:
    for name in "ab":
        enter(ledger, name)
    assert waits(ledger, viewer) == {"a": (1, None), "b": (2, None)}
    job = ledger.claim("w", "m")
    ledger.advance(job, "denoise", 0.5, {"denoise": 8.0}, 1)
    assert waits(ledger, viewer) == {"a": (0, 8.0), "b": (1, None)}


def test_the_wait_counts_every_job_before_this_one(ledger: Ledger, viewer: Viewer) -> None:
    enter(ledger, "done")
    ledger.done(ledger.claim("w", "m"), {}, {"denoise": 20.0, "decode": 4.0})
    for name in "abc":
        enter(ledger, name)
    assert waits(ledger, viewer) == {"a": (1, 24.0), "b": (2, 48.0), "c": (3, 72.0)}
    job = ledger.claim("w", "m")
    ledger.advance(job, "denoise", 0.5, {"denoise": 12.0}, 1)
    assert waits(ledger, viewer) == {"a": (0, 12.0), "b": (1, 36.0), "c": (2, 60.0)}
    ledger.cancel("b")
    assert waits(ledger, viewer) == {"a": (0, 12.0), "c": (1, 36.0)}


def test_an_interrupted_job_is_next_again(ledger: Ledger, viewer: Viewer) -> None:
    from studio.jobs.recovery import Recovery

    for name in "ab":
        enter(ledger, name)
    ledger.claim("w", "m")
    Recovery(ledger).interrupt(crashed=True)
    assert [place for place, _ in waits(ledger, viewer).values()] == [1, 2]
