"""A finished clip in another format, made when somebody asks for it and gone once it is handed over."""

from __future__ import annotations

import secrets
import shutil
import threading
from fractions import Fraction
from pathlib import Path

from pipelines.media.export import FASTEST_GIF, export_video
from pipelines.media.read import read_video
from studio.jobs.job import Job

# Seconds of the longest clip offered in a format; what is longer makes files that nobody can use.
LONGEST = {"webm": 600.0, "gif": 20.0, "webp": 20.0, "zip": 60.0}
_ONE_AT_A_TIME = threading.Lock()  # the cores are the worker's


def offered(job: Job) -> list[str]:
    """The formats a job's clip can be had in besides its own, as file endings without the dot."""
    clip = job.recipe.get("made", {})
    if "num_frames" not in clip:
        return []
    rate = Fraction(str(clip["frame_rate"]))
    fitting = [kind for kind, longest in LONGEST.items() if clip["num_frames"] / rate <= longest]
    return [kind for kind in fitting if kind != "gif" or rate <= FASTEST_GIF]


def convert(clip: Path, kind: str, folder: Path) -> Path:
    """Write the clip as `kind` into a new folder under `folder`; `discard` what is returned once it is no longer
    needed. Raises MediaError, DiskFull."""
    place = folder / f"export-{secrets.token_hex(8)}"
    place.mkdir(mode=0o700)
    made = place / f"clip.{kind}"
    try:
        with _ONE_AT_A_TIME:
            export_video(read_video(clip), made, audio=clip)
    except BaseException:
        discard(made)
        raise
    return made


def discard(made: Path) -> None:
    """Remove what `convert` made."""
    shutil.rmtree(made.parent, ignore_errors=True)
