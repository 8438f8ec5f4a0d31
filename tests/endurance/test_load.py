"""Many people, many jobs, many downloads: hours of it scaled to minutes on a small pipeline of 20 ms steps."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import httpx
import psutil
import pytest

from pipelines.errors import QueueFull
from pipelines.types import Request
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL, Person
from tests.corpus.serving import API, running
from tests.endurance.results import ROOT, Results
from tests.studio.jobs.fakes import FAKES, LOADER, PlainRequest, model_folder
from tests.studio.jobs.invariants import broken, workers_of
from tests.studio.test_tour import requests

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(3 * 3600)]
SOAK = int(os.environ.get("SEPTET_ENDURANCE_SOAK", "300"))
SEQUENCES = int(os.environ.get("SEPTET_ENDURANCE_SEQUENCES", "500"))


def once(name: str) -> Callable[..., object]:
    """Leave out what an earlier run has done."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        def run(results: Results, tmp_path: Path) -> None:
            if name in results:
                pytest.skip("done in an earlier run")
            results.add(name, words=test(tmp_path))

        run.__doc__, run.__name__ = test.__doc__, test.__name__
        return run

    return decorate


def open_desk(root: Path, **options: object) -> JobDesk:
    return JobDesk(DataFolder(root / "data"), model_folder(root), **{"pipelines": FAKES, "loader": LOADER, **options})


def all_over(desk: JobDesk, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while desk.busy():
        assert time.monotonic() < deadline, f"{desk.busy()} jobs are not over"
        time.sleep(0.1)


@once("L1 50 pages that look on, 2 minutes")
def test_many_who_only_look_cost_little(tmp_path: Path) -> str:
    """Fifty threads ask what fifty open pages ask every 2.5 s; nothing is dropped, and little is spent."""
    seconds, errors, waits = 120.0, [], []
    with open_desk(tmp_path) as desk:
        desk.start()
        desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="first")).id, 60)
        end = time.monotonic() + seconds

        def look() -> None:
            while time.monotonic() < end:
                began = time.monotonic()
                try:
                    desk.jobs(LOCAL, 9), desk.worker_status(), desk.active(LOCAL)
                except Exception as error:  # noqa: BLE001  whatever it is, it is what was looked for
                    errors.append(error)
                waits.append(time.monotonic() - began)
                time.sleep(2.5)

        spent = psutil.Process().cpu_times()
        _together(look, 50)
        now = psutil.Process().cpu_times()
        share = (now.user + now.system - spent.user - spent.system) / seconds
    assert not errors
    assert share < 0.3, share
    return f"{len(waits)} looks, 0 errors, {100 * share:.1f} % of one core, slowest {1000 * max(waits):.0f} ms"


@once("L2 200 submits against a queue of 64")
def test_two_hundred_submits_fill_the_queue_exactly(tmp_path: Path) -> str:
    accepted, refused, waits = [], [], []
    with open_desk(tmp_path, capacity=64) as desk:

        def ask() -> None:
            for number in range(10):
                began = time.monotonic()
                try:
                    accepted.append(desk.submit(LOCAL, PlainRequest(prompt=f"slow {number + 1}")).id)
                except QueueFull:
                    refused.append(time.monotonic() - began)
                waits.append(time.monotonic() - began)

        _together(ask, 20)
        desk.start()
        all_over(desk, 300)
        assert {job.state for job in desk.jobs(LOCAL, 300)} == {"done"}
    assert (len(set(accepted)), len(refused)) == (64, 136)
    assert not (faults := broken(desk.folder, accepted)), faults
    return f"64 accepted and done, 136 refused, slowest refusal {1000 * max(refused):.0f} ms"


@once("L3 20 uploads of 100 MB at once, while the page is used")
def test_uploads_pass_through_without_filling_memory(tmp_path: Path) -> str:
    """A whole studio in a process of its own; its page and its list of jobs are asked for all the while."""
    megabytes, sent, waits = 100, [], []
    big = tmp_path / "big.mp4"
    with big.open("wb") as file:
        file.truncate(megabytes << 20)
    over = threading.Event()
    with running(tmp_path) as studio:
        before, peak = studio.process.memory_info().rss, 0

        def upload() -> None:
            with big.open("rb") as file, httpx.Client(base_url=studio.web.base_url, timeout=600) as web:
                sent.append(web.post(f"{API}/upload", files={"files": ("big.mp4", file)}).status_code)

        def use() -> None:
            nonlocal peak
            with httpx.Client(base_url=studio.web.base_url, timeout=60) as web:
                while not over.wait(0.1):
                    for path in ("/", "/library"):
                        began = time.monotonic()
                        assert web.get(path).status_code == 200, path
                        waits.append(time.monotonic() - began)
                    peak = max(peak, studio.process.memory_info().rss)

        user = threading.Thread(target=use)
        user.start()
        began = time.monotonic()
        _together(upload, 20)
        seconds = time.monotonic() - began
        over.set()
        user.join()
        kept = [file.stat().st_size for file in studio.data.rglob("big.mp4")]
    assert sent == [200] * 20
    assert set(kept) == {megabytes << 20}  # named by what is in it, so it is kept once
    more = (peak - before) / 1e6
    assert more < 300, more
    return (
        f"{megabytes * 20 / seconds:.0f} MB a second, the web side grows by {more:.0f} MB at most; a page takes "
        f"{1000 * median(waits):.0f} ms meanwhile, 95 % under {1000 * quantiles(waits, n=20)[-1]:.0f} ms"
    )


