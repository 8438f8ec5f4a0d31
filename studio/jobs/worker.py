"""The worker: a process that owns one model for its whole life and runs jobs around it, one at a time.

Jobs that need no model do not wait for it: they are run while it loads, and even where it cannot be loaded.

Started by the supervisor as `python -m studio.jobs.worker`; commands come through standard input, everything else
through the ledger. It ends when its parent does.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import DiskFull, OutOfMemory, SeptetError
from studio.jobs.ledger import ANY_MODEL, Ledger
from studio.jobs.process import STOP, die_with_parent, give_back_memory, listen, resident_bytes
from studio.jobs.roster import Roster
from studio.jobs.runner import DeviceLost, JobRunner
from studio.paths import DataFolder
from studio.versions import libraries, version

CANNOT_LOAD = 3  # exit status: the model cannot be loaded, and the ledger says why
NO_MEMORY = 4  # exit status: likewise, for want of memory
DEVICE_LOST = 70  # exit status: start a new process, this one's accelerator is unusable
IDLE_SECONDS = 0.05  # between two looks at an empty queue
BEAT_SECONDS = 5.0

DEFAULT_LOADER = "studio.jobs.worker:load"


@dataclass(frozen=True)
class Loaded:
    """A model in memory, and the pipelines around it by mode."""

    title: str
    device: str
    pipelines: Mapping[str, Any]


def load(model: str, models_dir: Path, device: str) -> Loaded:
    """Load the model once and put all seven pipelines around it. Raises ModelMissing."""
    from pipelines.checkpoints import model_info
    from pipelines.registry import SERVICES, load_model

    resident = load_model(model_info(model, models_dir), device)
    pipelines = {mode: service(resident) for mode, service in SERVICES.items()}
    return Loaded(resident.info.title, resident.placement.device, pipelines)


class Worker:
    """One life: load, then claim and run until told to stop."""

    def __init__(self, folder: DataFolder, identity: str, model: str, device: str, loader: str) -> None:
        self._folder = folder
        self._identity = identity
        self._model = model
        self._device = device
        self._loader = loader
        self._ledger = Ledger(folder.ledger)
        self._roster = Roster(Ledger(folder.ledger))
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._runner: JobRunner | None = None
        self._jobs_done = 0

    def run(self) -> int:
        """Returns the exit status."""
        listen(sys.stdin.fileno(), self._on_byte)
        signal.signal(signal.SIGTERM, lambda _number, _frame: self.stop())
        self._say(state="loading", pid=os.getpid())
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        try:
            loaded = self._load_while_finishing()
        except SeptetError as error:
            self._say(state="failed", error=str(error))
            return NO_MEMORY if isinstance(error, OutOfMemory) else CANNOT_LOAD
        self._runner = self._job_runner(loaded.pipelines, loaded.device)
        self._say(state="ready", title=loaded.title, device=loaded.device, loads=1)
        try:
            self._serve()
        except DeviceLost:
            return DEVICE_LOST
        self._say(state="stopped")
        return 0

    def stop(self) -> None:
        """Finish as soon as the running job can be put back."""
        self._stop.set()
        self._wake.set()

    def _load_while_finishing(self) -> Loaded:
        """Load the model, and run what needs none in the meantime. Raises what loading raises, at the end."""
        from pipelines.finish import FinishVideo

        runner = self._job_runner({FinishVideo.mode: FinishVideo()}, "cpu")
        with ThreadPoolExecutor(1, "loading") as pool:
            loading = pool.submit(self._load)
            loading.add_done_callback(lambda _loaded: self._wake.set())
            while not self._stop.is_set():
                failed = loading.done() and loading.exception() is not None
                if loading.done() and not failed:
                    break
                if not self._run_next(runner, ANY_MODEL):
                    if failed:
                        break
                    self._wake.wait(IDLE_SECONDS)
        return loading.result()

    def _job_runner(self, pipelines: Mapping[str, Any], device: str) -> JobRunner:
        made = {"version": version(), "device": device, "libraries": libraries()}
        return JobRunner(self._folder, self._ledger, pipelines, made, self._stop)

    def _load(self) -> Loaded:
        module, _, name = self._loader.partition(":")
        loaded: Loaded = getattr(importlib.import_module(module), name)(self._model, self._folder.models, self._device)
        return loaded

    def _serve(self) -> None:
        assert self._runner is not None
        while not self._stop.is_set():
            if not self._run_next(self._runner, self._model):
                self._wake.wait(IDLE_SECONDS)

    def _run_next(self, runner: JobRunner, model: str) -> bool:
        """Run the next job that `model` can make; False if there is none."""
        self._wake.clear()
        try:
            job = self._ledger.claim(self._identity, model)
        except DiskFull:
            return False  # nothing can be made now; the job keeps its place
        if job is None:
            return False
        self._jobs_done += runner.run(job)
        give_back_memory()
        self._say()
        return True

    def _on_byte(self, byte: bytes) -> None:
        if byte == STOP:
            self.stop()
        else:
            self._wake.set()

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            self._say()

    def _say(self, **facts: str | int | None) -> None:
        with suppress(DiskFull, sqlite3.OperationalError):  # what it says of itself is no reason to stop working
            self._roster.say(self._identity, rss=resident_bytes(), jobs_done=self._jobs_done, **facts)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m studio.jobs.worker", description="Septet's worker process.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--identity", required=True)
    parser.add_argument("--loader", default=DEFAULT_LOADER, help="module:function that loads the model")
    options = parser.parse_args(arguments)
    die_with_parent()
    worker = Worker(DataFolder(options.data), options.identity, options.model, options.device, options.loader)
    return worker.run()


if __name__ == "__main__":
    sys.exit(main())
