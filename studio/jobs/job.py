"""What is known about a job at one moment. A view of the ledger, with nothing behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pipelines.errors import UnknownJob

State = Literal["queued", "running", "interrupted", "done", "failed", "cancelled"]
WorkerState = Literal["starting", "loading", "ready", "failed", "stopped"]


@dataclass(frozen=True)
class Job:
    """One job, as the ledger saw it last.

    place         1 = next to run; 0 = not waiting
    progress      0..1 of the whole job
    eta_seconds   until the clip is there, the wait in the queue included; None while nothing is known
    attempt       which try this is, from 1; 0 = not tried yet
    created, started, finished    seconds since the epoch
    timings       seconds the attempt spent in each stage so far
    work          how much each stage has to do, in the units of estimates.py
    """

    id: str
    owner: str
    mode: str
    state: State
    stage: str
    progress: float
    attempt: int
    crashes: int
    seed: int
    model: str
    recipe: dict[str, Any]
    created: float
    started: float | None = None
    finished: float | None = None
    error_code: str | None = None
    error: str | None = None
    cancel_requested: bool = False
    worker: str | None = None
    ticks: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    work: dict[str, float] = field(default_factory=dict)
    place: int = 0
    eta_seconds: float | None = None
    has_clip: bool = False
    has_preview: bool = False
    has_poster: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the job has reached a state it will never leave."""
        return self.state in ("done", "failed", "cancelled")

    def record(self) -> dict[str, Any]:
        """The job for a client program: JSON values, times in ISO 8601, addresses relative to the studio."""
        return {
            "id": self.id,
            "mode": self.mode,
            "state": self.state,
            "stage": self.stage,
            "progress": round(self.progress, 4),
            "place": self.place,
            "eta_seconds": None if self.eta_seconds is None else round(self.eta_seconds, 1),
            "attempt": self.attempt,
            "seed": self.seed,
            "cancel_requested": self.cancel_requested,
            "error": None if self.error is None else {"code": self.error_code, "message": self.error},
            "notices": list(self.recipe.get("notices", ())),
            "recipe": self.recipe,
            "created": _iso(self.created),
            "started": _iso(self.started),
            "finished": _iso(self.finished),
            "media": f"/media/{self.id}/clip.mp4" if self.has_clip else None,
            "poster": f"/media/{self.id}/poster.jpg" if self.has_poster else None,
            "preview": f"/media/{self.id}/preview.jpg" if self.has_preview else None,
        }


@dataclass(frozen=True)
class WorkerStatus:
    """What the worker said of itself last. `rss` in bytes; `alive`: it was heard from recently."""

    id: str
    state: WorkerState
    model: str
    title: str
    device: str
    pid: int
    rss: int
    loads: int
    jobs_done: int
    beats: int
    beat: float
    started: float
    error: str | None = None
    alive: bool = False


def unknown_job(job_id: str) -> UnknownJob:
    """What is said of a job that is not there, and of one that is somebody else's: nothing tells them apart."""
    return UnknownJob(f"There is no job {job_id[:64]!r}. It may have been deleted.")


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
