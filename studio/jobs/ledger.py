"""The job ledger: who asked for what, its state, its attempts. One SQLite file, the only truth about jobs.

States: queued -> running -> done | failed | cancelled; a lost worker makes running -> interrupted, and then
queued again or failed (recovery.py). A trigger in schema.py holds the moves; done, failed and cancelled are
final. Every write by a worker names the worker and the attempt: one that was given up cannot touch the job.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import DiskFull, InputError, QueueFull, UnknownJob
from studio.jobs.job import Job
from studio.jobs.schema import check_ledger, open_ledger

ANY_MODEL = ""  # what a job asks for that no model has a part in

_HELD = "WHERE id = ? AND worker = ? AND attempt = ? AND state = 'running'"  # still this worker's, this attempt


@dataclass(frozen=True)
class NewJob:
    """What the ledger must know to take a job in. `inputs` names files of the input store."""

    id: str
    mode: str
    model: str
    recipe: dict[str, Any]
    seed: int
    inputs: tuple[str, ...] = ()
    work: dict[str, float] = field(default_factory=dict)
    idempotency_key: str | None = None


class LostJob(Exception):
    """The job is no longer this worker's: it was given to another, or deleted."""


class Ledger:
    """One connection to the ledger; safe to share between threads. `clock` gives seconds since the epoch."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.RLock()
        self._connection = open_ledger(path)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def check(self) -> None:
        """Raise StudioError if the file is damaged."""
        with self._lock:
            check_ledger(self._connection, self._path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, if the block raises, nothing. Raises DiskFull."""
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
        except sqlite3.OperationalError as error:
            if "disk is full" not in str(error):
                raise
            raise DiskFull(f"The disk that holds {self._path.parent} is full. Make room and try again.") from error

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """The answer to a question that changes nothing."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    # -- what is asked from outside

    def add(self, new: NewJob, *, cap: int, inputs_there: Callable[[], bool] = lambda: True) -> Job | None:
        """Take a job in, at the end of the queue; a key seen before gives the job it made then.

        None if `inputs_there` says that a file it needs was just cleared away: store them and try again.
        Raises QueueFull when `cap` jobs are waiting.
        """
        with self.writing() as connection:
            known = self.by_key(new.idempotency_key)
            if known is not None:
                return known
            self.check_room(cap)
            if not inputs_there():
                return None
            connection.execute(
                "INSERT INTO jobs (id, idempotency_key, mode, model, recipe, seed, work, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    new.id,
                    new.idempotency_key,
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

    def check_room(self, cap: int) -> None:
        """Raises QueueFull when `cap` jobs are waiting."""
        waiting = self.waiting()
        if waiting >= cap:
            raise QueueFull(f"{waiting} jobs are waiting, and the queue holds {cap}. Try again when some are done.")

    def waiting(self) -> int:
        """How many jobs wait."""
        return int(self.rows("SELECT count(*) FROM jobs WHERE state = 'queued'")[0][0])

    def job(self, job_id: str) -> Job:
        """Raises UnknownJob."""
        rows = self.rows("SELECT * FROM jobs WHERE id = ?", job_id)
        if not rows:
            raise UnknownJob(f"There is no job {job_id[:64]!r}. It may have been deleted.")
        return job_of(rows[0])

    def by_key(self, idempotency_key: str | None) -> Job | None:
        """The job that was submitted under this key."""
        rows = self.rows("SELECT * FROM jobs WHERE idempotency_key = ?", idempotency_key) if idempotency_key else []
        return job_of(rows[0]) if rows else None

    def jobs(self, limit: int, before: str | None = None) -> list[Job]:
        """The newest jobs first, or the next ones older than job `before`."""
        rows = self.rows(
            "SELECT * FROM jobs WHERE seq < coalesce((SELECT seq FROM jobs WHERE id = ?), 9e18)"
            " ORDER BY seq DESC LIMIT ?",
            before,
            limit,
        )
        return [job_of(row) for row in rows]

    def active(self) -> list[Job]:
        """Every job that is not over, in the order they run."""
        return [
            job_of(row)
            for row in self.rows("SELECT * FROM jobs WHERE state IN ('queued', 'running', 'interrupted') ORDER BY seq")
        ]

    def lately_done(self, model: str, limit: int = 40) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Timings and work of the jobs this model finished last: what estimates are learned from."""
        query = "SELECT timings, work FROM jobs WHERE state = 'done' AND model = ? ORDER BY seq DESC LIMIT ?"
        return [(json.loads(row["timings"]), json.loads(row["work"])) for row in self.rows(query, model, limit)]

    def cancel(self, job_id: str) -> Job:
        """Cancel: at once if it waits, within two steps if it runs; a job that is over stays as it is."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished = ?, cancel_requested = 1"
                " WHERE id = ? AND state IN ('queued', 'interrupted')",
                (self._clock(), job_id),
            )
            connection.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND state = 'running'", (job_id,))
            return self.job(job_id)

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
        waiting = "SELECT seq FROM jobs WHERE state = 'queued'" + (" AND model = ''" if model == ANY_MODEL else "")
        if not self.rows(f"{waiting} LIMIT 1"):
            return None  # an idle worker must not take the write lock twenty times a second
        with self.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', worker = ?, attempt = attempt + 1, started = ?,"
                " stage = '', progress = 0, timings = '{}', ticks = ticks + 1 WHERE model IN (?, ?)"
                f" AND seq = ({waiting} ORDER BY seq LIMIT 1) RETURNING *",
                (worker, self._clock(), model, ANY_MODEL),
            ).fetchone()
        return job_of(row) if row else None

    def is_cancelled(self, job: Job) -> bool:
        """Whether the job this worker runs should stop. Raises LostJob if it is no longer this worker's."""
        rows = self.rows(
            f"SELECT cancel_requested FROM jobs {_HELD}",
            job.id,
            job.worker,
            job.attempt,
        )
        if not rows:
            raise LostJob(job.id)
        return bool(rows[0][0])

    def advance(self, job: Job, stage: str, progress: float, timings: dict[str, float], ticks: int) -> None:
        """Note how far the job is; progress never goes back within an attempt."""
        self._move(
            job,
            "stage = ?, progress = max(progress, ?), timings = ?, ticks = ticks + ?",
            stage,
            min(max(progress, 0.0), 1.0),
            json.dumps(timings),
            ticks,
        )

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
        self._move(job, "state = 'queued', worker = NULL, attempt = attempt - 1, stage = '', progress = 0")

    def _move(self, job: Job, changes: str, *values: object) -> None:
        with self.writing() as connection:
            moved = connection.execute(
                f"UPDATE jobs SET {changes} {_HELD}",
                (*values, job.id, job.worker, job.attempt),
            )
            if moved.rowcount != 1:
                raise LostJob(job.id)


def job_of(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in row.keys() if name not in ("seq", "idempotency_key")}  # noqa: SIM118
    values |= {
        "recipe": json.loads(row["recipe"]),
        "timings": json.loads(row["timings"]),
        "work": json.loads(row["work"]),
        "cancel_requested": bool(row["cancel_requested"]),
    }
    return Job(**values)
