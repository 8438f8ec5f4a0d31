"""Files are decoded in a child, and nobody who reads them notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.media import confined
from pipelines.media.images import image_size
from pipelines.media.metadata import read_field
from pipelines.media.mixing import check_sound, mixed
from pipelines.media.probe import inspect
from pipelines.media.read import read_alpha, read_image, read_mask, read_video
from pipelines.types import Sound
from tests.media_samples import make_video, moving_square, picture, tone, turn
from tests.pipelines.media.children import in_process

pytestmark = pytest.mark.skipif(not confined.decodes_apart(), reason="decoding in a child needs Linux")
HDR = (9, 16, 9, 1)  # BT.2020 with PQ


def _videos(folder: Path) -> Iterator[tuple[str, Path]]:
    square = moving_square(20)
    yield "H.264", make_video(folder / "plain.mp4", square)
    yield "turned", turn(make_video(folder / "turned.mp4", square), "90")
    yield "mirrored", turn(make_video(folder / "mirrored.mp4", square), "mirror")
    yield "variable rate", make_video(folder / "rate.mkv", square, times=[0.04 * i + 0.01 * (i % 3) for i in range(20)])
    yield "HDR", make_video(folder / "hdr.mp4", square, codec="libx265", pixels="yuv420p10le", colour=HDR)
    alpha = np.concatenate([square, square[::-1, :, :, :1]], axis=3)
    yield "alpha", make_video(folder / "alpha.mov", alpha, codec="qtrle", pixels="argb")
    yield "ProRes", make_video(folder / "prores.mov", square, codec="prores_ks", pixels="yuv422p10le")
    yield "VP9", make_video(folder / "vp9.webm", square, codec="libvpx-vp9")
    yield "AV1", make_video(folder / "av1.mp4", square, codec="libsvtav1", options={"svtav1-params": "lp=1"})
    yield "GIF", make_video(folder / "anim.gif", square, codec="gif", pixels="rgb8")
    yield "oblong", make_video(folder / "oblong.mp4", square, aspect=Fraction(4, 3))


KINDS = ["H.264", "turned", "mirrored", "variable rate", "HDR", "alpha", "ProRes", "VP9", "AV1", "GIF", "oblong"]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return dict(_videos(tmp_path_factory.mktemp("videos")))


def both(read: Callable[[], Any]) -> tuple[Any, Any]:
    """What is read in a child and what is read here."""
    apart = read()
    with in_process():
        return apart, read()


@pytest.mark.parametrize("kind", KINDS)
def test_videos_and_masks_are_the_same_bit_for_bit(videos: dict[str, Path], kind: str) -> None:
    path = videos[kind]
    one, other = both(lambda: inspect(path))
    assert one == other
    readings: list[Callable[[], Any]] = [
        lambda: read_video(path).chunks,
        lambda: read_video(path, start=0.3, frame_rate=Fraction(30), size=(50, 34)).chunks,
        lambda: read_mask(path, size=(64, 48), num_frames=25, frame_rate=Fraction(24)),
    ]
    for reading in readings:
        one, other = both(lambda reading=reading: np.concatenate(list(reading())))
        assert one.dtype == other.dtype and np.array_equal(one, other)


def test_every_kind_of_video_is_compared(videos: dict[str, Path]) -> None:
    assert list(videos) == KINDS


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.bmp", "a.avif", "deep.png", "alpha.png"])
def test_pictures_and_their_transparency_are_the_same_bit_for_bit(tmp_path: Path, name: str) -> None:
    path, pixels = tmp_path / name, picture(90, 60)
    if name == "deep.png":
        Image.fromarray(pixels[..., 0].astype(np.uint16) * 200).save(path)
    elif name == "alpha.png":
        Image.fromarray(np.dstack([pixels, pixels[..., 0]])).save(path)
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(pixels).save(path, **({"exif": exif} if name == "a.jpg" else {}))
    assert len({repr(each) for each in both(lambda: image_size(path))}) == 1
    for read in (read_image, read_alpha):
        one, other = both(lambda read=read: read(path))
        assert np.array_equal(one, other) and (one is None) == (other is None)


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_sound_is_the_same_sample_for_sample(tmp_path: Path, ending: str) -> None:
    codec = {"mp4": "aac", "mov": "pcm_s16le", "mkv": "libopus"}[ending]
    path = make_video(tmp_path / f"a.{ending}", moving_square(48), sound=tone(2, onset=0.3), sound_codec=codec)
    for sound in (Sound(path), Sound(path, 0.5, speed=0.4, music=path, fade_out=0.2)):
        one, other = both(lambda sound=sound: np.concatenate(list(mixed(sound, 1.5)), axis=1))
        assert np.array_equal(one, other) and np.abs(one).max() > 0.3


def test_no_file_is_decoded_in_the_process_itself(
    videos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = make_video(tmp_path / "sample.mp4", moving_square(12), sound=tone(0.5))
    still = tmp_path / "still.png"
    Image.fromarray(picture(64, 48)).save(still)

    def decoding(*_args: object, **_options: object) -> None:
        raise AssertionError("decoded here")

    monkeypatch.setattr(av, "open", decoding)
    monkeypatch.setattr(Image, "open", decoding)
    for read in (
        lambda: list(read_video(videos["alpha"]).chunks),
        lambda: list(read_mask(still, size=(64, 48), num_frames=2, frame_rate=Fraction(24))),
        lambda: read_image(still),
        lambda: read_alpha(still),
        lambda: image_size(still),
        lambda: read_field(sample, "comment"),
        lambda: check_sound(sample),
        lambda: list(mixed(Sound(sample, music=sample), 0.3)),
    ):
        read()
