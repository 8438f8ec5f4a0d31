"""The reporter: the loop never waits for it, the ledger is written seldom, cancelling works at the next step."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import Cancelled
from pipelines.types import Progress
from studio.jobs.ledger import Ledger, LostJob, NewJob
from studio.jobs.recovery import Recovery
from studio.jobs.reporter import SECONDS_BETWEEN_WRITES, Reporter, Stopping


class Counting(Ledger):
    """A ledger that counts how often progress is written, and is slow at it."""

    writes = 0

    def advance(self, *args: object) -> None:
        self.writes += 1
        time.sleep(0.1)
        super().advance(*args)


@pytest.fixture
def ledgers(tmp_path: Path):
    pair = Ledger(tmp_path / "ledger.sqlite3"), Counting(tmp_path / "ledger.sqlite3")
    yield pair
    for ledger in pair:
        ledger.close()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def report(ledgers, stop: threading.Event, tmp_path: Path) -> Reporter:
    ledger, writer = ledgers
    ledger.add(NewJob("a", "local", "plain", "m", {}, 1), cap=9)
    return Reporter(ledger.claim("w", "m"), tmp_path / "preview.jpg", ledger, writer, stop)


def test_a_thousand_steps_are_a_few_writes_and_no_waiting(ledgers, report: Reporter, tmp_path: Path) -> None:
    ledger, writer = ledgers
    picture = np.full((900, 1600, 3), 200, np.uint8)
    with report:
        began, steps = time.monotonic(), 0
        while steps < 1000 or not writer.writes:
            report(Progress("denoise", 0.25, picture))
            steps += 1
    assert 1 <= writer.writes <= 1 + (time.monotonic() - began) / SECONDS_BETWEEN_WRITES
    assert ledger.job("a").progress == 0.25
    assert ledger.job("a").timings["denoise"] > 0
    with Image.open(tmp_path / "preview.jpg") as preview:
        assert max(preview.size) <= 480


def test_cancel_stop_and_loss_reach_the_loop_at_its_next_step(ledgers, report: Reporter, stop: threading.Event) -> None:
    ledger, _ = ledgers
    report(Progress("encode", 0.1))
    stop.set()
    with pytest.raises(Stopping):
        report(Progress("encode", 0.2))
    ledger.cancel("a")
    with pytest.raises(Cancelled):  # also while stopping: the job shall not come back
        report(Progress("encode", 0.2))
    Recovery(ledger).interrupt(crashed=True)
    with pytest.raises(LostJob):
        report(Progress("encode", 0.2))


def test_time_is_charged_to_the_stage_that_reports(report: Reporter) -> None:
    with report:
        time.sleep(0.05)
        report(Progress("encode", 0.1))
        time.sleep(0.1)
        report(Progress("denoise", 0.9))
        report(Progress("encode", 0.9))
    assert report.timings["encode"] == pytest.approx(0.05, abs=0.05)
    assert report.timings["denoise"] == pytest.approx(0.1, abs=0.05)