@once("L4 10 people, 8 jobs each")
def test_people_are_served_alike(tmp_path: Path) -> str:
    people = [Person(f"p{number}") for number in range(10)]
    with open_desk(tmp_path, capacity=200) as desk:
        for person in people:  # one after the other: the first has queued all before the last comes
            for _ in range(8):
                desk.submit(person, PlainRequest(prompt="slow 3"))
        desk.start()
        while sum(job.is_over for job in desk.jobs(LOCAL, 200, everybodys=True)) < 40:
            time.sleep(0.05)
        served = [sum(job.is_over for job in desk.jobs(person, 50)) for person in people]
        all_over(desk, 300)
    assert max(served) / min(served) <= 1.5, served
    return f"half-way, between {min(served)} and {max(served)} of each person's jobs were done"


@once(f"L5 soak of {SOAK} small jobs")
def test_a_long_life_leaks_nothing(tmp_path: Path) -> str:
    """Jobs of every kind, one in ten cancelled or failing: all terminal, no memory, descriptor or file too many."""

    def asked(number: int) -> Request:
        return PlainRequest(prompt={3: "fail", 7: "bug"}.get(number % 50, f"slow {1 + number % 4}"))

    with open_desk(tmp_path, capacity=64) as desk:
        return _soaked(desk, asked)


@once(f"L5 soak of {SOAK} small jobs of all seven modes, on the embedded model")
def test_a_long_life_of_the_model_leaks_nothing(tmp_path: Path) -> str:
    tour = requests(tmp_path)
    with JobDesk(DataFolder(tmp_path / "data"), "starter", "cpu", capacity=64) as desk:
        return _soaked(desk, lambda number: tour[number % len(tour)].model_copy(update={"seed": number}))


def _soaked(desk: JobDesk, asked: Callable[[int], Request]) -> str:
    """What `asked` gives, one job after the other, one in 25 cancelled; the worker's size and descriptors watched."""
    sizes, handles = [], []
    desk.start()
    accepted = [desk.wait(LOCAL, desk.submit(LOCAL, asked(0)).id, 120).id]
    began = time.monotonic()
    for number in range(1, SOAK):
        while desk.busy() > 20:
            time.sleep(0.02)
        accepted.append(desk.submit(LOCAL, asked(number)).id)
        if number % 25 == 9:
            desk.cancel(LOCAL, accepted[-1])
        if number >= SOAK // 5 and number % 10 == 0:
            (worker,) = workers_of(desk.folder)
            sizes.append(worker.memory_info().rss)
            handles.append(worker.num_fds() + psutil.Process().num_fds())
    all_over(desk, 600)
    seconds = time.monotonic() - began
    states = [job.state for job in desk.jobs(LOCAL, SOAK + 1)]
    assert desk.worker_status().loads == 1
    desk.close()
    third = len(sizes) // 3
    drift = median(sizes[-third:]) / median(sizes[:third]) - 1
    assert abs(drift) < 0.05, sizes
    assert max(handles[-third:]) - min(handles[:third]) <= 5, handles
    assert not (faults := broken(desk.folder, accepted)), faults
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("done", "failed", "cancelled"))
    return (
        f"{counts}; the worker's memory drifts by {100 * drift:+.1f} %, open files by "
        f"{max(handles[-third:]) - min(handles[:third]):+d}; no stray process, no temporary file; {seconds:.0f} s"
    )


@once("L6 50 downloads while a clip is made")
def test_downloads_do_not_slow_the_work(tmp_path: Path) -> str:
    with open_desk(tmp_path) as desk:
        desk.start()
        done = desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="clip", num_frames=65)).id, 60)
        clip = desk.clip(LOCAL, done.id)
        assert clip is not None

        def pace() -> float:
            job = desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="slow 50")).id, 120)
            return job.timings["denoise"] / 50

        alone = median(pace() for _ in range(5))
        over = threading.Event()

        def download() -> None:
            while not over.wait(0.2):
                with clip.open("rb") as file:
                    file.seek(1000)
                    file.read(1 << 16)

        threads = [threading.Thread(target=download) for _ in range(50)]
        for thread in threads:
            thread.start()
        crowded = median(pace() for _ in range(5))
        over.set()
        for thread in threads:
            thread.join()
    assert crowded < 1.25 * alone, (alone, crowded)
    return f"a step of {1000 * alone:.1f} ms takes {1000 * crowded:.1f} ms meanwhile"


@once(f"State machine, {SEQUENCES} sequences of 50 steps")
def test_the_state_machine_finds_nothing(tmp_path: Path) -> str:
    began = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/studio/jobs/test_ledger_machine.py",
    ]
    environment = {**os.environ, "SEPTET_SEQUENCES": str(SEQUENCES)}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
    return f"nothing found in {time.monotonic() - began:.0f} s"


def _together(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
