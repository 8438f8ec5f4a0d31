"""The data folder: where jobs, inputs and models live. Knows paths and the lock, not what is in the files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from pipelines.errors import StudioError

ENVIRONMENT = "SEPTET_DATA"


@dataclass(frozen=True)
class DataFolder:
    """Paths under one root; nothing is created until `create()`.

    jobs/<id>/       clip.mp4, poster.jpg, recipe.json of a finished job; preview.jpg while it runs
    inputs/          every file a job was given, named <sha256>.<extension>
    models/          checkpoints that were fetched
    ledger.sqlite3   who asked for what, and what became of it
    backups/         copies of the ledger, a few, each sound when it was made
    ballast          takes up room, to be let go when the disk is full
    uploads/         what the page was given, and files on their way to a person; forgotten after a day
    session.key      signs the cookies of those who are signed in, where there are accounts
    worker.log       what the worker printed
    lock             held by the one studio that serves this folder
    """

    root: Path

    @classmethod
    def default(cls) -> DataFolder:
        """The folder named by SEPTET_DATA, else this platform's usual place for a program's data."""
        named = os.environ.get(ENVIRONMENT)
        return cls(Path(named).expanduser().resolve() if named else user_data_path("septet", appauthor=False))

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def inputs(self) -> Path:
        return self.root / "inputs"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.sqlite3"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def ballast(self) -> Path:
        return self.root / "ballast"

    @property
    def worker_log(self) -> Path:
        return self.root / "worker.log"

    @property
    def session_key(self) -> Path:
        return self.root / "session.key"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    def job(self, job_id: str) -> Path:
        """The folder of one job."""
        return self.jobs / job_id

    def work(self, job_id: str, attempt: int) -> Path:
        """Where one attempt at a job keeps its unfinished files."""
        return self.job(job_id) / f".work-{attempt}"

    def ledger_copies(self) -> list[Path]:
        """The copies of the ledger, the newest first."""
        return sorted(self.backups.glob("ledger-*.sqlite3"), reverse=True)

    def create(self) -> DataFolder:
        """Make the folders, readable by their owner alone. Raises StudioError where that is not possible."""
        try:
            for folder in (self.root, self.jobs, self.inputs, self.models, self.uploads, self.backups):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(13, "not writable")
        except OSError as error:
            raise StudioError(
                f"The data folder {self.root} cannot be used ({error.strerror}). "
                f"Choose another with --data or {ENVIRONMENT}."
            ) from error
        return self

    def free_bytes(self) -> int:
        """Bytes free on the disk that holds the folder."""
        return shutil.disk_usage(self.root).free

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for as long as the block runs; the system lets go of it if the process is killed.

        Raises StudioError if another studio holds it.
        """
        lock = FileLock(self.lock, mode=0o600, thread_local=False)
        try:
            lock.acquire(timeout=0.3)  # a passing look by `is_held` must not turn a studio away
        except Timeout as error:
            raise StudioError(
                f"Another studio is already running on {self.root}. Use that one, or choose another folder with --data."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def is_held(self) -> bool:
        """Whether a studio is running on this folder right now."""
        if not self.lock.exists():
            return False
        try:
            with self.held():
                return False
        except StudioError:
            return True
