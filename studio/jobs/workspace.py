"""The folder an attempt works in, and how what it computed outlives it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pipelines.errors import MediaError
from studio.jobs.job import Job
from studio.paths import DataFolder
from studio.recipes import load_recipe

LATENTS = "latents-*.safetensors"
OWNER = ".owner"


def take_over_work(folder: DataFolder, job: Job) -> Path:
    """This attempt's folder. It inherits what an attempt before left: latents that need no second denoising."""
    job_folder = folder.job(job.id)
    job_folder.mkdir(mode=0o700, exist_ok=True)
    work = folder.work(job.id, job.attempt)
    left = sorted(job_folder.glob(".work-*"))
    if left and work not in left:
        left.pop().rename(work)
    for older in left:
        if older != work:
            shutil.rmtree(older, ignore_errors=True)
    work.mkdir(mode=0o700, exist_ok=True)
    return work


def published_recipe(folder: DataFolder, job_id: str) -> dict[str, Any] | None:
    """What lies beside a job's clip, {} if it cannot be read; None while there is no clip."""
    if not (folder.job(job_id) / "clip.mp4").is_file():
        return None
    try:
        return load_recipe(folder.job(job_id) / "recipe.json")
    except MediaError:
        return {}


def note_owner(work: Path, owner: str) -> str:
    """Write whose clip this is beside it, and return the file's name: the ledger may one day be lost."""
    (work / OWNER).write_text(owner, "utf-8")
    return OWNER


def owner_of(folder: DataFolder, job_id: str) -> str | None:
    """Whose clip it is by what lies beside it."""
    try:
        return (folder.job(job_id) / OWNER).read_text("utf-8") or None
    except (OSError, UnicodeDecodeError):
        return None


def discard_work(folder: DataFolder, job_id: str) -> None:
    """Clear away everything but what a finished job shows, and the latents of a film whose shots may be made again."""
    keep_latents(folder, job_id)
    (folder.job(job_id) / "error.txt").unlink(missing_ok=True)  # of an attempt before


def keep_latents(folder: DataFolder, job_id: str) -> None:
    """Clear away what a job that is over left in its work folder, but for its latents: another may start from them."""
    _tidy(folder.job(job_id))
    for work in folder.job(job_id).glob(".work-*"):
        kept = {file.name for file in work.glob(LATENTS)}
        for left in work.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            elif left.name not in kept:
                left.unlink(missing_ok=True)
        if not kept:
            work.rmdir()


def has_latents(folder: DataFolder, job_id: str) -> bool:
    """Whether a job that is over left latents: one that failed, or a film whose shots may be made again."""
    return any(True for work in folder.job(job_id).glob(".work-*") for _file in work.glob(LATENTS))


def hand_on_latents(folder: DataFolder, old_id: str, new_id: str) -> None:
    """Give the latents of a job to one that asks the same again, all or some of it."""
    for work in sorted(folder.job(old_id).glob(".work-*")):
        target = folder.work(new_id, 0)
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in work.glob(LATENTS):
            shutil.copyfile(file, target / file.name)


def _tidy(job_folder: Path) -> None:
    """No preview of what is over, nor half of one."""
    for left in (job_folder / "preview.jpg", *job_folder.glob(".*.partial")):
        left.unlink(missing_ok=True)
