"""Tells a worker that is stuck from one that is merely slow. Measures with its own clock, which no one can set."""

from __future__ import annotations

import time
from collections.abc import Callable

from studio.jobs.ledger import Ledger

HANG_SECONDS = 900.0  # without a single step; a large model on a slow machine takes minutes for one
CANCEL_SECONDS = 120.0  # the same, once somebody asked to cancel
FROZEN_SECONDS = 120.0  # without a heartbeat


class Watchdog:
    """Watches the running job's steps and the worker's heartbeat."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        hang_seconds: float = HANG_SECONDS,
        cancel_seconds: float = CANCEL_SECONDS,
        frozen_seconds: float = FROZEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._hang_seconds = hang_seconds
        self._cancel_seconds = cancel_seconds
        self._frozen_seconds = frozen_seconds
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """A new worker: forget what was seen of the last."""
        self._seen: dict[str, tuple[object, float]] = {}

    def is_stuck(self) -> bool:
        """Whether the worker should be ended."""
        beats = self._ledger.rows("SELECT id, beats FROM workers")
        if beats and self._still("beats", tuple(beats[0])) > self._frozen_seconds:
            return True
        running = self._ledger.rows("SELECT id, attempt, ticks, cancel_requested FROM jobs WHERE state = 'running'")
        if not running:
            return False
        limit = self._cancel_seconds if running[0]["cancel_requested"] else self._hang_seconds
        return self._still("steps", tuple(running[0])) > limit

    def _still(self, what: str, value: object) -> float:
        """Seconds for which `what` has had this value."""
        now = self._clock()
        last = self._seen.get(what)
        if last is None or last[0] != value:
            self._seen[what] = (value, now)
            return 0.0
        return now - last[1]
