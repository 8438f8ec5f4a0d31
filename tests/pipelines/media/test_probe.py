"""What a video is: its upright size, its constant rate, its exact number of frames."""

from __future__ import annotations

import resource
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.media import probe
from pipelines.media.limits import check_decodable
from pipelines.media.probe import VideoInfo, inspect, probe_image, probe_video, used_seconds
from tests.media_samples import make_video, moving_square, picture, tone, turn

RATES = [
    Fraction(24000, 1001),
    Fraction(30000, 1001),
    Fraction(60000, 1001),
    Fraction(24),
    Fraction(25, 2),
    Fraction(8),
]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_rate_and_count_are_exact(tmp_path: Path, rate: Fraction, kind: str) -> None:
    info = probe_video(make_video(tmp_path / f"clip.{kind}", moving_square(30), rate))
    assert (info.frame_rate, info.num_frames) == (rate, 30)
    assert info.duration == pytest.approx(float(30 / rate), abs=0.002)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_one_and_two_frames_are_videos_too(tmp_path: Path, count: int, kind: str) -> None:
    info = probe_video(make_video(tmp_path / f"clip.{kind}", moving_square(count), 24))
    assert (info.num_frames, info.frame_rate) == (count, 24)


def test_a_file_is_looked_at_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", moving_square(12))
    before = probe._inspected.cache_info()
    assert probe_video(path) == probe_video(path)
    after = probe._inspected.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)
    make_video(path, moving_square(20))
    assert probe_video(path).num_frames == 20
    path.unlink()
    with pytest.raises(MediaError, match="cannot be opened"):
        probe_video(path)


def test_webm_as_a_browser_records_it_has_a_length(tmp_path: Path) -> None:
    path = tmp_path / "recorded.webm"
    times = np.cumsum([0.033, 0.034, 0.033] * 20).tolist()  # the jitter of a camera, and no duration in the header
    frames = moving_square(60)
    with av.open(str(path), "w", format="webm", container_options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time, frame in zip(times, frames, strict=True):
            shown = av.VideoFrame.from_ndarray(frame, format="rgb24")
            shown.pts, shown.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
    info = probe_video(path)
    assert info.frame_rate == 30
    assert info.num_frames == 60


def test_a_variable_rate_becomes_the_nearest_usual_one(tmp_path: Path) -> None:
    steps = np.random.default_rng(1).choice([1 / 30, 1 / 30, 1 / 30, 2 / 60 + 0.004], 59)
    times = [0.0, *np.cumsum(steps).tolist()]
    info = probe_video(make_video(tmp_path / "phone.mp4", moving_square(60), 30, times=times))
    assert info.frame_rate in (Fraction(30), Fraction(30000, 1001))
    assert info.duration == pytest.approx(times[-1] + 1 / 30, abs=0.02)


def test_rotation_swaps_the_sides(tmp_path: Path) -> None:
    path = turn(make_video(tmp_path / "phone.mp4", moving_square(3, 64, 48)), "90")
    info = probe_video(path)
    assert (info.width, info.height) == (48, 64)


def test_wide_pixels_are_made_square(tmp_path: Path) -> None:
    path = make_video(tmp_path / "dv.mov", moving_square(3, 72, 48), 25, aspect=Fraction(16, 15))
    info = probe_video(path)
    assert (info.width, info.height) == (77, 48)


def test_sound_and_transparency_are_reported(tmp_path: Path) -> None:
    assert probe_video(make_video(tmp_path / "a.mp4", moving_square(24), sound=tone(1))).has_audio
    assert not probe_video(make_video(tmp_path / "b.mp4", moving_square(24))).has_audio
    rgba = np.concatenate([moving_square(3), np.full((3, 48, 64, 1), 128, np.uint8)], axis=3)
    assert probe_video(make_video(tmp_path / "c.mov", rgba, codec="qtrle", pixels="argb")).has_alpha


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [(8, 8, "at least 16"), (160, 16, "8 times"), (4160, 528, "4096")],
)
def test_sizes_that_cannot_be_worked_with_are_refused(tmp_path: Path, width: int, height: int, words: str) -> None:
    frames = np.zeros((2, height, width, 3), np.uint8)
    path = make_video(tmp_path / "odd.mp4", frames, options={"preset": "ultrafast"})
    with pytest.raises(MediaError, match=words):
        probe_video(path)


def test_a_picture_that_claims_an_enormous_size_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = make_video(tmp_path / "bomb.mkv", moving_square(2, 320, 256), codec="mjpeg", pixels="yuvj420p")
    data = path.read_bytes()
    begin = data.index(b"\xff\xc0") + 5  # the height and width in JPEG's frame header
    path.write_bytes(data.replace(data[begin : begin + 4], (20_000).to_bytes(2, "big") * 2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MediaError):
        probe_video(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB
    with pytest.raises(MediaError, match="20000x20000"):
        check_decodable("bomb.mkv", 20_000, 20_000)


def test_a_rate_nobody_means_is_refused(tmp_path: Path) -> None:
    path = make_video(tmp_path / "fast.mp4", moving_square(20), 1000)
    with pytest.raises(MediaError, match="frames per second"):
        probe_video(path)


def test_the_part_used_must_lie_inside_and_last_ten_minutes_at_most() -> None:
    info = VideoInfo(64, 48, Fraction(24), 24 * 900, 900.0, False, False)
    assert used_seconds(info, Path("x.mp4"), 890, None) == 10
    assert used_seconds(info, Path("x.mp4"), 0, 5) == 5
    with pytest.raises(MediaError, match="earlier start"):
        used_seconds(info, Path("x.mp4"), 900, None)
    with pytest.raises(MediaError, match="limit is 600 s"):
        used_seconds(info, Path("x.mp4"), 0, None)


def test_an_image_is_probed_from_its_header(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(picture(40, 30)).save(tmp_path / "p.png")
    assert probe_image(tmp_path / "p.png") == (40, 30)


def test_interlacing_is_seen(tmp_path: Path) -> None:
    options = {"flags": "+ilme+ildct", "x264-params": "interlaced=1:tff=1"}
    assert inspect(make_video(tmp_path / "tv.mp4", moving_square(6), 25, options=options)).interlaced
    assert not inspect(make_video(tmp_path / "film.mp4", moving_square(6), 25)).interlaced
