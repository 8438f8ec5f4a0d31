"""Reading: upright, square, right in colour, at a constant rate, in chunks, whatever the file holds."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from tests.media_samples import MATRICES, collect, grey_levels, make_video, moving_square, picture, psnr, turn

LOSSLESS = {"crf": "0", "preset": "ultrafast"}


def _shown(frames: np.ndarray, step: int = 4) -> list[int]:
    """Which frames of `grey_levels` these are."""
    return [round((float(frame.mean()) - 20) / step) for frame in frames]


def test_frames_come_back_in_order_and_nearly_exact(tmp_path: Path) -> None:
    frames = moving_square(40)
    stream = read_video(make_video(tmp_path / "clip.mp4", frames, options=LOSSLESS))
    chunks = list(stream.chunks)
    assert [len(chunk) for chunk in chunks] == [16, 16, 8]
    assert (stream.num_frames, stream.width, stream.height, stream.frame_rate) == (40, 64, 48, 24)
    assert psnr(np.concatenate(chunks), frames) > 38  # what 4:2:0 takes from these colours


def test_grey_comes_back_without_a_bias(tmp_path: Path) -> None:
    frames = grey_levels(50)
    read = collect(read_video(make_video(tmp_path / "grey.mp4", frames, options=LOSSLESS)))
    assert np.abs(read.astype(int) - frames).max() <= 1


@pytest.mark.parametrize(("colour", "name"), [((1, 1, 1, 1), "709"), ((6, 6, 6, 1), "601"), ((1, 1, 1, 2), "full")])
def test_the_tagged_matrix_and_range_are_honoured(tmp_path: Path, colour: tuple[int, int, int, int], name: str) -> None:
    frames = np.stack([picture(64, 48)] * 2)
    path = make_video(tmp_path / f"{name}.mp4", frames, colour=colour, options=LOSSLESS)
    centre = collect(read_video(path))[0, 2:8, 2:12]
    assert np.abs(centre.astype(int) - (230, 30, 30)).max() <= 3


@pytest.mark.parametrize("matrix", MATRICES)
def test_turned_and_mirrored_video_comes_upright(tmp_path: Path, matrix: str) -> None:
    shown = picture(64, 48)
    expected = {
        "90": np.rot90(shown, -1),
        "180": np.rot90(shown, 2),
        "270": np.rot90(shown, 1),
        "mirror": shown[:, ::-1],
        "flip": shown[::-1],
        "transpose": shown.swapaxes(0, 1),
    }[matrix]
    path = turn(make_video(tmp_path / "phone.mp4", np.stack([shown] * 3), options=LOSSLESS), matrix)
    assert psnr(collect(read_video(path))[1], expected) > 27


def test_square_pixels(tmp_path: Path) -> None:
    circle = np.zeros((1, 96, 72, 3), np.uint8)
    cv2.ellipse(circle[0], (36, 48), (15, 30), 0, 0, 360, (255, 255, 255), -1)
    path = make_video(tmp_path / "dv.mov", circle, 25, aspect=Fraction(2, 1), options=LOSSLESS)
    frame = collect(read_video(path))[0]
    down, across = np.nonzero(frame[..., 0] > 127)
    assert frame.shape == (96, 144, 3)
    assert abs((np.ptp(across) + 1) - (np.ptp(down) + 1)) <= 2


@pytest.mark.parametrize(
    ("suffix", "codec", "pixels"),
    [
        ("mp4", "libx264", "yuv420p10le"),
        ("mkv", "ffv1", "yuv444p"),
        ("mov", "prores_ks", "yuv422p10le"),
        ("mkv", "ffv1", "gray"),
    ],
)
def test_other_depths_and_samplings_are_read(tmp_path: Path, suffix: str, codec: str, pixels: str) -> None:
    frames = np.repeat(moving_square(4)[..., :1], 3, axis=3)
    read = collect(read_video(make_video(tmp_path / f"clip.{suffix}", frames, codec=codec, pixels=pixels)))
    assert psnr(read, frames) > 32


def test_odd_sizes_are_kept(tmp_path: Path) -> None:
    frames = moving_square(4, 53, 41)
    read = collect(read_video(make_video(tmp_path / "odd.mkv", frames, codec="ffv1", pixels="yuv444p")))
    assert read.shape == (4, 41, 53, 3)
    assert psnr(read, frames) > 40


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("cut.mov", "qtrle", "argb"),
        ("cut.webm", "libvpx-vp9", "yuva420p"),
        ("old.webm", "libvpx", "yuva420p"),
        ("cut.mov", "prores_ks", "yuva444p10le"),
    ],
)
def test_transparency_lies_on_white(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    rgba = np.zeros((5, 48, 64, 4), np.uint8)
    rgba[:, :, :32] = (200, 0, 0, 255)
    options = {"auto-alt-ref": "0", "crf": "4", "b": "0"} if codec.startswith("libvpx") else {}
    path = make_video(tmp_path / name, rgba, codec=codec, pixels=pixels, options=options)
    frames = collect(read_video(path))
    assert probe_video(path).has_alpha
    assert len(frames) == 5
    assert frames[:, 4, 56].min() >= 250
    untagged = codec == "libvpx"  # VP8 has no place for colour tags, so BT.601 is assumed
    assert np.abs(frames[:, 4, 4].astype(int) - (200, 0, 0)).max() <= (20 if untagged else 8)


def test_a_part_of_a_transparent_video_begins_where_asked(tmp_path: Path) -> None:
    rgba = np.full((60, 48, 64, 4), 255, np.uint8)
    rgba[..., :3] = (20 + 3 * np.arange(60))[:, None, None, None]
    options = {"auto-alt-ref": "0", "crf": "4", "b": "0"}
    path = make_video(tmp_path / "cut.webm", rgba, 24, codec="libvpx-vp9", pixels="yuva420p", options=options)
    frames = collect(read_video(path, start=1.5, seconds=0.5))
    assert len(frames) == 12
    assert np.abs(frames.mean((1, 2, 3)) - (20 + 3 * np.arange(36, 48))).max() < 2


def test_a_variable_rate_becomes_constant_nearest_in_time(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.2, 0.21, 0.5, 0.9]
    path = make_video(tmp_path / "vfr.mp4", grey_levels(6, step=30), 25, times=times, options=LOSSLESS)
    stream = read_video(path, frame_rate=Fraction(20))
    shown = _shown(collect(stream), 30)
    expected = [int(np.argmin([abs(time - index / 20) for time in times])) for index in range(stream.num_frames)]
    assert shown == expected
    assert stream.num_frames / 20 == pytest.approx(0.9, abs=0.1)


@pytest.mark.parametrize("rate", [12, 24, 48, Fraction(30000, 1001)])
def test_another_rate_keeps_the_length(tmp_path: Path, rate: Fraction | int) -> None:
    path = make_video(tmp_path / "clip.mp4", grey_levels(24, step=8), 24, options=LOSSLESS)
    stream = read_video(path, frame_rate=Fraction(rate))
    shown = _shown(collect(stream), 8)
    assert len(shown) == stream.num_frames == round(rate)
    assert all(abs(index * 24 / rate - frame) <= 0.51 for index, frame in enumerate(shown) if frame < 23)


@pytest.mark.parametrize("start", [0.0, 0.5, 1.25, 1.75])
def test_a_part_begins_and_ends_where_asked(tmp_path: Path, start: float) -> None:
    frames = grey_levels(56)
    path = make_video(tmp_path / "clip.mp4", frames, 24, options={"crf": "4", "g": "12", "bf": "3"})
    stream = read_video(path, start=start, seconds=0.5)
    assert _shown(collect(stream)) == [round(start * 24) + index for index in range(12)]


def test_a_start_past_the_end_is_refused(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", moving_square(12))
    with pytest.raises(MediaError, match=r"lasts 0\.50 s"):
        read_video(path, start=3)


def test_size_scales_to_exactly_that(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", np.stack([picture(128, 96)] * 3), options=LOSSLESS)
    stream = read_video(path, size=(48, 32))
    frame = collect(stream)[0]
    assert (stream.width, stream.height) == (48, 32)
    assert psnr(frame, cv2.resize(picture(128, 96), (48, 32), interpolation=cv2.INTER_AREA)) > 28


def test_woven_fields_are_made_whole(tmp_path: Path) -> None:
    moving = moving_square(24, 96, 64, step=3)
    woven = moving[::2].copy()
    woven[:, 1::2] = moving[1::2, 1::2]
    options = {"flags": "+ilme+ildct", "x264-params": "interlaced=1:tff=1", "crf": "2"}
    read = collect(read_video(make_video(tmp_path / "tv.mp4", woven, 25, options=options)))

    def combing(frames: np.ndarray) -> float:
        grey = frames.astype(float).mean(-1)[2:-2]
        return float(np.abs(grey[:, 1:-1] * 2 - grey[:, :-2] - grey[:, 2:]).mean())

    assert len(read) == 12
    assert combing(read) < 0.5 * combing(woven)


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_brought_to_ordinary_brightness(tmp_path: Path, transfer: int) -> None:
    white = {16: 0.58, 18: 0.75}[transfer]  # code of diffuse white, ITU-R BT.2408
    frames = np.full((2, 48, 64, 3), round(white * 255), np.uint8)
    frames[:, :, 32:] = round(white * 255 * 0.6)
    path = make_video(tmp_path / "hdr.mp4", frames, pixels="yuv420p10le", colour=(9, transfer, 9, 1), options=LOSSLESS)
    frame = collect(read_video(path))[0].astype(int)
    assert frame[10, 10].min() > 215
    assert np.ptp(frame[10, 10]) <= 4
    assert 40 < frame[10, 50].mean() < 170


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    path = make_video(tmp_path / "anim.gif", grey_levels(6, step=30), 10, codec="gif", pixels="rgb8")
    stream = read_video(path)
    assert stream.num_frames == 6
    assert stream.frame_rate == 10


def test_damage_in_the_middle_costs_pictures_not_the_clip(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", moving_square(72, 160, 96, 1), 24, options={"g": "12", "crf": "10"})
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(data)
    assert len(collect(read_video(path))) == 72


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = make_video(tmp_path / f"{count}.mp4", moving_square(count, 320, 240), options={"preset": "ultrafast"})
        tracemalloc.start()
        for chunk in read_video(path).chunks:
            del chunk
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak_bytes

    assert peak(160) < 1.2 * peak(40)
