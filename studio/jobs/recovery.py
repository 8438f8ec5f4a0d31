"""What becomes of jobs whose worker is gone, or whose model cannot be loaded."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from studio.jobs import line
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger, job_of

Recipe = dict[str, Any]

MAX_CRASHES = 2  # a job that took its worker down twice is not given a third one
MAX_ATTEMPTS = 5  # nor may it come back for ever by taking the whole machine down


class Recovery:
    """Takes jobs out of the hands of workers; for the supervisor, who alone knows that one is gone."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._clock = clock

    def interrupt(self, *, crashed: bool) -> list[Job]:
        """Take every running job from a worker that is gone; `crashed`: it fell while running it."""
        taken = (
            "UPDATE jobs SET state = 'interrupted', worker = NULL, crashes = crashes + ?"
            " WHERE state = 'running' RETURNING *"
        )
        rows = self._ledger.write(lambda connection: connection.execute(taken, (int(crashed),)).fetchall())
        return [job_of(row) for row in rows]

    def settle(self, published: Callable[[str], Recipe | None]) -> list[Job]:
        """Decide what becomes of interrupted jobs, and return them as they are then.

        Done if the clip was already published, cancelled if that was asked, failed after too many crashes,
        else back to their place in the queue. `published` gives the recipe of a clip that is out, or None.
        """

        def change(connection: sqlite3.Connection) -> list[Job]:
            rows = connection.execute("SELECT * FROM jobs WHERE state = 'interrupted'").fetchall()
            for job in map(job_of, rows):
                changes, values = self._verdict(job, published(job.id))
                connection.execute(f"UPDATE jobs SET {changes} WHERE id = ?", (*values, job.id))
                line.give_back(connection, job.owner)
            return [self._ledger.job(row["id"]) for row in rows]

        return self._ledger.write(change)

    def refuse(self, model: str, code: str, message: str) -> None:
        """Fail every waiting job of a model that cannot be loaded."""
        with self._ledger.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'failed', error_code = ?, error = ?, finished = ?"
                " WHERE state = 'queued' AND model = ?",
                (code, message, self._clock(), model),
            )

    def _verdict(self, job: Job, published: Recipe | None) -> tuple[str, tuple[object, ...]]:
        if published is not None:
            changes = "state = 'done', stage = '', progress = 1, recipe = ?, finished = ?"
            return changes, (json.dumps(published or job.recipe), self._clock())
        if job.cancel_requested:
            return "state = 'cancelled', finished = ?", (self._clock(),)
        if job.crashes >= MAX_CRASHES or job.attempt >= MAX_ATTEMPTS:
            sentence = (
                f"The worker stopped unexpectedly on each of {job.attempt} tries at this clip, so it was given "
                "up. A smaller size, fewer frames or a smaller model needs less memory."
            )
            return "state = 'failed', error_code = 'crashed', error = ?, finished = ?", (
                sentence,
                self._clock(),
            )
        return "state = 'queued', stage = '', progress = 0", ()
