"""The job desk: the one door through which the page, the API and the command line ask for clips.

Whoever asks is named in every question about jobs: what belongs to others is not there for them (UnknownJob).

It runs without torch. Started, it serves its data folder with a worker of its own; not started, it hands jobs to
the studio that does.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from pipelines.checkpoints import CATALOGUE, STARTER, ModelInfo, installed, model_info
from pipelines.errors import InputError, SeptetError, StudioError
from pipelines.registry import SERVICES, Order
from pipelines.types import Request
from studio.jobs.inputs import InputStore
from studio.jobs.intake import Intake
from studio.jobs.job import Job, WorkerStatus, unknown_job
from studio.jobs.ledger import Ledger
from studio.jobs.roster import Roster
from studio.jobs.shares import Shares
from studio.jobs.supervisor import Supervisor
from studio.jobs.viewer import Viewer
from studio.jobs.worker import DEFAULT_LOADER
from studio.paths import DataFolder
from studio.person import Person

CAPACITY = 64  # jobs waiting
LONGEST_KEY = 200  # characters of an idempotency key


class JobDesk:
    """Submit, watch, cancel, delete. Safe to use from many threads.

    folder      where everything is kept
    model       catalogue name or folder; None: what the running studio uses, else the largest on disk
    device      "auto", "cpu", "cuda", "cuda:1", "mps"
    capacity    how many jobs may wait; `personal`: how many of one person's, None for as many
    pipelines   the modes; `loader` loads the model in the worker (both replaced in tests only)
    """

    def __init__(
        self,
        folder: DataFolder,
        model: str | None = None,
        device: str = "auto",
        *,
        capacity: int = CAPACITY,
        personal: int | None = None,
        pipelines: Mapping[str, Any] = SERVICES,
        loader: str = DEFAULT_LOADER,
    ) -> None:
        self.folder = folder.create()
        self._ledger = Ledger(folder.ledger)
        self._roster = Roster(self._ledger)
        self._viewer = Viewer(self._ledger, folder)
        self._inputs = InputStore(folder.inputs)
        self.shares = Shares(self._ledger, self._find)
        self._intake = Intake(folder, self._ledger, pipelines, (capacity, personal))
        self._device = device
        self._loader = loader
        self._chosen = None if model is None else _located(model)
        self._held = ExitStack()
        self._supervisor: Supervisor | None = None

    # -- serving

    def start(self, worker_after: float = 0.0) -> JobDesk:
        """Serve the folder: take the lock, check the ledger, start the worker, at the first job at the latest.

        Raises StudioError if another studio serves it or the ledger is damaged. A model that is missing is no
        reason not to start: `worker_status` says so, and another can be chosen or fetched.
        """
        self._held.enter_context(self.folder.held())
        return self._serve(worker_after)

    def join(self) -> JobDesk:
        """Serve the folder, unless a studio does so already: then that one gets the jobs."""
        if self._supervisor is not None:
            return self
        try:
            self._held.enter_context(self.folder.held())
        except StudioError:
            return self
        return self._serve()

    def _serve(self, worker_after: float = 0.0) -> JobDesk:
        try:
            self._ledger.check()
            self._sweep()
            self._chosen = self._spec()  # a larger model that arrives later waits until it is chosen
            self._supervisor = Supervisor(self.folder, self._chosen, self._device, loader=self._loader)
            self._supervisor.start(worker_after)
        except SeptetError:
            self._held.close()
            raise
        return self

    def close(self) -> None:
        """Stop the worker and let go of the folder. Jobs that are not over go on when it is served again."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        self._held.close()
        self._ledger.close()

    def __enter__(self) -> JobDesk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- the model

    @property
    def model(self) -> ModelInfo:
        """The model new jobs are made with. Raises ModelMissing."""
        return model_info(self._spec(), self.folder.models)

    def models(self) -> list[ModelInfo]:
        """Every model on disk."""
        return installed(self.folder.models)

    def use_model(self, name: str) -> ModelInfo:
        """Make new jobs with another model; those waiting keep theirs. Raises ModelMissing."""
        info = model_info(name, self.folder.models)
        self._chosen = _located(name)
        if self._supervisor is not None:
            self._supervisor.use_model(self._chosen)
        return info

    def worker_status(self) -> WorkerStatus | None:
        """What the worker said last, or None if there never was one."""
        return self._roster.status()

    # -- jobs

    def submit(self, person: Person, request: Order, *, idempotency_key: str | None = None) -> Job:
        """Check a request and put it in the queue. The same key gives the same job again.

        Raises InputError, MediaError, ModelMissing, QueueFull or DiskFull, and then leaves no trace.
        """
        if idempotency_key is not None and not 0 < len(idempotency_key) <= LONGEST_KEY:
            raise InputError(f"An idempotency key has 1 to {LONGEST_KEY} characters, not {len(idempotency_key)}.")
        known = self._ledger.by_key(person.name, idempotency_key)
        if known is not None:
            return self._view(known)
        info = self.model if isinstance(request, Request) else None  # finishing has no use for one
        job = self._intake.take(person, request, info, idempotency_key)
        self.wake()
        return self._view(job)

    def job(self, person: Person, job_id: str) -> Job:
        """The job as it is now. Raises UnknownJob."""
        return self._view(self._find(person, job_id))

    def jobs(
        self, person: Person, limit: int = 50, before: str | None = None, *, everybodys: bool = False
    ) -> list[Job]:
        """This person's newest jobs first; `before`: the id of the last one of the page before.

        An admin may ask for everybody's.
        """
        owner = None if everybodys and person.is_admin else person.name
        return self._viewer.views(self._ledger.jobs(limit, before, owner))

    def active(self, person: Person) -> list[Job]:
        """Every job that is not over and that this person may see, in the order they run."""
        return self._viewer.views([job for job in self._ledger.active() if person.may_see(job.owner)])

    def busy(self) -> int:
        """How many jobs are not over, whoever they belong to."""
        return len(self._ledger.active())

    def cancel(self, person: Person, job_id: str) -> Job:
        """Cancel: at once if it waits, within two steps if it runs. A job that is over stays as it is."""
        return self._view(self._ledger.cancel(self._find(person, job_id).id))

    def retry(self, person: Person, job_id: str) -> Job:
        """The same request once more, as a new job. Raises InputError while the first is not over."""
        old = self._find(person, job_id)
        if not old.is_over:
            raise InputError("This job is not over yet, so there is nothing to retry.")
        job = self._intake.again(person, old)
        self.wake()
        return self._view(job)

    def delete(self, person: Person, job_id: str) -> None:
        """Delete a job that is over, its clip, and the inputs no other job needs. Raises InputError, UnknownJob."""
        if not self._find(person, job_id).is_over:
            raise InputError("This job is not over yet. Cancel it before deleting it.")
        doomed = self.folder.jobs / f".deleted-{job_id}"
        with suppress(FileNotFoundError):
            self.folder.job(job_id).rename(doomed)
        self._ledger.forget(job_id, self._inputs.remove)
        shutil.rmtree(doomed, ignore_errors=True)

    def prune(self, person: Person, *, clips_older_than: float | None = None) -> int:
        """Delete what failed or was cancelled of all this person may see; clips, too, once older than so many seconds.

        Returns how many.
        """
        gone = 0
        before = time.time() - clips_older_than if clips_older_than is not None else 0.0
        for row in self._ledger.rows("SELECT id, owner, state, finished FROM jobs WHERE finished IS NOT NULL"):
            if person.may_see(row["owner"]) and (row["state"] != "done" or row["finished"] < before):
                self.delete(person, row["id"])
                gone += 1
        return gone

    def wait(self, person: Person, job_id: str, timeout: float | None = None) -> Job:
        """The job once it is over, or as it is after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            job = self._find(person, job_id)
            if job.is_over or (deadline is not None and time.monotonic() >= deadline):
                return self._view(job)
            time.sleep(0.02)

    def wake(self) -> None:
        """Tell the worker that there is something to do; one that is not ours looks by itself."""
        if self._supervisor is not None:
            self._supervisor.wake()

    # -- files

    def clip(self, person: Person, job_id: str) -> Path | None:
        """The finished clip's file, or None."""
        return self._file(person, job_id, "clip.mp4")

    def poster(self, person: Person, job_id: str) -> Path | None:
        """A picture of the clip's first frame, or None."""
        return self._file(person, job_id, "poster.jpg")

    def preview(self, person: Person, job_id: str) -> Path | None:
        """A small picture of what is forming, or None."""
        return self._file(person, job_id, "preview.jpg")

    def input(self, person: Person, sha256: str) -> Path | None:
        """The file with this content that a job was given which this person may see, or None."""
        if self._inputs.find(sha256) is None:
            return None
        given = "SELECT file, owner FROM job_inputs JOIN jobs ON jobs.id = job_inputs.job WHERE file GLOB ? || '.*'"
        theirs = (row["file"] for row in self._ledger.rows(given, sha256) if person.may_see(row["owner"]))
        return next(filter(None, map(self._inputs.path, theirs)), None)

    def _file(self, person: Person, job_id: str, name: str) -> Path | None:
        path = self.folder.job(self._find(person, job_id).id) / name
        return path if path.is_file() else None

    # -- inside

    def _find(self, person: Person, job_id: str) -> Job:
        """The job, if this person may see it. Raises UnknownJob in the same words whether it is there or not."""
        job = self._ledger.job(job_id)
        if not person.may_see(job.owner):
            raise unknown_job(job_id)
        return job

    def _spec(self) -> str:
        """What to load: as chosen, else what the running studio has loaded, else the largest on disk."""
        if self._chosen is not None:
            return self._chosen
        status = self._roster.status() if self._supervisor is None else None
        if status is not None and status.alive:
            return status.model
        found = self.models()
        return found[-1].name if found else STARTER

    def _view(self, job: Job) -> Job:
        return self._viewer.views([job])[0]

    def _sweep(self) -> None:
        """Clear away what an end without warning left behind: half-deleted jobs, inputs nobody needs."""
        for left in self.folder.jobs.glob(".deleted-*"):
            shutil.rmtree(left, ignore_errors=True)
        for left in self.folder.inputs.glob(".*.partial"):
            left.unlink(missing_ok=True)
        self._ledger.clear_orphans(self._inputs.files(), self._inputs.remove)


def _located(model: str) -> str:
    """A catalogue name as it is, a folder by its full path: the worker starts in another one."""
    return model if model in CATALOGUE else str(Path(model).expanduser().resolve())
