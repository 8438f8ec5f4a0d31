"""Jobs as a person wants to see them: with their place in the queue, the time they will take, the files they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.jobs.estimates import expected_seconds, remaining_seconds
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger
from studio.paths import DataFolder


class Viewer:
    """Adds to what the ledger holds what follows from other jobs and from the disk."""

    def __init__(self, ledger: Ledger, folder: DataFolder) -> None:
        self._ledger = ledger
        self._folder = folder

    def views(self, jobs: Sequence[Job]) -> list[Job]:
        """The same jobs with `place`, `eta_seconds` and the has_… fields filled in."""
        waits = self._waits() if any(not job.is_over for job in jobs) else {}
        views = []
        for job in jobs:
            place, eta = waits.get(job.id, (0, None))
            views.append(self._with_files(replace(job, place=place, eta_seconds=eta)))
        return views

    def _waits(self) -> dict[str, tuple[int, float | None]]:
        """Place and remaining seconds of every job that is not over."""
        found: dict[str, tuple[int, float | None]] = {}
        histories = {}
        place, wait = 0, 0.0
        known = True  # a job behind one of unknown length has an unknown wait
        for job in sorted(self._ledger.active(), key=lambda job: job.state != "running"):
            if job.model not in histories:
                histories[job.model] = self._ledger.lately_done(job.model)
            expected = expected_seconds(histories[job.model], job.work)
            if job.state == "running":
                left = remaining_seconds(job.progress, sum(job.timings.values()), expected)
            else:
                place += 1
                left = expected
            known = known and left is not None
            wait += left or 0.0
            found[job.id] = (0 if job.state == "running" else place, wait if known else None)
        return found

    def _with_files(self, job: Job) -> Job:
        folder = self._folder.job(job.id)
        return replace(
            job,
            has_clip=job.state == "done" and (folder / "clip.mp4").is_file(),
            has_poster=job.state == "done" and (folder / "poster.jpg").is_file(),
            has_preview=not job.is_over and (folder / "preview.jpg").is_file(),
        )
