"""What the worker says of itself, in the ledger: its state, model, device, memory and heartbeat."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from studio.jobs.job import WorkerStatus
from studio.jobs.ledger import Ledger

ALIVE_SECONDS = 15.0  # a worker beats every second or so, rarely later than this even on a busy machine


class Roster:
    """The `workers` table. There is one row: the worker that was started last."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._clock = clock

    def enter(self, worker: str, model: str) -> None:
        """A worker is about to start; whoever was there before is forgotten."""
        now = self._clock()
        with self._ledger.writing() as connection:
            connection.execute("DELETE FROM workers")
            connection.execute(
                "INSERT INTO workers (id, state, model, title, pid, beat, started)"
                " VALUES (?, 'starting', ?, ?, 0, ?, ?)",
                (worker, model, Path(model).name, now, now),
            )

    def say(self, worker: str, **facts: str | int | None) -> None:
        """Change what is known of a worker, and count a heartbeat. `facts` are columns of the table."""
        changes = "".join(f", {name} = :{name}" for name in facts)
        with self._ledger.writing() as connection:
            connection.execute(
                f"UPDATE workers SET beats = beats + 1, beat = :now{changes} WHERE id = :worker",
                {**facts, "now": self._clock(), "worker": worker},
            )

    def status(self) -> WorkerStatus | None:
        """The worker's row, or None if none was ever started."""
        rows = self._ledger.rows("SELECT * FROM workers")
        if not rows:
            return None
        row = dict(rows[0])
        heard = self._clock() - row["beat"] < ALIVE_SECONDS
        return WorkerStatus(**row, alive=heard and row["state"] in ("starting", "loading", "ready"))
