"""Twenty seconds with sound through the modes that start from a video: length, sound, seams between windows, memory."""

from __future__ import annotations

import multiprocessing
import resource
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.model import LatentVideoModel
from pipelines.scene.camera import CameraMove
from pipelines.scene.rendering import open_scene
from pipelines.settings import Finishing
from pipelines.types import Frames
from tests.media_samples import collect, make_video, tone
from tests.pipelines.looks import EXAMPLES, INFO

pytestmark = pytest.mark.benchmark

RATE, LONG, SHORT = 8, 20, 5  # frames a second, seconds
SIZE = (320, 192)
ASKED: dict[str, dict[str, Any]] = {
    "stylization": {"style_image": str(EXAMPLES / "style-oil-sunset.jpg")},
    "mask": {"prompt": "a blue ball at sea"},
    "render": {"prompt": "a red rocket standing still in an empty room"},
}


@dataclass(frozen=True)
class Run:
    seconds: float
    peak: float  # MiB of the process that made it


def _source(path: Path, mode: str, seconds: int) -> Path:
    """A ball rolling to and fro over the sea, or a turntable of clay; a tone that begins after a second."""
    count = RATE * seconds
    if mode == "render":
        scene = open_scene(EXAMPLES / "toy-rocket.glb")
        frames = np.concatenate(list(scene.clay(CameraMove("orbit", seconds / 20), count, SIZE)))
    else:
        once = collect(read_video(EXAMPLES / "ball-over-the-sea.mp4", size=SIZE))
        there_and_back = np.concatenate([once, once[-2:0:-1]])
        frames = there_and_back[np.arange(count) % len(there_and_back)]
    return make_video(path, frames, RATE, options={"crf": "12"}, sound=tone(seconds, onset=1.0))


def _make(mode: str, video: Path, folder: Path) -> Run:
    """The clip, in a process of its own: only there the peak is the clip's."""
    started = time.perf_counter()
    pipeline = PIPELINES[mode]
    request = pipeline.request_type(video=str(video), seed=3, finishing=Finishing(quality="master"), **ASKED[mode])
    prepared = pipeline.prepare(request, INFO)
    pipeline(LatentVideoModel(INFO, "cpu")).run(prepared, folder, lambda _progress: None)
    return Run(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _steps(frames: Frames) -> np.ndarray:
    """(F - 1,) mean change from frame to frame, in levels."""
    return np.abs(np.diff(frames.astype(np.int16), axis=0)).mean((1, 2, 3))


def _joins(count: int) -> np.ndarray:
    """Which steps of a clip of so many frames lead into a window's first own frame."""
    overlap = INFO.temporal_factor + 1
    return np.arange(INFO.num_frames - 1, count - 1, INFO.num_frames - overlap)


def _sound(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", ASKED)
def test_twenty_seconds_keep_length_and_sound_without_a_seam(mode: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs: dict[int, Run] = {}
    for seconds in (SHORT, LONG):
        video = _source(tmp_path / f"{seconds}.mp4", mode, seconds)
        with context.Pool(1) as pool:
            runs[seconds] = pool.apply(_make, (mode, video, tmp_path / f"clip-{seconds}"))
    made, source = probe_video(tmp_path / f"clip-{LONG}" / "clip.mp4"), probe_video(tmp_path / f"{LONG}.mp4")
    assert (made.num_frames, made.frame_rate) == (RATE * LONG, Fraction(RATE))
    assert (made.width, made.height) == SIZE

    heard, given = (_sound(path) for path in (tmp_path / f"clip-{LONG}" / "clip.mp4", tmp_path / f"{LONG}.mp4"))
    assert abs(len(heard) - len(given)) <= 2048  # a frame or two of the codec
    common = min(len(heard), len(given))
    off = float(np.abs(heard[:common] - given[:common]).mean())

    frames = collect(read_video(tmp_path / f"clip-{LONG}" / "clip.mp4"))
    steps, own = _steps(frames), _steps(collect(read_video(tmp_path / f"{LONG}.mp4")))
    joins = _joins(len(frames))
    others = np.setdiff1d(np.arange(len(steps)), joins)
    between = others[
        others % INFO.temporal_factor == 0
    ]  # where every window may step: from one latent frame to another
    print(
        f"\n{mode}: {source.num_frames} frames in {len(joins) + 1} windows, {runs[LONG].seconds:.0f} s\n"
        f"  change from frame to frame: {steps[others].mean():.2f} levels, 95 % below "
        f"{np.percentile(steps[others], 95):.2f}, at most {steps[others].max():.2f}; of the source "
        f"{own.mean():.2f}\n"
        f"  where windows join: {steps[joins].mean():.2f}, at most {steps[joins].max():.2f}; of the source there "
        f"{own[joins].mean():.2f}\n"
        f"  between other latent frames: {steps[between].mean():.2f}, at most {steps[between].max():.2f}; of the "
        f"source there {own[between].mean():.2f}\n"
        f"  sound differs by {off:.5f} of full scale\n"
        f"  peak memory: {runs[SHORT].peak:.0f} MiB for {SHORT} s, {runs[LONG].peak:.0f} MiB for {LONG} s",
        flush=True,
    )
    assert off < 0.01
    assert steps[joins].max() <= 1.1 * steps[others].max()
    assert runs[LONG].peak < 1.1 * runs[SHORT].peak
