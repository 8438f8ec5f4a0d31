"""The supervisor with watchdogs that do not wait long: hung and frozen workers are replaced."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from studio.jobs.desk import JobDesk
from studio.jobs.roster import Roster
from studio.jobs.supervisor import FAILED_LOADS, Supervisor
from studio.jobs.watchdog import Watchdog
from studio.person import LOCAL
from tests.studio.jobs.fakes import LOADER, PlainRequest

LONG = 20.0

pytestmark = pytest.mark.slow  # waits for patience to end


@pytest.fixture
def watched(open_desk: Callable[..., JobDesk]):
    """A desk whose supervisor loses patience after a second."""
    desk = open_desk()
    watchdog = Watchdog(desk._ledger, hang_seconds=1.0, cancel_seconds=0.5, frozen_seconds=60.0)
    supervisor = Supervisor(desk.folder, str(desk.model.folder), loader=LOADER, watchdog=watchdog)
    supervisor.start()
    yield desk
    supervisor.stop()


def test_a_hung_job_costs_its_worker_and_the_next_one_runs(watched: JobDesk) -> None:
    hung = watched.submit(LOCAL, PlainRequest(prompt="hang 60"))
    after = watched.submit(LOCAL, PlainRequest(prompt="after"))
    while watched.job(LOCAL, hung.id).attempt < 2:
        time.sleep(0.02)
    watched.cancel(LOCAL, hung.id)
    assert watched.wait(LOCAL, hung.id, LONG).state == "cancelled"
    assert watched.wait(LOCAL, after.id, LONG).state == "done"


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
