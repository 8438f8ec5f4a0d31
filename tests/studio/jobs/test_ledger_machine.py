"""Everything that can be asked of the ledger, in any order, against a model of it in plain dictionaries.

People submit, cancel, delete and share; workers claim, report, publish, finish, freeze and fall; the studio restarts;
clocks are set. After every step the ledger says what the model says, and the rules of invariants.py hold.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pipelines.errors import InputError, QueueFull, UnknownJob
from studio.jobs.job import Job
from studio.jobs.ledger import ANY_MODEL, Ledger, LostJob, NewJob
from studio.jobs.recovery import MAX_ATTEMPTS, MAX_CRASHES, Recovery
from studio.jobs.roster import ALIVE_SECONDS, Roster
from studio.jobs.shares import DAY, Shares
from studio.jobs.watchdog import Watchdog
from studio.person import LOCAL, Person
from tests.studio.jobs.invariants import broken_rows

OWNERS, MODELS, FILES = ("ann", "bob", "local"), ("m", "n", ANY_MODEL), ("1.png", "2.png", "3.png")
CAP, PERSONAL = 6, 4
FROZEN, HANG, CANCEL = 30.0, 100.0, 50.0
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None  # what is tried here is order, not the disk


@dataclass
class Row:
    """What the ledger should know of a job."""

    owner: str
    model: str
    key: str | None
    files: frozenset[str]
    state: str = "queued"
    worker: str | None = None
    attempt: int = 0
    crashes: int = 0
    progress: float = 0.0
    asked_to_stop: bool = False
    published: bool = False
    until: float | None = None
    token: str = field(default="", repr=False)

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


class LedgerMachine(RuleBasedStateMachine):
    """What may happen; each does a thing to the ledger and to the model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=SCRATCH))
        self.path = self.folder / "ledger.sqlite3"
        self.rows: dict[str, Row] = {}
        self.turns: dict[str, int] = {}
        self.claims: list[Job] = []
        self.stored = set(FILES)
        self.count = 0
        self.wall, self.steady = 1e9, 0.0
        self.beaten = self.stepped = True  # since the watchdog looked last
        self.looked = 0.0
        self._open()
        self._hire()

    def _open(self) -> None:
        self.ledger = Ledger(self.path, clock=lambda: self.wall)
        self.recovery = Recovery(self.ledger, clock=lambda: self.wall)
        self.roster = Roster(self.ledger, clock=lambda: self.wall)
        self.shares = Shares(self.ledger, lambda _person, name: self.ledger.job(name), clock=lambda: self.wall)
        limits = {"hang_seconds": HANG, "cancel_seconds": CANCEL, "frozen_seconds": FROZEN}
        self.watchdog = Watchdog(self.ledger, **limits, clock=lambda: self.steady)

    def _hire(self) -> None:
        """A new worker in the roster, of whom the watchdog knows nothing yet."""
        self.count += 1
        self.employed = f"w{self.count}"
        self.roster.enter(self.employed, "m")
        self.watchdog.reset()
        assert not self.watchdog.is_stuck()
        self.beaten = self.stepped = False
        self.looked = self.steady

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """One rule and not one each: hypothesis leaves rules out of a run, and then hardly anything ever happens."""
        if not self.rows:
            self.submit(data)
            return
        often = [self.submit, self.claim, self.claim, self.settle, self.advance] * 3
        workers = [self.publish, self.look_whether_cancelled, self.beat, self.lose_the_worker]
        people = [self.cancel, self.delete, self.prune, self.share, self.refuse_a_model]
        studio = [self.wait, self.watch, self.kill_everything, self.set_the_clock]
        data.draw(st.sampled_from([*often, *workers, *people, *studio]))(data)

    # -- people

    def submit(self, data: st.DataObject) -> None:
        self.count += 1
        name = f"{self.count}"
        owner, model = data.draw(st.sampled_from(OWNERS)), data.draw(st.sampled_from(MODELS))
        key = data.draw(st.sampled_from((None, None, "k", "l")))
        files = data.draw(st.frozensets(st.sampled_from(FILES)))
        new = NewJob(name, owner, "plain", model, {"septet": 1}, 3, tuple(files), {}, key)
        waiting = [row.owner for row in self.rows.values() if row.state == "queued"]
        known = [name for name, row in self.rows.items() if key and (row.owner, row.key) == (owner, key)]
        full = len(waiting) >= CAP or waiting.count(owner) >= PERSONAL
        if not known and full:
            with pytest.raises(QueueFull):
                self.ledger.add(new, cap=CAP, personal_cap=PERSONAL)
            return
        self.stored |= set() if known else files
        job = self.ledger.add(new, cap=CAP, personal_cap=PERSONAL)
        assert job is not None and job.id == (known[0] if known else name)
        self.rows.setdefault(job.id, Row(owner, model, key, files))

    def cancel(self, data: st.DataObject) -> None:
        name = self._one(data)
        row = self.rows[name]
        if row.state == "queued":
            row.state, row.asked_to_stop = "cancelled", True
        elif row.state == "running":
            row.asked_to_stop = True
        assert self.ledger.cancel(name).state == row.state

    def delete(self, data: st.DataObject) -> None:
        name = self._one(data)
        if self.rows[name].over:
            self._delete(name)
        else:
            with pytest.raises(InputError, match="Cancel it"):
                self.ledger.forget(name, lambda files: pytest.fail(f"{files} were removed"))

    def prune(self, _data: st.DataObject) -> None:
        for name in [name for name, row in self.rows.items() if row.state in ("failed", "cancelled")]:
            self._delete(name)

    def share(self, data: st.DataObject) -> None:
        name, days = self._one(data), data.draw(st.sampled_from((None, 1, 7)))
        row = self.rows[name]
        if row.state != "done":
            with pytest.raises(InputError, match="no clip to share"):
                self.shares.begin(LOCAL, name, days)
            return
        row.token = self.shares.begin(Person(row.owner), name, days)
        row.until = None if days is None else self.wall + days * DAY

    # -- workers

    def claim(self, data: st.DataObject) -> None:
        worker, head = data.draw(st.sampled_from("xyz")), [self.rows[name].model for name in self._line()[:1]]
        model = data.draw(st.sampled_from([*head * 3, *MODELS]))  # mostly the one that is asked for
        line = self._line(only_free=model == ANY_MODEL)
        fits = line and self.rows[line[0]].model in (model, ANY_MODEL)
        job = self.ledger.claim(worker, model)
        assert (job and job.id) == (line[0] if fits else None)
        if job is not None:
            row = self.rows[job.id]
            row.state, row.worker, row.progress = "running", worker, 0.0
            row.attempt += 1
            self.turns[row.owner] = 1 + max(self.turns.values(), default=0)
            self.stepped = True
            self.claims.append(job)

    def advance(self, data: st.DataObject) -> None:
        job, fraction = self._claim(data), data.draw(st.floats(0, 1))
        if self._write(job, "advance", "denoise", fraction, {}, 1):
            self.rows[job.id].progress = max(self.rows[job.id].progress, fraction)
            self.stepped = True

    def look_whether_cancelled(self, data: st.DataObject) -> None:
        job = self._claim(data)
        if job is not None and self._holds(job):
            assert self.ledger.is_cancelled(job) == self.rows[job.id].asked_to_stop
        elif job is not None:
            with pytest.raises(LostJob):
                self.ledger.is_cancelled(job)

    def publish(self, data: st.DataObject) -> None:
        """The clip is at its public name, and the ledger does not know yet."""
        job = self._claim(data)
        if job is not None and self._holds(job):
            self.rows[job.id].published = True

    def settle(self, data: st.DataObject) -> None:
        """A worker comes to an end with a job; the claim is kept, so that it may try once more."""
        job, how = self._claim(data), data.draw(st.sampled_from(["done", "failed", "cancelled", "release"]))
        if job is not None and job.id in self.rows and self.rows[job.id].published:
            how = "done"  # the runner never fails a job whose clip is out
        more: tuple[Any, ...] = {"done": ({"septet": 1}, {}), "failed": ("c", "m")}.get(how, ())
        if not self._write(job, how, *more):
            return
        row = self.rows[job.id]
        row.state = "queued" if how == "release" else how
        row.published = how == "done"
        if how == "release":
            self._back(row)
            row.attempt -= 1
            row.progress = 0.0

    def beat(self, _data: st.DataObject) -> None:
        self.roster.say(self.employed, rss=1)
        self.beaten = True

    # -- the studio

    def wait(self, data: st.DataObject) -> None:
        seconds = data.draw(st.sampled_from((1.0, FROZEN / 2, FROZEN + 1, HANG + 1, DAY + 1)))
        self.wall += seconds
        self.steady += seconds

    def set_the_clock(self, data: st.DataObject) -> None:
        self.wall += data.draw(st.sampled_from((-1, 1))) * 3600

    def watch(self, _data: st.DataObject) -> None:
        """The lease: who neither beats nor steps in time loses the job, and nobody else does."""
        passed = self.steady - self.looked
        running = any(row.state == "running" for row in self.rows.values())
        stuck = self.watchdog.is_stuck()
        if not self.beaten and passed > FROZEN:
            assert stuck
        if self.beaten and (self.stepped or not running):
            assert not stuck
        if stuck:
            self._lose_workers(crashed=True)
            self._hire()
        elif self.beaten or self.stepped:
            self.beaten = self.stepped = False
            self.looked = self.steady

    def lose_the_worker(self, data: st.DataObject) -> None:
        self._lose_workers(crashed=data.draw(st.booleans()))
        self._hire()

    def refuse_a_model(self, data: st.DataObject) -> None:
        model = data.draw(st.sampled_from(("m", "n")))
        self.recovery.refuse(model, "model_missing", "Fetch it.")
        for row in self.rows.values():
            if (row.state, row.model) == ("queued", model):
                row.state = "failed"

    def kill_everything(self, _data: st.DataObject) -> None:
        """A new studio on what killed processes left: its first connection is never closed."""
        left = self.ledger
        self._open()
        self.ledger.check()
        self._lose_workers(crashed=False)
        self._hire()
        left.close()

    # -- the model

    def _one(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.rows, key=int)))

    def _claim(self, data: st.DataObject) -> Job | None:
        """One of the claims ever made, the newest the likeliest; many are no longer worth anything."""
        return data.draw(st.sampled_from([*self.claims, *self.claims[-2:] * 2])) if self.claims else None

    def _line(self, *, only_free: bool = False) -> list[str]:
        """Who comes next, counted by hand: rounds of one job of each owner, whoever was served longest ago first."""
        rounds: dict[str, int] = dict.fromkeys(OWNERS, 0)
        places = []
        for name in sorted(self.rows, key=int):
            row = self.rows[name]
            if row.state == "queued" and (not only_free or row.model == ANY_MODEL):
                places.append((rounds[row.owner], self.turns.get(row.owner, 0), int(name)))
                rounds[row.owner] += 1
        return [str(place[2]) for place in sorted(places)]

    def _holds(self, job: Job) -> bool:
        row = self.rows.get(job.id)
        mine = ("running", job.worker, job.attempt)
        return row is not None and (row.state, row.worker, row.attempt) == mine

    def _write(self, job: Job | None, what: str, *values: Any) -> bool:
        """A write succeeds exactly when the job is still this worker's, at this attempt."""
        if job is None:
            return False
        if self._holds(job):
            getattr(self.ledger, what)(job, *values)
            return True
        with pytest.raises(LostJob):
            getattr(self.ledger, what)(job, *values)
        return False

    def _back(self, row: Row) -> None:
        row.worker = None
        if row.owner in self.turns:
            self.turns[row.owner] = 0

    def _delete(self, name: str) -> None:
        row = self.rows.pop(name)
        removed: list[str] = []
        self.ledger.forget(name, removed.extend)
        others = frozenset().union(*(other.files for other in self.rows.values()))
        assert set(removed) == row.files - others
        self.stored -= set(removed)

    def _lose_workers(self, *, crashed: bool) -> None:
        self.recovery.interrupt(crashed=crashed)
        self.recovery.settle(lambda name: {"septet": 1} if self.rows[name].published else None)
        for row in self.rows.values():
            if row.state != "running":
                continue
            row.crashes += crashed
            self._back(row)
            if row.published:
                row.state = "done"
            elif row.asked_to_stop:
                row.state = "cancelled"
            elif row.crashes >= MAX_CRASHES or row.attempt >= MAX_ATTEMPTS:
                row.state = "failed"
            else:
                row.state, row.progress = "queued", 0.0

    # -- what holds after every step

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        assert broken_rows(self.ledger, self.rows) == []
        for job in self.ledger.jobs(1000):
            row = self.rows[job.id]
            told = (job.owner, job.model, job.state, job.attempt, job.crashes, job.cancel_requested)
            assert told == (row.owner, row.model, row.state, row.attempt, row.crashes, row.asked_to_stop)
            if job.state == "running":
                assert (job.worker, job.progress) == (row.worker, row.progress)
            assert job.state != "done" or row.published

    @invariant()
    def the_queue_is_in_the_order_the_model_counts(self) -> None:
        waiting = [job.id for job in self.ledger.active() if job.state == "queued"]
        assert waiting == self._line()
        assert len(waiting) == self.ledger.waiting()
        first = next((self.rows[name].model for name in self._line_of_models()), None)
        assert self.ledger.next_model() == first

    def _line_of_models(self) -> list[str]:
        """The line of those that need a model: their rounds are counted among themselves."""
        free = {name: row for name, row in self.rows.items() if row.model == ANY_MODEL}
        for name in free:
            del self.rows[name]
        try:
            return self._line()
        finally:
            self.rows |= free

    @invariant()
    def inputs_that_are_needed_stay_and_links_work_as_long_as_they_should(self) -> None:
        for name, row in self.rows.items():
            assert row.files <= self.stored
            if row.token and (row.until is None or row.until > self.wall):
                assert self.shares.job(row.token).id == name
            elif row.token:
                with pytest.raises(UnknownJob):
                    self.shares.job(row.token)

    @invariant()
    def the_worker_is_called_alive_only_while_it_is_heard(self) -> None:
        status = self.roster.status()
        assert status is not None and status.id == self.employed
        assert status.alive == (self.wall - status.beat < ALIVE_SECONDS)

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.folder)


LedgerMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("SEPTET_SEQUENCES", "40")),
    stateful_step_count=50,
    deadline=None,
    derandomize="SEPTET_SEQUENCES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestLedgerMachine = LedgerMachine.TestCase
