"""How fast effects and the writer are beside moviepy and imageio, and how much memory a long clip takes.

Both sides are measured in one run, in turn; numbers are printed and decide nothing. `make bench` runs this.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import pytest

from pipelines.finishing.chain import finishing_chain
from pipelines.finishing.colour_match import ColourMatch, colour_map
from pipelines.finishing.effect import Effect, finish
from pipelines.finishing.interpolate import Interpolate
from pipelines.finishing.put_back import PutBack
from pipelines.finishing.resize import Resize
from pipelines.finishing.upscale import Upscale
from pipelines.media.encodings import CRF
from pipelines.media.probe import probe_video
from pipelines.media.write import write_video
from pipelines.settings import Finishing
from pipelines.types import Frames
from tests.benchmarks import moviepy_effects as mp
from tests.benchmarks.side_by_side import compare, heading
from tests.media_samples import chunks_of, moving_square, picture, stream_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]

WIDTH, HEIGHT, COUNT, RATE = 1920, 1080, 12, 24


def _panorama(count: int, width: int = WIDTH, height: int = HEIGHT) -> Frames:
    """A camera that pans over a detailed picture while a disc crosses it."""
    rng = np.random.default_rng(11)
    detail = cv2.GaussianBlur(rng.integers(0, 256, (height, width * 2, 3), dtype=np.uint8), (0, 0), 1.5)
    wide = cv2.addWeighted(picture(width * 2, height), 0.75, detail, 0.25, 0)
    frames = np.stack([wide[:, 4 * index : 4 * index + width] for index in range(count)])
    for index, frame in enumerate(frames):
        cv2.circle(frame, (width // 4 + 6 * index, height // 2), height // 6, (240, 200, 40), -1)
    return frames


def _drain(effects: tuple[Effect, ...], frames: Frames, rate: int) -> int:
    return sum(len(chunk) for chunk in finish(stream_of(frames, rate, 16), effects).chunks)


def test_effects_against_moviepy() -> None:
    frames, reference = _panorama(COUNT), picture(WIDTH, HEIGHT, 5)
    change = colour_map(frames[0].reshape(-1, 3).astype(float), reference.reshape(-1, 3).astype(float))
    disc = cv2.GaussianBlur(
        cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (WIDTH // 2, HEIGHT // 2), HEIGHT // 3, 255, -1), (0, 0), 4
    )
    masks = np.stack([disc] * COUNT)
    made = 255 - frames
    put_back = PutBack(lambda: stream_of(frames, RATE, 16), lambda: chunks_of(masks, 16))
    clip, slow = mp.clip_of(frames, RATE), mp.clip_of(frames[::3], RATE / 3)
    doubled = 2 * WIDTH, 2 * HEIGHT
    results = [
        compare(
            f"colour match, {WIDTH}x{HEIGHT}",
            COUNT,
            partial(_drain, (ColourMatch(reference),), frames, RATE),
            partial(mp.run, mp.coloured(clip, change), RATE),
        ),
        compare(
            f"interpolate 8 to 24 frames/s, {WIDTH}x{HEIGHT}",
            COUNT,
            partial(_drain, (Interpolate(Fraction(RATE)),), frames[::3], RATE // 3),
            partial(mp.run, mp.interpolated(slow, RATE / 3), RATE),
            rounds=3,
        ),
        compare(
            f"interpolate 24 to 48 frames/s, {WIDTH}x{HEIGHT}",
            2 * COUNT,
            partial(_drain, (Interpolate(Fraction(2 * RATE)),), frames, RATE),
            partial(mp.run, mp.interpolated(clip, RATE), 2 * RATE),
            rounds=3,
        ),
        compare(
            f"put the source back, {WIDTH}x{HEIGHT}",
            COUNT,
            partial(_drain, (put_back,), made, RATE),
            partial(mp.run, mp.composited(clip, mp.clip_of(made, RATE), masks, RATE), RATE),
        ),
        compare(
            "resize to twice the size",
            COUNT,
            partial(_drain, (Resize(*doubled),), frames, RATE),
            partial(mp.run, mp.resized(clip, *doubled), RATE),
        ),
        compare(
            "resize to half the size",
            COUNT,
            partial(_drain, (Resize(WIDTH // 2, HEIGHT // 2),), frames, RATE),
            partial(mp.run, mp.resized(clip, WIDTH // 2, HEIGHT // 2), RATE),
        ),
    ]
    print(heading("Effects without the encoder", "moviepy"), *results, sep="\n")
    assert all(result.ours > 0 for result in results)


def _imageio(frames: Frames, path: Path, quality_crf: int, threads: int) -> None:
    """The same codec, preset, quality, threads, tags and layout through imageio's ffmpeg."""
    tags = "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv".split()
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (frames.shape[2], frames.shape[1]),
        fps=RATE,
        codec="libx264",
        quality=None,
        macro_block_size=1,
        output_params=[
            *("-crf", str(quality_crf), "-preset", "medium", "-threads", str(threads)),
            *("-vf", "scale=out_color_matrix=bt709:out_range=tv", *tags, "-movflags", "+faststart"),
        ],
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()


