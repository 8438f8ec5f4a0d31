"""How well finishing does on real video: frames in between, enlarging, the seam of a loop, beside the usual ways.

The videos are those gradio carries, and every *.mp4 in the folder SEPTET_VIDEOS where it is set. Numbers are printed
and decide nothing. `make bench` runs this.
"""

from __future__ import annotations

import os
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import cv2
import gradio
import imageio_ffmpeg
import numpy as np
import pytest

from pipelines.finishing.interpolate import Interpolate
from pipelines.finishing.loop import Loop
from pipelines.finishing.upscale import enlarge
from pipelines.media.read import read_video
from pipelines.types import Frames
from tests.media_samples import collect, psnr, stream_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
MINTERPOLATE = "minterpolate=fps={rate}:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1"
PARTS = ((0.5, 2.0),)  # seconds into a video, and how much of it
LONGEST_SIDE = 960  # pixels: minterpolate takes a minute for a second of more


def _videos() -> list[Path]:
    shipped = Path(gradio.__file__).parent / "media_assets" / "videos"
    found = [shipped / name for name in ("world.mp4", "a.mp4")]
    own = os.environ.get("SEPTET_VIDEOS")
    return found + (sorted(Path(own).glob("*.mp4")) if own else [])


def _frames(path: Path, seconds: float, longest: int = LONGEST_SIDE, multiple: int = 8) -> tuple[Frames, Fraction]:
    """A part of a video, its sides cut to a multiple of 8."""
    start, _ = PARTS[0]
    stream = read_video(path, start=start, seconds=seconds)
    scale = min(1.0, longest / max(stream.width, stream.height))
    size = round(stream.width * scale), round(stream.height * scale)
    frames = collect(read_video(path, start=start, seconds=seconds, size=size))
    height, width = (side // multiple * multiple for side in frames.shape[1:3])
    return np.ascontiguousarray(frames[:, :height, :width]), stream.frame_rate


def _through_ffmpeg(frames: Frames, rate: Fraction, chain: str) -> Frames:
    height, width = frames.shape[1:3]
    shape = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}")
    command = [FFMPEG, "-v", "error", *shape, "-r", str(rate), "-i", "-", "-vf", chain, *shape[:4], "-"]
    made = subprocess.run(command, input=frames.tobytes(), check=True, capture_output=True).stdout
    return np.frombuffer(made, np.uint8).reshape(-1, height, width, 3)


def _between(made: Frames, truth: Frames) -> float:
    """Mean PSNR of the frames that were left out, where a method made them."""
    return float(np.mean([psnr(made[index], truth[index]) for index in range(1, min(len(made), len(truth)) - 2, 2)]))


def test_frames_left_out_are_found_again() -> None:
    print(f"\nEvery second frame left out and made again, dB\n{'':20} {'Septet':>8} {'minterpolate':>13} {'blend':>8}")
    for path in _videos():
        truth, rate = _frames(path, PARTS[0][1])
        known = truth[::2]
        ours = collect(Interpolate(rate).apply(stream_of(known, rate / 2, 16)))
        theirs = _through_ffmpeg(known, rate / 2, MINTERPOLATE.format(rate=rate))
        blended = np.repeat(known, 2, axis=0)
        blended[1:-1:2] = np.rint((known[:-1].astype(np.float32) + known[1:]) / 2)
        scores = [_between(made, truth) for made in (ours, theirs, blended)]
        print(f"{path.name:20} {scores[0]:8.2f} {scores[1]:13.2f} {scores[2]:8.2f}", flush=True)
        assert all(np.isfinite(scores))


def _vmaf(made: Frames, truth: Frames, folder: Path) -> float:
    """VMAF of made frames against the truth, as ffmpeg's libvmaf has it, 0..100."""
    height, width = truth.shape[1:3]
    paths = []
    for name, frames in (("made", made), ("truth", truth)):
        paths.append(folder / f"{name}.raw")
        paths[-1].write_bytes(np.ascontiguousarray(frames).tobytes())
    shape = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "24")
    command = [FFMPEG, "-hide_banner", *shape, "-i", paths[0], *shape, "-i", paths[1]]
    command += ["-lavfi", "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]libvmaf=n_threads=2", "-f", "null", "-"]
    said = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stderr
    found = re.search(r"VMAF score: ([\d.]+)", said)
    assert found is not None, said
    return float(found.group(1))


def test_what_was_shrunk_is_enlarged_again(tmp_path: Path) -> None:
    print("\nShrunk to a quarter and enlarged again, VMAF (PSNR in dB)")
    print(f"{'':20} {'network':>16} {'Lanczos':>16} {'bicubic':>16}")
    for path in _videos():
        truth, _ = _frames(path, 0.4)
        height, width = truth.shape[1:3]
        small = [cv2.resize(frame, (width // 4, height // 4), interpolation=cv2.INTER_AREA) for frame in truth]
        scores = []
        for method in (enlarge, cv2.INTER_LANCZOS4, cv2.INTER_CUBIC):
            large = [
                method(frame) if callable(method) else cv2.resize(frame, (width, height), interpolation=method)
                for frame in small
            ]
            scores.append((_vmaf(np.stack(large), truth, tmp_path), psnr(np.stack(large), truth)))
        print(f"{path.name:20} " + " ".join(f"{vmaf:7.2f} ({db:5.2f})" for vmaf, db in scores), flush=True)
        assert all(0 <= vmaf <= 100 for vmaf, _ in scores)


def test_the_seam_of_a_loop_is_a_step_like_any_other() -> None:
    print("\nMean difference from frame to frame, in levels")
    print(f"{'':20} {'median':>8} {'largest':>8} {'uncut seam':>11} {'seam':>8} {'within':>8}")
    for path in _videos():
        frames, rate = _frames(path, 3.0, 480)
        made = collect(Loop("seam").apply(stream_of(frames, rate, 16)))

        def steps(clip: Frames) -> np.ndarray:
            following = np.concatenate([clip[1:], clip[:1]]).astype(np.int16)
            return np.abs(following - clip).mean((1, 2, 3))

        inside, uncut = steps(frames)[:-1], steps(frames)[-1]
        seam = steps(made)[-1]
        turning = steps(made).max()
        print(
            f"{path.name:20} {np.median(inside):8.2f} {inside.max():8.2f} {uncut:11.2f} {seam:8.2f} {turning:8.2f}",
            flush=True,
        )
        assert np.isfinite(seam)
