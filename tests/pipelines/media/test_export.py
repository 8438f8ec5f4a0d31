"""Every format holds the clip it was given: frames, size, timing, sound where it has any."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.media.export import FORMATS, export_video
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.types import Sound
from tests.media_samples import collect, make_video, moving_square, picture, psnr, stream_of, tone


def _animation(path: Path) -> tuple[np.ndarray, list[int], int]:
    """(F, H, W, 3) frames, milliseconds each is shown, and how often it repeats (0: for ever)."""
    frames, shown = [], []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")))
            shown.append(int(image.info["duration"]))
        return np.stack(frames), shown, int(image.info["loop"])


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_an_animated_picture_shows_every_frame_for_its_time(tmp_path: Path, ending: str) -> None:
    frames = np.stack([np.roll(picture(97, 63), 3 * index, axis=1) for index in range(13)])
    export_video(stream_of(frames, Fraction(25, 2)), tmp_path / f"clip{ending}")
    seen, shown, loop = _animation(tmp_path / f"clip{ending}")
    assert seen.shape == frames.shape
    assert shown == [80] * 13
    assert loop == 0
    assert min(psnr(one, other) for one, other in zip(seen, frames, strict=True)) > 27


def test_a_gifs_hundredths_add_up_to_the_clips_length(tmp_path: Path) -> None:
    export_video(stream_of(moving_square(24), 24), tmp_path / "clip.gif")
    _, shown, _ = _animation(tmp_path / "clip.gif")
    assert set(shown) <= {40, 50}
    assert sum(shown) == pytest.approx(1000, abs=10)


def test_a_gif_too_fast_for_browsers_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    def untouched():
        raise AssertionError("a frame was asked for")
        yield

    stream = replace(stream_of(moving_square(2), 60), chunks=untouched())
    with pytest.raises(InputError, match="50 frames a second at most, not 60"):
        export_video(stream, tmp_path / "clip.gif")


def test_the_web_gets_vp9_and_opus_in_step(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    make_video(source, moving_square(36, 96, 64), Fraction(24), sound=tone(1.5, onset=0.5))
    export_video(read_video(source), tmp_path / "clip.webm", sound=Sound(source))
    info = probe_video(tmp_path / "clip.webm")
    assert (info.width, info.height, info.num_frames, info.frame_rate) == (96, 64, 36, 24)
    with av.open(str(tmp_path / "clip.webm")) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["vp9", "opus"]
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    loud = np.flatnonzero(np.abs(sound) > 0.1)[0] / 48_000
    assert loud == pytest.approx(0.5, abs=0.02)
    assert psnr(collect(read_video(tmp_path / "clip.webm")), collect(read_video(source))) > 30


def test_pictures_are_the_frames_bit_for_bit(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (4, 33, 47, 3), dtype=np.uint8)
    export_video(stream_of(frames, chunk=3), tmp_path / "clip.zip")
    with zipfile.ZipFile(tmp_path / "clip.zip") as archive:
        assert archive.namelist() == [f"frame-{index:05}.png" for index in range(4)]
        seen = [np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()]
    assert np.array_equal(seen, frames)


def test_another_ending_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"clip\.avi.*\.mp4, \.webm, \.mov, \.gif, \.webp, \.zip, \.jpg"):
        export_video(stream_of(moving_square(2)), tmp_path / "clip.avi")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_failure_half_way_leaves_nothing_and_the_old_file_as_it_was(tmp_path: Path, ending: str) -> None:
    stream = stream_of(moving_square(10))

    def broken():
        yield next(stream.chunks)
        raise RuntimeError("the source went away")

    (tmp_path / f"clip{ending}").write_bytes(b"older")
    with pytest.raises(RuntimeError, match="went away"):
        export_video(replace(stream, chunks=broken()), tmp_path / f"clip{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [f"clip{ending}"]
    assert (tmp_path / f"clip{ending}").read_bytes() == b"older"


@pytest.mark.parametrize(
    ("ending", "codec", "name", "tag", "floor"),
    [
        (".mp4", "h264", "h264", "avc1", 30),
        (".mp4", "h265", "hevc", "hvc1", 30),
        (".mp4", "av1", "libdav1d", "av01", 30),
        (".webm", "vp9", "vp9", None, 30),
        (".mov", "prores", "prores", "ap4h", 40),
    ],
)
def test_every_codec_keeps_frames_rate_length_and_tags(
    tmp_path: Path, ending: str, codec: str, name: str, tag: str | None, floor: float
) -> None:
    frames = np.stack([np.roll(picture(160, 96), 2 * index, axis=1) for index in range(24)])
    source = make_video(tmp_path / "sound.mp4", frames, Fraction(24000, 1001), sound=tone(1.0))
    out = tmp_path / f"clip{ending}"
    export_video(stream_of(frames, Fraction(24000, 1001)), out, Sound(source), codec=codec)
    info = probe_video(out)
    assert (info.width, info.height, info.frame_rate, info.num_frames) == (160, 96, Fraction(24000, 1001), 24)
    assert info.has_audio
    assert psnr(collect(read_video(out)), frames) > floor
    with av.open(str(out)) as container:
        context = container.streams.video[0].codec_context
        assert name in (context.codec.name, context.codec.canonical_name)
        assert tag in (None, context.codec_tag)
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)


@pytest.mark.parametrize(("ending", "codec"), [(".mp4", "h264"), (".mp4", "h265"), (".mp4", "av1"), (".webm", "vp9")])
def test_better_quality_keeps_more_and_takes_more_room(tmp_path: Path, ending: str, codec: str) -> None:
    rng = np.random.default_rng(0)
    grain = rng.integers(-12, 13, (12, 96, 160, 3))
    frames = np.clip(np.stack([picture(160, 96)] * 12) + grain, 0, 255).astype(np.uint8)
    sizes, kept = [], []
    for quality in ("draft", "good", "master"):
        out = tmp_path / f"{quality}{ending}"
        export_video(stream_of(frames), out, codec=codec, quality=quality)
        sizes.append(out.stat().st_size)
        kept.append(psnr(collect(read_video(out)), frames))
    assert sizes == sorted(sizes)
    assert kept == sorted(kept)


@pytest.mark.parametrize(
    ("name", "codec", "sentence"),
    [("a.mp4", "vp9", r"vp9 does not go into a \.mp4"), ("a.gif", "h264", "a .gif file takes none")],
)
def test_a_codec_that_does_not_fit_is_named(tmp_path: Path, name: str, codec: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        export_video(stream_of(moving_square(2)), tmp_path / name, codec=codec)
    assert not list(tmp_path.iterdir())


def test_transparency_needs_a_codec_that_knows_it(tmp_path: Path) -> None:
    matte = iter([np.zeros((2, 48, 64), np.uint8)])
    with pytest.raises(InputError, match="no transparency"):
        export_video(stream_of(moving_square(2)), tmp_path / "a.mp4", matte=matte)


def test_pictures_carry_the_matte(tmp_path: Path) -> None:
    matte = np.zeros((2, 48, 64), np.uint8)
    matte[:, :, 32:] = 200
    export_video(stream_of(moving_square(2)), tmp_path / "a.zip", matte=iter([matte]))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        shown = np.asarray(Image.open(io.BytesIO(archive.read("frame-00001.png"))))
    assert (shown[..., 3] == matte[1]).all()
    assert (shown[..., :3] == moving_square(2)[1]).all()


@pytest.mark.parametrize(("count", "size"), [(1, (64, 48)), (5, (256, 96)), (100, (256, 144))])
def test_a_contact_sheet_shows_twelve_frames_from_first_to_last(tmp_path: Path, count: int, size: tuple) -> None:
    frames = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None] * 2, (count, 48, 64, 3))
    export_video(stream_of(np.ascontiguousarray(frames)), tmp_path / "sheet.jpg")
    with Image.open(tmp_path / "sheet.jpg") as image:
        assert image.size == size
        sheet = np.asarray(image.convert("L")).astype(int)
    cells = [sheet[y + 24, x + 32] for y in range(0, size[1], 48) for x in range(0, size[0], 64)][: min(count, 12)]
    assert cells == sorted(cells)
    assert abs(cells[0]) <= 1 and abs(cells[-1] - 2 * (count - 1)) <= 1
