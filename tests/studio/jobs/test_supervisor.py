"""The supervisor with watchdogs that do not wait long: hung and frozen workers are replaced."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from studio.jobs.desk import JobDesk
from studio.jobs.roster import Roster
from studio.jobs.supervisor import FAILED_LOADS, Supervisor
from studio.jobs.watchdog import Watchdog
from studio.person import LOCAL
from tests.studio.jobs.fakes import LOADER, PlainRequest

LONG = 60.0

pytestmark = pytest.mark.slow  # waits for patience to end


@pytest.fixture
def supervised(open_desk: Callable[..., JobDesk]) -> Iterator[Callable[..., JobDesk]]:
    """Opens a desk with a supervisor whose watchdog has the patience asked for, in seconds."""
    supervisors = []

    def begin(**patience: float) -> JobDesk:
        desk = open_desk()
        watchdog = Watchdog(desk._ledger, **{"frozen_seconds": LONG, **patience})
        supervisor = Supervisor(desk.folder, str(desk.model.folder), loader=LOADER, watchdog=watchdog)
        supervisors.append(supervisor)
        supervisor.start()
        return desk

    yield begin
    for supervisor in supervisors:
        supervisor.stop()


@pytest.fixture
def watched(supervised: Callable[..., JobDesk]) -> JobDesk:
    """A desk whose watchdog stays patient, however busy the machine is."""
    return supervised()


def test_a_hung_job_costs_its_worker_and_the_next_one_runs(supervised: Callable[..., JobDesk]) -> None:
    impatient = supervised(hang_seconds=4.0, cancel_seconds=1.0)
    hung = impatient.submit(LOCAL, PlainRequest(prompt="hang 60"))
    after = impatient.submit(LOCAL, PlainRequest(prompt="after"))
    while impatient.job(LOCAL, hung.id).attempt < 2:
        time.sleep(0.02)
    impatient.cancel(LOCAL, hung.id)
    assert impatient.wait(LOCAL, hung.id, LONG).state == "cancelled"
    assert impatient.wait(LOCAL, after.id, LONG).state == "done"


def test_a_lost_device_costs_the_process_and_the_job_is_tried_again(watched: JobDesk) -> None:
    job = watched.submit(LOCAL, PlainRequest(prompt="device-lost"))
    ended = watched.wait(LOCAL, job.id, LONG)
    assert (ended.state, ended.attempt, ended.crashes) == ("done", 2, 1)


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM there")
def test_a_terminated_worker_puts_its_job_back_without_blame(watched: JobDesk) -> None:
    job = watched.submit(LOCAL, PlainRequest(prompt="slow 60"))
    while watched.job(LOCAL, job.id).progress == 0:
        time.sleep(0.02)
    os.kill(watched.worker_status().pid, signal.SIGTERM)
    ended = watched.wait(LOCAL, job.id, LONG)
    assert (ended.state, ended.attempt, ended.crashes) == ("done", 1, 0)


def test_a_worker_lost_over_a_job_is_no_failed_load(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    supervisor, roster = Supervisor(desk.folder, "a-model"), Roster(desk._ledger)
    supervisor._started = time.monotonic()  # a worker that lived long is no crash at all
    for _ in range(FAILED_LOADS):
        roster.enter("w", "a-model")
        roster.say("w", state="ready")
        supervisor._bury(1)
    for _ in range(FAILED_LOADS):
        assert supervisor._broken is None
        roster.enter("w", "a-model")
        supervisor._bury(1)
    assert supervisor._broken == "a-model"
