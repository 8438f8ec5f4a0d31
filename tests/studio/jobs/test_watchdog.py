"""The watchdog: slow is not stuck, and the wall clock does not matter."""

from pathlib import Path

import pytest

from studio.jobs.ledger import Ledger, NewJob
from studio.jobs.roster import Roster
from studio.jobs.watchdog import Watchdog


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    Roster(ledger).enter("w", "m")
    yield ledger
    ledger.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watchdog(ledger: Ledger, clock: Clock) -> Watchdog:
    return Watchdog(ledger, hang_seconds=100, cancel_seconds=10, frozen_seconds=30, clock=clock)


def pass_time(clock: Clock, ledger: Ledger, seconds: float, *, beating: bool = True) -> None:
    clock.now += seconds
    if beating:
        Roster(ledger).say("w")


def test_a_worker_with_nothing_to_do_is_not_stuck(ledger: Ledger, clock: Clock, watchdog: Watchdog) -> None:
    for _ in range(50):
        assert not watchdog.is_stuck()
        pass_time(clock, ledger, 20)


def test_a_job_without_a_step_is_stuck_and_one_with_slow_steps_is_not(
    ledger: Ledger, clock: Clock, watchdog: Watchdog
) -> None:
    ledger.add(NewJob("a", "local", "plain", "m", {}, 1), cap=9)
    job = ledger.claim("w", "m")
    for _ in range(20):
        assert not watchdog.is_stuck()
        pass_time(clock, ledger, 25)
        ledger.advance(job, "denoise", 0.1, {}, 1)
    for _ in range(5):
        assert not watchdog.is_stuck()
        pass_time(clock, ledger, 24)
    assert watchdog.is_stuck()


def test_a_cancelled_job_is_waited_for_less_long(ledger: Ledger, clock: Clock, watchdog: Watchdog) -> None:
    ledger.add(NewJob("a", "local", "plain", "m", {}, 1), cap=9)
    ledger.claim("w", "m")
    ledger.cancel("a")
    assert not watchdog.is_stuck()
    pass_time(clock, ledger, 11)
    assert watchdog.is_stuck()


def test_a_worker_without_a_heartbeat_is_frozen_until_it_is_replaced(
    ledger: Ledger, clock: Clock, watchdog: Watchdog
) -> None:
    assert not watchdog.is_stuck()
    pass_time(clock, ledger, 31, beating=False)
    assert watchdog.is_stuck()
    watchdog.reset()
    assert not watchdog.is_stuck()
