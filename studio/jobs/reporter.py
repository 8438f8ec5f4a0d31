"""Carries progress from the denoising loop to the ledger, off the loop's own time."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from pipelines.errors import Cancelled, DiskFull
from pipelines.types import Progress
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger, LostJob
from studio.jobs.pictures import PREVIEW_SIDE, save_jpeg

SECONDS_BETWEEN_WRITES = 0.25


class Stopping(Cancelled):
    """The worker was told to stop; the job goes back to the queue."""


class Reporter:
    """The `on_progress` of one attempt at one job. Use as a context manager.

    Called in the loop it reads the cancel flag and notes the progress; a thread writes the latest one, and its
    preview, at most four times a second. `reader` and `writer` are two connections: the loop never waits for a write.
    """

    def __init__(self, job: Job, preview: Path, reader: Ledger, writer: Ledger, stop: threading.Event) -> None:
        self._job = job
        self._preview = preview
        self._reader = reader
        self._writer = writer
        self._stop = stop
        self._latest: Progress | None = None
        self._ticks = 0
        self._written = 0
        self._last = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="reporter", daemon=True)
        self.timings: dict[str, float] = {}

    def __enter__(self) -> Reporter:
        self._last = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, progress: Progress) -> None:
        """Raises Cancelled, Stopping, or LostJob if the job was given to another worker."""
        if self._reader.is_cancelled(self._job):
            raise Cancelled("Cancelled.")
        if self._stop.is_set():
            raise Stopping("The studio is stopping.")
        now = time.monotonic()
        self.timings[progress.stage] = self.timings.get(progress.stage, 0.0) + now - self._last
        self._last = now
        self._latest = progress
        self._ticks += 1

    def _loop(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_WRITES):
            progress, ticks = self._latest, self._ticks
            if progress is None or ticks == self._written:
                continue
            # progress is a courtesy: a full disk or a busy ledger must not end hours of work
            with suppress(OSError, DiskFull, sqlite3.OperationalError, LostJob):
                timings = {stage: round(seconds, 3) for stage, seconds in dict(self.timings).items()}
                self._writer.advance(self._job, progress.stage, progress.fraction, timings, ticks - self._written)
                self._written = ticks
                if progress.preview is not None:
                    save_jpeg(progress.preview, self._preview, PREVIEW_SIDE)
