"""What is written plays everywhere, is exactly what was given, and appears whole or not at all."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import Cancelled, DiskFull, MediaError
from pipelines.media.metadata import read_recipe, recipe_metadata
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from pipelines.types import Frames, Sound
from tests.media_samples import collect, grey_levels, make_video, moving_square, picture, psnr, stream_of, tone


@pytest.mark.parametrize(
    "rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(24), Fraction(8), Fraction(25, 2)]
)
def test_codec_tags_rate_count_and_size_are_right(tmp_path: Path, rate: Fraction) -> None:
    clip = write_video(stream_of(moving_square(19), rate), tmp_path / "clip.mp4")
    with av.open(str(clip.path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        frames = list(container.decode(stream))
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")
        assert (stream.average_rate, len(frames)) == (rate, 19)
        assert (frames[0].color_primaries, frames[0].color_trc, frames[0].colorspace) == (1, 1, 1)
        assert frames[0].color_range == 1
        assert (frames[0].width, frames[0].height) == (64, 48)
        assert container.duration / 1e6 == pytest.approx(float(19 / rate), abs=float(1 / rate))
    assert (clip.frame_rate, clip.num_frames, clip.width, clip.height) == (rate, 19, 64, 48)
    assert clip.duration == pytest.approx(float(19 / rate))


def test_the_index_lies_in_front(tmp_path: Path) -> None:
    data = write_video(stream_of(moving_square(10)), tmp_path / "clip.mp4").path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_levels_reach_the_encoder_unchanged(tmp_path: Path) -> None:
    frames = grey_levels(50)
    read = collect(read_video(write_video(stream_of(frames), tmp_path / "clip.mp4", quality="master").path))
    assert np.abs(read.astype(int) - frames).max() <= 2
    assert abs(float(read.mean()) - float(frames.mean())) < 0.3


def test_colours_survive(tmp_path: Path) -> None:
    shown = np.stack([picture(128, 96)] * 5)
    read = collect(read_video(write_video(stream_of(shown), tmp_path / "clip.mp4", quality="master").path))
    assert psnr(read, shown) > 30
    assert np.abs(read[0, 4:20, 4:28].astype(int).mean((0, 1)) - (230, 30, 30)).max() <= 2


@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_frames_make_a_clip(tmp_path: Path, count: int) -> None:
    clip = write_video(stream_of(moving_square(count), 8), tmp_path / "clip.mp4")
    assert probe_video(clip.path).num_frames == count
    assert probe_video(clip.path).frame_rate == 8


@pytest.mark.parametrize(("width", "height"), [(53, 48), (64, 41), (53, 41)])
def test_odd_sizes_lose_their_last_line_and_are_not_rescaled(tmp_path: Path, width: int, height: int) -> None:
    frames = moving_square(6, width, height)
    clip = write_video(stream_of(frames), tmp_path / "clip.mp4", quality="master")
    read = collect(read_video(clip.path))
    assert (clip.width, clip.height) == (width // 2 * 2, height // 2 * 2)
    assert psnr(read, frames[:, : clip.height, : clip.width]) > 33


def test_the_recipe_travels_in_the_file(tmp_path: Path) -> None:
    recipe = {"mode": "render", "prompt": 'naïve "quotes" ; # = \\ 猫 \u202e', "seed": 2**62, "long": "x" * 20_000}
    clip = write_video(stream_of(moving_square(3)), tmp_path / "clip.mp4", metadata=recipe_metadata(recipe))
    assert read_recipe(clip.path) == recipe
    assert clip.recipe == recipe
    assert read_recipe(make_video(tmp_path / "plain.mp4", moving_square(3))) is None


def test_an_existing_clip_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = write_video(stream_of(moving_square(5)), tmp_path / "clip.mp4").path
    before = path.read_bytes()

    def cancelled() -> Iterator[Frames]:
        yield moving_square(5)
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        write_video(replace(stream_of(moving_square(40)), chunks=cancelled()), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("promised", [11, 9])
def test_a_stream_that_breaks_its_promise_leaves_nothing(tmp_path: Path, promised: int) -> None:
    with pytest.raises(ValueError, match="promised"):
        write_video(replace(stream_of(moving_square(10)), num_frames=promised), tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_frames_of_another_size_than_promised_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="promised"):
        write_video(replace(stream_of(moving_square(10)), width=62), tmp_path / "clip.mp4")
    assert list(tmp_path.iterdir()) == []


def test_unreadable_audio_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "sound.mp4").write_bytes(b"nothing of the kind")
    with pytest.raises(MediaError, match=r"sound\.mp4"):
        write_video(stream_of(moving_square(5)), tmp_path / "clip.mp4", sound=Sound(tmp_path / "sound.mp4"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["sound.mp4"]


def test_a_full_disk_is_said_plainly_and_leaves_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 96, 128, 3), dtype=np.uint8)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (40_000, limits[1])
    )  # as near to a full disk as a process can make itself
    try:
        with pytest.raises(DiskFull, match=r"clip\.mp4"):
            write_video(stream_of(noise), tmp_path / "clip.mp4", quality="master")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_names_that_look_like_options_or_protocols_are_only_names(tmp_path: Path) -> None:
    for name in ("-rf.mp4", "concat:a|b.mp4", "frame%04d.mp4", "naïve 猫.mp4"):
        assert probe_video(write_video(stream_of(moving_square(3)), tmp_path / name).path).num_frames == 3


_MEASURE = """
import resource, sys
from pathlib import Path
from tests.media_samples import moving_square
from pipelines.media.write import write_video
from pipelines.types import FrameStream
from fractions import Fraction
count = int(sys.argv[1])
part = moving_square(24, 320, 240)
chunks = (part for _ in range(count // 24))
write_video(FrameStream(chunks, 320, 240, Fraction(24), count), Path(sys.argv[2]) / "clip.mp4", preset="ultrafast")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        command = [sys.executable, "-c", _MEASURE, str(count), str(tmp_path)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert peak(960) < 1.1 * peak(240)


def test_sound_and_picture_lie_side_by_side(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", moving_square(96), 24, sound=tone(4))
    path = write_video(stream_of(moving_square(96)), tmp_path / "clip.mp4", sound=Sound(source)).path
    with av.open(str(path)) as container:
        kinds = [(packet.pos, packet.stream.type) for packet in container.demux() if packet.size]
    order = [kind for _, kind in sorted(kinds)]
    assert sum(one != other for one, other in pairwise(order)) > 4


@pytest.mark.skipif(sys.platform != "linux", reason="only there an encoder can do that")
def test_no_encoder_makes_anything_a_real_time_thread(tmp_path: Path) -> None:
    frames = moving_square(6)
    policies: set[int] = set()

    def watched() -> Iterator[Frames]:
        for frame in frames:
            policies.update(map(os.sched_getscheduler, map(int, os.listdir("/proc/self/task"))))
            yield frame[None]
        time.sleep(0.2)  # the encoder works in a thread of its own
        policies.update(map(os.sched_getscheduler, map(int, os.listdir("/proc/self/task"))))

    stream = replace(stream_of(frames), chunks=watched())
    write_video(stream, tmp_path / "clip.mp4", codec="av1", quality="draft")
    assert policies == {os.sched_getscheduler(0)} == {os.SCHED_OTHER}