def test_writing_against_imageio(tmp_path: Path) -> None:
    frames = _panorama(2 * COUNT)
    results = []
    for threads in (1, 2):
        results.append(
            compare(
                f"write {WIDTH}x{HEIGHT}, x264 medium, {threads} thread(s)",
                len(frames),
                partial(_write, frames, tmp_path / "ours.mp4", threads),
                partial(_imageio, frames, tmp_path / "theirs.mp4", CRF["h264"]["good"], threads),
                rounds=3,
            )
        )
    print(heading("Writing, the file on disk at the end", "imageio-ffmpeg"), *results, sep="\n")
    ours, theirs = ((tmp_path / name).stat().st_size for name in ("ours.mp4", "theirs.mp4"))
    print(f"size of the file: {ours / 1e3:.0f} kB and {theirs / 1e3:.0f} kB")
    assert probe_video(tmp_path / "ours.mp4").num_frames == len(frames)


def _write(frames: Frames, path: Path, threads: int) -> None:
    write_video(stream_of(frames, RATE, 16), path, threads=threads)


def test_the_whole_finishing_of_a_default_clip(tmp_path: Path) -> None:
    frames = moving_square(17, 160, 96, step=3)

    def finished(method: str, factor: int) -> None:
        asked = Finishing(upscale=factor, upscaler=method, frame_rate="24")  # type: ignore[arg-type]
        write_video(finish(stream_of(frames, 8, 16), finishing_chain(asked, 160, 96, Fraction(8))), tmp_path / "c.mp4")

    one = compare(
        "17 frames of 160x96 to 51 of 640x384",
        51,
        partial(finished, "network", 4),
        partial(finished, "lanczos", 4),
        rounds=2,
    )
    print(heading("Finishing and writing", "Lanczos"), one, sep="\n")
    print(f"the network alone: {17 / _seconds(partial(_drain, (Upscale(4),), frames, 8)):.1f} frames/s")
    assert one.ours > 0


def _seconds(work: partial[int]) -> float:
    return compare("", 1, work, lambda: None, rounds=2).ours


_LONG = """
import resource, sys
from fractions import Fraction
from pathlib import Path
from pipelines.finishing.chain import finishing_chain
from pipelines.finishing.effect import finish
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from pipelines.settings import Finishing
from pipelines.types import FrameStream
from tests.benchmarks.test_effects import _panorama
folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
part = _panorama(24, 160, 96)
chunks = (part for _ in range(seconds))
write_video(FrameStream(chunks, 160, 96, Fraction(24), 24 * seconds), folder / "in.mp4", preset="ultrafast")
asked = Finishing(upscale=2, upscaler="lanczos", frame_rate="30", aspect_ratio="16:9", colour_match=True)
effects = finishing_chain(asked, 160, 96, Fraction(24), reference=part[0])
write_video(finish(read_video(folder / "in.mp4"), effects), folder / "out.mp4", preset="ultrafast")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_of_short_and_long_clips(tmp_path: Path) -> None:
    peaks = {}
    for seconds in (5, 60):
        command = [sys.executable, "-c", _LONG, str(tmp_path), str(seconds)]
        peaks[seconds] = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024
    print("\nPeak memory of reading, colour match, enlarging, interpolating, cropping and writing")
    for seconds, peak in peaks.items():
        print(f"{seconds:4} s clip: {peak:6.0f} MiB")
    assert set(peaks) == {5, 60}
