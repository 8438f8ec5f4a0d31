"""The folder an attempt works in, and how what it computed outlives it."""

from __future__ import annotations

import shutil
from pathlib import Path

from studio.jobs.job import Job
from studio.paths import DataFolder

LATENTS = "latents-*.safetensors"


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


def keep_latents(folder: DataFolder, job_id: str) -> None:
    """Clear away what a job that is over left in its work folder, but for its latents: another may start from them."""
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
