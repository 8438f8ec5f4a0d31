"""How long a job will take, from how long jobs like it took; and how much disk it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median

from pipelines.finish import FinishRequest, planned
from pipelines.media.probe import probe_video
from pipelines.registry import Order
from pipelines.types import Request

VOLUME = 1e6  # pixels
BYTES_PER_PIXEL = 0.5  # of a finished clip, generously; a good h264 file has about 0.1
LATENTS_BYTES = 64 << 20  # kept until the clip is written; a few megabytes for most


def work_of(request: Order) -> dict[str, float]:
    """Units of work per stage of a prepared request: millions of pixels, times steps for denoising."""
    if isinstance(request, FinishRequest):
        return {"finish": _finished_volume(request)}
    rate = request.frame_rate or 1.0
    length = clip_seconds(request)
    shown = length * rate * (request.width or 1) * (request.height or 1) / VOLUME
    made = shown * max(1.0, float(request.pace))
    finishing = request.finishing
    grown = float(finishing.upscale or 1) ** 2
    if finishing.size:
        width, height = map(int, finishing.size.split("x"))
        grown = width * height / ((request.width or 1) * (request.height or 1))
    final = shown * grown * float(Fraction(finishing.frame_rate or rate)) / rate / finishing.speed
    final *= 2 if finishing.loop == "boomerang" else 1
    steps = request.num_inference_steps or 1
    return {"encode": made, "denoise": made * steps, "decode": made, "finish": final}


def _finished_volume(request: FinishRequest) -> float:
    stream = planned(request)
    return stream.num_frames * stream.width * stream.height / VOLUME


def clip_seconds(request: Request) -> float:
    """How long the clip of a prepared request will be: as its source, its panels or its camera have it, or as asked."""
    video, panels = getattr(request, "video", None), getattr(request, "panels", ())
    if video:
        start, seconds = getattr(request, "start", 0.0), getattr(request, "seconds", None)
        left = probe_video(Path(video)).duration - start
        return max(0.0, left if seconds is None else min(seconds, left))
    if getattr(request, "mesh", None):
        return float(getattr(request, "seconds", None) or 0.0)
    if panels:
        return float(sum(panel.seconds for panel in panels))
    return (request.num_frames or 1) / (request.frame_rate or 1.0)


def expected_seconds(
    history: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], work: Mapping[str, float]
) -> float | None:
    """Seconds a job with this much work will take. `history`: (timings, work) of jobs done; None without any."""
    total = 0.0
    for stage, units in work.items():
        paces = [timings[stage] / done[stage] for timings, done in history if timings.get(stage) and done.get(stage)]
        total += median(paces) * units if paces else 0.0
    return total or None


def remaining_seconds(progress: float, spent: float, expected: float | None) -> float | None:
    """Seconds a running job has left.

    progress    0..1, a share of time: the pipelines measure it so
    spent       seconds so far
    expected    seconds in all, from other jobs; counts for less the further this one is
    """
    by_itself = spent * (1 - progress) / progress if progress > 0.02 else None
    by_others = None if expected is None else expected * (1 - progress)
    if by_itself is None or by_others is None:
        return by_itself if by_others is None else by_others
    return progress * by_itself + (1 - progress) * by_others


def bytes_needed(work: Mapping[str, float]) -> int:
    """Room a job needs on the disk: the clip, its copy before publishing, the latents."""
    return round(3 * work.get("finish", 0.0) * VOLUME * BYTES_PER_PIXEL) + LATENTS_BYTES
