"""What holds of a data folder whatever was done to it: asked after every step of the machine and every experiment.

Each check returns what is broken in words, so that `assert broken(...) == []` says at once what went wrong.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from fractions import Fraction
from pathlib import Path

import psutil

from pipelines.errors import SeptetError
from pipelines.media.read import read_video
from studio.jobs.inputs import InputStore
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger
from studio.jobs.recovery import MAX_ATTEMPTS, MAX_CRASHES
from studio.paths import DataFolder

PATIENCE = 10.0  # seconds a process may take to be gone
EVERY = 1_000_000  # jobs


def broken(folder: DataFolder, accepted: Collection[str], *, over: bool = True, serving: bool = False) -> list[str]:
    """Everything that is wrong with a folder.

    accepted   ids that were handed out and not deleted since
    over       whether each of them must have come to its end; else it may still wait
    serving    whether a studio is at work on it, with one worker; else no process may be left
    """
    ledger = Ledger(folder.ledger)
    try:
        jobs = ledger.jobs(EVERY)
        unfinished = [f"{job.id} is {job.state} after the end" for job in jobs if over and not job.is_over]
        files = [fault for job in jobs for fault in _broken_files(folder, job)]
        return [
            *broken_rows(ledger, accepted),
            *unfinished,
            *files,
            *_left_over(folder, ledger),
            *_strays(folder, 1 if serving else 0),
        ]
    finally:
        ledger.close()


def broken_rows(ledger: Ledger, accepted: Collection[str]) -> list[str]:
    """What is wrong with the ledger itself."""
    jobs = {job.id: job for job in ledger.jobs(EVERY)}
    found = [f"{name} was accepted and is gone" for name in accepted if name not in jobs]
    found += [f"{name} was never accepted" for name in jobs if name not in accepted]
    found += [fault for job in jobs.values() for fault in _broken_row(job)]
    try:
        ledger.check()
    except SeptetError as error:
        found.append(str(error))
    return found


def _broken_row(job: Job) -> Iterator[str]:
    if not 0 <= job.attempt <= MAX_ATTEMPTS or not 0 <= job.crashes <= MAX_CRASHES:
        yield f"{job.id} was tried {job.attempt} times and fell {job.crashes} times"
    if (job.state == "running") != (job.worker is not None) and not job.is_over:
        yield f"{job.id} is {job.state} and belongs to worker {job.worker}"
    if job.is_over != (job.finished is not None):
        yield f"{job.id} is {job.state} and was finished at {job.finished}"
    if (job.state == "failed") != bool(job.error and job.error_code):
        yield f"{job.id} is {job.state} and says {job.error_code}: {job.error}"


def _broken_files(folder: DataFolder, job: Job) -> Iterator[str]:
    clip = folder.job(job.id) / "clip.mp4"
    if job.state != "done":
        if clip.exists():
            yield f"{job.id} is {job.state} and has a clip"
        return
    for name in ("clip.mp4", "poster.jpg", "recipe.json"):
        if not (clip.parent / name).is_file():
            yield f"{job.id} is done and has no {name}"
            return
    asked = job.recipe["request"]
    bent = float(Fraction(asked["finishing"]["frame_rate"])) != asked["frame_rate"]  # another rate, other frames
    promised = (job.recipe["made"] if bent else asked)["num_frames"]
    try:
        shown = sum(len(chunk) for chunk in read_video(clip).chunks)
    except SeptetError as error:
        yield f"the clip of {job.id} does not play: {error}"
        return
    if shown != promised:
        yield f"the clip of {job.id} has {shown} frames, not {promised}"
    if not _begins_with_its_index(clip):
        yield f"the clip of {job.id} does not play from its first byte"
    others = {path.name for path in clip.parent.iterdir()} - {"clip.mp4", "poster.jpg", "recipe.json", ".owner"}
    if others:
        yield f"beside the clip of {job.id} lie {sorted(others)}"


def _begins_with_its_index(clip: Path) -> bool:
    content = clip.read_bytes()
    return 0 < content.find(b"moov") < content.find(b"mdat")


def _left_over(folder: DataFolder, ledger: Ledger) -> Iterator[str]:
    """Files that no job accounts for, and inputs that one would miss."""
    known = {job.id: job for job in ledger.jobs(EVERY)}
    for path in folder.jobs.iterdir():
        if path.name not in known:
            yield f"there is {path} of no job"
    for pattern in ("jobs/*/.*.partial", "jobs/*/*.part", "jobs/*/.work-*/*.part", "inputs/.*", "backups/.*"):
        for path in folder.root.glob(pattern):
            if all(job.is_over for job in known.values()):
                yield f"half a file was left: {path}"
    store = InputStore(folder.inputs)
    needed = {row["file"] for row in ledger.rows("SELECT file FROM job_inputs")}
    yield from (f"input {file} is missing" for file in needed if store.path(file) is None)
    yield from (f"input {file} is nobody's" for file in store.files() if file not in needed)


def _strays(folder: DataFolder, allowed: int) -> Iterator[str]:
    """Workers of this folder that outlived who started them."""
    deadline = time.monotonic() + PATIENCE
    while len(left := workers_of(folder)) > allowed and time.monotonic() < deadline:
        time.sleep(0.05)
    yield from (f"process {process.pid} was left" for process in left[allowed:])


def workers_of(folder: DataFolder) -> list[psutil.Process]:
    """The worker processes of a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "studio.jobs.worker" in words and str(folder.root) in words and process.info["status"] != "zombie":
            found.append(process)
    return found
