"""The job ledger: who asked for what, its state, its attempts. One SQLite file, the only truth about jobs.

States: queued -> running -> done | failed | cancelled; a lost worker makes running -> interrupted, and then
queued again or failed (recovery.py). A trigger in schema.py holds the moves; done, failed and cancelled are
final. Every write by a worker names the worker and the attempt: one that was given up cannot touch the job.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from studio.jobs import line
from studio.jobs.job import Job, unknown_job
from studio.jobs.store import Store

ANY_MODEL = ""  # what a job asks for that no model has a part in
_NEEDS_NONE, _NEEDS_ONE = "model = ''", "model <> ''"

_HELD = "WHERE id = ? AND worker = ? AND attempt = ? AND state = 'running'"  # still this worker's, this attempt


@dataclass(frozen=True)
class NewJob:
    """What the ledger must know to take a job in. `inputs` names files of the input store."""

    id: str
    owner: str
    mode: str
    model: str
    recipe: dict[str, Any]
    seed: int
    inputs: tuple[str, ...] = ()
    work: dict[str, float] = field(default_factory=dict)
    idempotency_key: str | None = None


class LostJob(Exception):
    """The job is no longer this worker's: it was given to another, or deleted."""


class Ledger(Store):
    """What is kept of jobs. `clock` gives seconds since the epoch."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(path)
        self._clock = clock

    # -- what is asked from outside

    def add(
        self,
        new: NewJob,
        *,
        cap: int,
        personal_cap: int | None = None,
        inputs_there: Callable[[], bool] = lambda: True,
    ) -> Job | None:
        """Take a job in, at the end of its owner's queue; a key of theirs seen before gives the job it made then.

        None if `inputs_there` says that a file it needs was just cleared away: store them and try again.
        Raises QueueFull when `cap` jobs are waiting, or `personal_cap` of the owner's.
        """
        with self.writing() as connection:
            known = self.by_key(new.owner, new.idempotency_key)
            if known is not None:
                return known
            self.check_room(cap, new.owner, personal_cap)
            if not inputs_there():
                return None
            connection.execute(
                "INSERT INTO jobs (id, owner, idempotency_key, mode, model, recipe, seed, work, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new.id,
                    new.owner,
                    _key(new.owner, new.idempotency_key),
                    new.mode,
                    new.model,
                    json.dumps(new.recipe),
                    new.seed,
                    json.dumps(new.work),
                    self._clock(),
                ),
            )
            connection.executemany(
                "INSERT INTO job_inputs (job, file) VALUES (?, ?)",
                [(new.id, name) for name in set(new.inputs)],
            )
            return self.job(new.id)

    def check_room(self, cap: int, owner: str, personal_cap: int | None = None) -> None:
        """Raises QueueFull when `cap` jobs are waiting, or `personal_cap` of this owner's."""
        counts = "SELECT count(*), coalesce(sum(owner = ?), 0) FROM jobs WHERE state = 'queued'"
        waiting, own = self.rows(counts, owner)[0]
        line.check_room(waiting, own, cap, personal_cap)

    def waiting(self) -> int:
        """How many jobs wait."""
        return int(self.rows("SELECT count(*) FROM jobs WHERE state = 'queued'")[0][0])

    def job(self, job_id: str) -> Job:
        """Raises UnknownJob."""
        rows = self.rows("SELECT * FROM jobs WHERE id = ?", job_id)
        if not rows:
            raise unknown_job(job_id)
        return job_of(rows[0])

    def by_key(self, owner: str, idempotency_key: str | None) -> Job | None:
        """The job that this person submitted under this key."""
        key = _key(owner, idempotency_key)
        rows = self.rows("SELECT * FROM jobs WHERE idempotency_key = ?", key) if key else []
        return job_of(rows[0]) if rows else None

    def jobs(self, limit: int, before: str | None = None, owner: str | None = None) -> list[Job]:
        """The newest jobs first, or the next ones older than job `before`; one owner's or, if None, everybody's."""
        rows = self.rows(
            "SELECT * FROM jobs WHERE seq < coalesce((SELECT seq FROM jobs WHERE id = ?1), 9e18)"
            " AND (?2 IS NULL OR owner = ?2) ORDER BY seq DESC LIMIT ?3",
            before,
            owner,
            limit,
        )
        return [job_of(row) for row in rows]

    def active(self) -> list[Job]:
        """Every job that is not over, in the order they run."""
        begun = self.rows("SELECT * FROM jobs WHERE state IN ('running', 'interrupted') ORDER BY seq")
        return [job_of(row) for row in (*begun, *self.rows(line.line()))]

    def next_model(self) -> str | None:
        """The model the next job that needs one asks for, None if no such job waits."""
        rows = self.rows(f"SELECT model FROM jobs WHERE seq = ({line.first(_NEEDS_ONE)})")
        return rows[0]["model"] if rows else None

    def lately_done(self, model: str, limit: int = 40) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Timings and work of the jobs this model finished last: what estimates are learned from."""
        query = "SELECT timings, work FROM jobs WHERE state = 'done' AND model = ? ORDER BY seq DESC LIMIT ?"
        return [(json.loads(row["timings"]), json.loads(row["work"])) for row in self.rows(query, model, limit)]

    def cancel(self, job_id: str) -> Job:
        """Cancel: at once if it waits, within two steps if it runs; a job that is over stays as it is."""

        def change(connection: sqlite3.Connection) -> Job:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished = ?, cancel_requested = 1"
                " WHERE id = ? AND state IN ('queued', 'interrupted')",
                (self._clock(), job_id),
            )
            connection.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND state = 'running'", (job_id,))
            return self.job(job_id)

        return self.write(change)

    def forget(self, job_id: str, remove_inputs: Callable[[Sequence[str]], None]) -> None:
        """Drop a job that is over; `remove_inputs` is told which files no other job needs.

        Raises UnknownJob, or InputError if the job is not over.
        """
        with self.writing() as connection:
            if not self.job(job_id).is_over:
                raise InputError("This job is not over yet. Cancel it before deleting it.")
            orphans = connection.execute(
                "SELECT file FROM job_inputs WHERE job = ?1"
                " AND file NOT IN (SELECT file FROM job_inputs WHERE job <> ?1)",
                (job_id,),
            ).fetchall()
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
            remove_inputs([row["file"] for row in orphans])

    def clear_orphans(self, files: Sequence[str], remove_inputs: Callable[[Sequence[str]], None]) -> None:
        """Tell `remove_inputs` which of these files no job needs."""
        with self.writing() as connection:
            needed = {row["file"] for row in connection.execute("SELECT file FROM job_inputs")}
            remove_inputs([file for file in files if file not in needed])

    # -- what a worker does

    def claim(self, worker: str, model: str) -> Job | None:
        """The next job in the queue, now this worker's; None if none waits, or it asks for another model.

        A worker without a model, `ANY_MODEL`, gets the next of those jobs that need none.
        """
        waiting = _NEEDS_NONE if model == ANY_MODEL else ""
        if not self.rows(f"SELECT 1 FROM jobs WHERE state = 'queued' {waiting and f'AND {waiting}'} LIMIT 1"):
            return None  # an idle worker must not take the write lock twenty times a second
        with self.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', worker = ?, attempt = attempt + 1, started = ?,"
                " stage = '', progress = 0, timings = '{}', ticks = ticks + 1 WHERE model IN (?, ?)"
                f" AND seq = ({line.first(waiting)}) RETURNING *",
                (worker, self._clock(), model, ANY_MODEL),
            ).fetchone()
            if row:
                line.serve(connection, row["owner"])
        return job_of(row) if row else None

    def is_cancelled(self, job: Job) -> bool:
        """Whether the job this worker runs should stop. Raises LostJob if it is no longer this worker's."""
        rows = self.rows(f"SELECT cancel_requested FROM jobs {_HELD}", job.id, job.worker, job.attempt)
        if not rows:
            raise LostJob(job.id)
        return bool(rows[0][0])

    def advance(self, job: Job, stage: str, progress: float, timings: dict[str, float], ticks: int) -> None:
        """Note how far the job is; progress never goes back within an attempt."""
        changes = "stage = ?, progress = max(progress, ?), timings = ?, ticks = ticks + ?"
        values = (stage, min(max(progress, 0.0), 1.0), json.dumps(timings), ticks)
        with self.writing() as connection:  # not worth the ballast
            self._change(connection, job, changes, *values)

    def done(self, job: Job, recipe: dict[str, Any], timings: dict[str, float]) -> None:
        """The clip is published."""
        self._move(
            job,
            "state = 'done', stage = '', progress = 1, recipe = ?, timings = ?, finished = ?",
            json.dumps(recipe),
            json.dumps(timings),
            self._clock(),
        )

    def failed(self, job: Job, code: str, message: str) -> None:
        self._move(job, "state = 'failed', error_code = ?, error = ?, finished = ?", code, message, self._clock())

    def cancelled(self, job: Job) -> None:
        self._move(job, "state = 'cancelled', finished = ?", self._clock())

    def release(self, job: Job) -> None:
        """Back to its place in the queue, as if it had not been tried."""

        def change(connection: sqlite3.Connection) -> None:
            self._change(
                connection, job, "state = 'queued', worker = NULL, attempt = attempt - 1, stage = '', progress = 0"
            )
            line.give_back(connection, job.owner)

        self.write(change)

    def _move(self, job: Job, changes: str, *values: object) -> None:
        self.write(lambda connection: self._change(connection, job, changes, *values))

    @staticmethod
    def _change(connection: sqlite3.Connection, job: Job, changes: str, *values: object) -> None:
        moved = connection.execute(f"UPDATE jobs SET {changes} {_HELD}", (*values, job.id, job.worker, job.attempt))
        if moved.rowcount != 1:
            raise LostJob(job.id)


def _key(owner: str, idempotency_key: str | None) -> str | None:
    """What a key is called in the table, where each is there once: names hold no line break."""
    return f"{owner}\n{idempotency_key}" if idempotency_key else None


def job_of(row: sqlite3.Row) -> Job:
    own = [name for name in row.keys() if name not in ("seq", "idempotency_key", "round")]  # noqa: SIM118
    values = {name: row[name] for name in own}
    values |= {
        "recipe": json.loads(row["recipe"]),
        "timings": json.loads(row["timings"]),
        "work": json.loads(row["work"]),
        "cancel_requested": bool(row["cancel_requested"]),
    }
    return Job(**values)
