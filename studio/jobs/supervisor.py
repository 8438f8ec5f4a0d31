"""Keeps one worker alive beside the studio: starts it, restarts it, changes its model, ends it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from functools import partial
from pathlib import Path

from pipelines.errors import DiskFull, ModelMissing, OutOfMemory
from studio.jobs.backups import Upkeep
from studio.jobs.ledger import Ledger
from studio.jobs.process import STOP, WAKE
from studio.jobs.recovery import Recovery
from studio.jobs.roster import Roster
from studio.jobs.watchdog import Watchdog
from studio.jobs.worker import CANNOT_LOAD, DEFAULT_LOADER, NO_MEMORY
from studio.jobs.workspace import discard_work, keep_latents, published_recipe
from studio.paths import DataFolder

LOOK_SECONDS = 0.1
STOP_SECONDS = 10.0  # for the running job to reach its next step
LONGEST_BACKOFF = 60.0
LONGEST_LOG = 1 << 20  # bytes; then it begins anew
NO_ROOM = 1 << 20  # bytes; on a disk this full a worker cannot say that it is alive
FAILED_LOADS = 3  # deaths in a row before a model is ready; after that its jobs are told
_NOT_LOADED = {CANNOT_LOAD: ModelMissing.code, NO_MEMORY: OutOfMemory.code}  # exit status -> what its jobs fail with


class Supervisor:
    """Lives in the studio's process, in a thread of its own. `loader` replaces what loads the model, for tests."""

    def __init__(
        self,
        folder: DataFolder,
        model: str,
        device: str = "auto",
        *,
        loader: str = DEFAULT_LOADER,
        watchdog: Watchdog | None = None,
    ) -> None:
        self._folder = folder
        self._ledger = Ledger(folder.ledger)
        self._roster = Roster(self._ledger)
        self._recovery = Recovery(self._ledger)
        self._watchdog = watchdog or Watchdog(self._ledger)
        self._upkeep = Upkeep(folder)
        self._wanted = model
        self._model = model  # what the present worker was started with
        self._device = device
        self._loader = loader
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = 0.0
        self._crashes = 0
        self._failed_loads = 0
        self._broken: str | None = None  # a model that does not load; tried again when somebody asks for it
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)

    def start(self, after: float = 0.0) -> None:
        """Put back what the last studio left running, then start the worker, `after` seconds from now or when asked."""
        self._not_before = time.monotonic() + after
        self._recovery.interrupt(crashed=False)
        self._settle()
        self._roster.enter(uuid.uuid4().hex, self._model)  # so that nobody wonders which model is meant
        self._thread.start()

    def stop(self) -> None:
        """End the worker; the job it runs keeps its place in the queue. Returns when no process is left."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._ledger.close()

    def wake(self) -> None:
        """Tell the worker that there is something to do."""
        if not self._crashes:
            self._not_before = 0.0
        self._send(WAKE)

    def use_model(self, model: str) -> None:
        """Load another model as soon as the worker has nothing to do, or reaches the first job that asks for it."""
        self._wanted = model
        self._broken = None

    @property
    def pid(self) -> int | None:
        """The worker's process, or None between two."""
        return self._process.pid if self._process else None

    def _loop(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            # a ledger busy or on a full disk for the moment is no reason to leave the worker alone
            with suppress(DiskFull, sqlite3.OperationalError, OSError):
                self._look()
                self._upkeep.look()
        with suppress(DiskFull, sqlite3.OperationalError, OSError):  # then the next start puts things right
            self._end_worker()

    def _look(self) -> None:
        if self._process is None:
            self._start_if_wanted()
            return
        status = self._process.poll()
        if status is not None:
            self._bury(status)
            self._process = None
        elif self._watchdog.is_stuck() and self._folder.free_bytes() > NO_ROOM:
            self._process.kill()
        elif self._next_model() != self._model and not self._running():
            self._end_worker()
            self._not_before = 0.0

    def _start_if_wanted(self) -> None:
        model = self._next_model()
        if time.monotonic() < self._not_before or (model == self._broken and not self._ledger.waiting()):
            return
        self._model = model
        self._watchdog.reset()
        self._started = time.monotonic()
        identity = uuid.uuid4().hex
        self._roster.enter(identity, model)
        self._process = _spawn(self._folder, identity, model, self._device, self._loader)

    def _bury(self, status: int) -> None:
        """The worker ended on its own: take its job back, and decide when to start the next."""
        self._close_pipe()
        said = self._roster.status()
        was_ready = said is not None and said.state in ("ready", "stopped")
        lived_long = time.monotonic() - self._started > LONGEST_BACKOFF
        useful = said is not None and was_ready and (said.jobs_done > 0 or lived_long)
        self._recovery.interrupt(crashed=status != 0)
        self._settle()
        if status in _NOT_LOADED and said is not None:
            self._give_up_model(_NOT_LOADED[status], said.error or "")
            return
        self._crashes = 0 if status == 0 or useful else self._crashes + 1
        self._failed_loads = 0 if status == 0 or was_ready else self._failed_loads + 1
        if self._crashes > 1:  # the first restart does not wait
            self._not_before = time.monotonic() + min(LONGEST_BACKOFF, 2 ** (self._crashes - 2))
        if self._failed_loads >= FAILED_LOADS:
            self._give_up_model(
                ModelMissing.code,
                f"The model {self._model} cannot be loaded: the worker ended {FAILED_LOADS} times while loading it. "
                f"Its last words are in {self._folder.worker_log}.",
            )

    def _give_up_model(self, code: str, reason: str) -> None:
        self._broken = self._model
        self._crashes = self._failed_loads = 0
        self._recovery.refuse(self._model, code, reason)

    def _end_worker(self) -> None:
        """Stop the worker politely, then not."""
        if self._process is None:
            return
        self._send(STOP)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_pipe()
        self._process = None
        self._recovery.interrupt(crashed=False)
        self._settle()

    def _settle(self) -> None:
        settled = self._recovery.settle(partial(published_recipe, self._folder))
        for job in settled:
            if job.state == "done":
                discard_work(self._folder, job.id)
            elif job.is_over:
                keep_latents(self._folder, job.id)

    def _next_model(self) -> str:
        return self._ledger.next_model() or self._wanted

    def _running(self) -> bool:
        return bool(self._ledger.rows("SELECT 1 FROM jobs WHERE state = 'running'"))

    def _send(self, byte: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError, ValueError):  # it may have ended this very moment
                process.stdin.write(byte)
                process.stdin.flush()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


def _spawn(folder: DataFolder, identity: str, model: str, device: str, loader: str) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own, so that Ctrl-C reaches the studio alone, which then ends it in order."""
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        "-m",
        "studio.jobs.worker",
        "--data",
        str(folder.root),
        "--model",
        model,
    ]
    command += ["--device", device, "--identity", identity, "--loader", loader]
    log_is_long = folder.worker_log.exists() and folder.worker_log.stat().st_size > LONGEST_LOG
    with folder.worker_log.open("wb" if log_is_long else "ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).resolve().parents[2],
            # every thread has its own heap otherwise, and each keeps the most it ever held (glibc)
            env={"MALLOC_ARENA_MAX": "2", **os.environ},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same, on Windows
        )
