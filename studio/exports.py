"""A finished clip in another format, made when somebody asks for it and gone once it is handed over."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipelines.mask import MaskEdit, MaskRequest
from pipelines.masking import MaskTrack
from pipelines.media.encodings import Codec
from pipelines.media.export import FASTEST_GIF, export_video
from pipelines.media.metadata import read_recipe, recipe_metadata
from pipelines.media.provenance import read_origin
from pipelines.media.read import read_video
from pipelines.registry import Order
from pipelines.running import TRACK
from pipelines.types import FrameStream, Mask, Sound
from studio.credentials import sign_if_possible
from studio.jobs.job import Job
from studio.paths import DataFolder
from studio.views import facts


@dataclass(frozen=True)
class Format:
    """What a clip can be had as. `longest`: seconds; what is longer makes files that nobody can use."""

    ending: str
    longest: float
    codec: Codec | None = None
    transparent: bool = False
    mask: bool = False  # what was changed, white, in place of the clip

    @property
    def needs_request(self) -> bool:
        """Whether it takes what the clip was made from, a mask among it."""
        return self.transparent or self.mask


FORMATS = {
    "h265": Format("mp4", 600.0, "h265"),
    "av1": Format("mp4", 600.0, "av1"),
    "webm": Format("webm", 600.0),
    "mov": Format("mov", 120.0),
    "webm-alpha": Format("webm", 120.0, transparent=True),
    "mov-alpha": Format("mov", 120.0, transparent=True),
    "mask": Format("mp4", 600.0, mask=True),
    "mask-zip": Format("zip", 60.0, mask=True),
    "gif": Format("gif", 20.0),
    "webp": Format("webp", 20.0),
    "zip": Format("zip", 60.0),
    "jpg": Format("jpg", 600.0),
}
_ONE_AT_A_TIME = threading.Lock()  # the cores are the worker's


def offered(job: Job) -> list[str]:
    """The formats a job's clip can be had in besides its own: keys of FORMATS."""
    clip = job.recipe.get("made", {})
    if "num_frames" not in clip:
        return []
    rate = Fraction(str(clip["frame_rate"]))
    fitting = [kind for kind, format in FORMATS.items() if clip["num_frames"] / rate <= format.longest]
    if rate > FASTEST_GIF:
        fitting = [kind for kind in fitting if kind != "gif"]
    return fitting if _has_matte(job) else [kind for kind in fitting if not FORMATS[kind].needs_request]


def convert(clip: Path, kind: str, folder: DataFolder, request: Order | None = None) -> Path:
    """Write the clip as `kind`, one of FORMATS, among the uploads of `folder`; `discard` what is returned once it is
    no longer needed. `request` is what it was made from, which masks and transparency need. MediaError, DiskFull."""
    place = folder.uploads / f"export-{secrets.token_hex(8)}"
    place.mkdir(mode=0o700)
    format = FORMATS[kind]
    made = place / f"{'clip-mask' if format.mask else 'clip'}.{format.ending}"
    try:
        with _ONE_AT_A_TIME:
            stream = read_video(clip)
            kept = clip.with_name(TRACK)
            track = MaskTrack.load(kept) if format.needs_request and kept.is_file() else None
            if format.mask:
                export_video(_as_frames(_changed(request, stream, track), stream), made, quality="master")
                return made
            matte = _matte(request, stream, track) if format.transparent else None
            recipe = recipe_metadata(read_recipe(clip) or {})
            export_video(
                stream,
                made,
                Sound(clip),
                codec=format.codec,
                matte=matte,
                metadata=recipe,
                origin=read_origin(clip),
            )
            sign_if_possible(folder.root, made, {"clip": clip})
    except BaseException:
        discard(made)
        raise
    return made


def discard(made: Path) -> None:
    """Remove what `convert` made."""
    shutil.rmtree(made.parent, ignore_errors=True)


def _has_matte(job: Job) -> bool:
    """Whether a subject was cut out, and the clip still runs as its source does."""
    cropped = facts.request(job).get("finishing", {}).get("aspect_ratio")
    return job.mode == MaskRequest.mode and facts.runs_with_source(job) and not cropped


def _changed(request: Order | None, clip: FrameStream, track: MaskTrack | None) -> Iterator[Mask]:
    assert isinstance(request, MaskRequest), "only offered where there is a mask"
    return MaskEdit.changed_mask(request, clip, track)


def _as_frames(masks: Iterator[Mask], clip: FrameStream) -> FrameStream:
    """Masks as grey pictures, in step with the clip."""
    return replace(clip, chunks=(np.repeat(chunk[..., None], 3, axis=-1) for chunk in masks))


def _matte(request: Order | None, clip: FrameStream, track: MaskTrack | None) -> Iterator[Mask]:
    assert isinstance(request, MaskRequest), "only offered where a subject was cut out"
    return MaskEdit.subject_matte(request, clip, track)
