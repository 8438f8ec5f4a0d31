"""Where experiments take place: one data folder, a studio on it that can be killed, and a list of what it accepted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from types import TracebackType

from studio.jobs.desk import JobDesk
from studio.jobs.job import Job
from studio.paths import DataFolder
from studio.person import LOCAL, Person
from tests.studio.jobs.fakes import PlainRequest, model_folder
from tests.studio.jobs.invariants import broken, workers_of
from tests.studio.jobs.traps import LOADER, TRAPPED

ROOT = Path(__file__).resolve().parents[3]
LONG = 90.0  # seconds; nothing takes that long unless it is broken
ANN = Person("ann")


class Bench:
    """A data folder under `root`. Use as a context manager; leaves no process."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.model = model_folder(root)
        self.folder = DataFolder(root / "data").create()
        self.accepted: list[str] = []
        self.desk: JobDesk = self._desk()
        self._web: subprocess.Popen[str] | None = None

    def _desk(self) -> JobDesk:
        return JobDesk(self.folder, self.model, pipelines=TRAPPED, loader=LOADER)

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._web is not None:
            self.kill_web()
        self.desk.close()

    # -- the studio

    def start(self) -> None:
        """Serve the folder from this process, unless that is done already."""
        if not self.folder.is_held():
            self.desk.start()

    def stop(self) -> None:
        """End the studio in order."""
        self.desk.close()
        self.desk = self._desk()

    def start_web(self) -> None:
        """Serve the folder from a process of its own; this one only asks."""
        command = [sys.executable, "-m", "tests.studio.jobs.serving", str(self.folder.root), self.model]
        self._web = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._web.stdout is not None
        assert self._web.stdout.readline() == "serving\n"

    def kill_web(self) -> None:
        assert self._web is not None
        self._web.kill()
        self._web.wait()
        assert self._web.stdout is not None
        self._web.stdout.close()
        self._web = None

    def kill_worker(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to whatever worker there is at this moment."""
        for process in workers_of(self.folder):
            with suppress(ProcessLookupError):
                os.kill(process.pid, how)

    # -- jobs

    def submit(self, count: int = 1, person: Person = LOCAL) -> list[str]:
        new = [
            self.desk.submit(person, PlainRequest(prompt=f"job {len(self.accepted) + each}")) for each in range(count)
        ]
        self.accepted += [job.id for job in new]
        return [job.id for job in new]

    def job(self, name: str) -> Job:
        return self.desk.job(LOCAL, name)

    def end(self, name: str, seconds: float = LONG) -> Job:
        """The job at its end."""
        job = self.desk.wait(LOCAL, name, seconds)
        assert job.is_over, f"{name} is {job.state} in {job.stage} after {seconds} s"
        return job

    def ends(self, names: list[str]) -> list[str]:
        return [self.end(name).state for name in names]

    # -- accidents

    def set_trap(self, place: str, accident: str) -> None:
        (self.folder.root / "snapped").unlink(missing_ok=True)
        (self.folder.root / "trap").write_text(f"{place} {accident}")

    def snapped(self) -> bool:
        return (self.folder.root / "snapped").exists()

    def until(self, what: Callable[[], object], seconds: float = LONG) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)

    def some_instant(self, chance: Random, longest: float = 0.8) -> None:
        """Wait until a job runs, and then for a while that nobody knows beforehand."""
        self.until(lambda: any(job.state == "running" for job in self.desk.active(LOCAL)))
        time.sleep(chance.uniform(0, longest))

    # -- the verdict

    def check(self) -> None:
        """Every rule holds, now that all jobs are over; the worker may live on."""
        faults = broken(self.folder, self.accepted, serving=True)
        assert not faults, "\n".join(faults)

    def check_after_the_end(self) -> None:
        """The same without any process left."""
        self.stop()
        faults = broken(self.folder, self.accepted)
        assert not faults, "\n".join(faults)
