"""Pictures of every kind come out upright, in sRGB, on white; what is no picture is refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.errors import MediaError
from pipelines.media.images import fit_cover, image_size, read_alpha, read_image
from tests.media_samples import TO_STORED, picture, psnr


def _saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_a_png_comes_back_bit_for_bit_whatever_its_name(tmp_path: Path) -> None:
    shown = picture(50, 40)
    path = _saved(tmp_path / "p.png", Image.fromarray(shown))
    renamed = path.rename(tmp_path / "p.jpg")
    assert (read_image(renamed) == shown).all()
    assert image_size(renamed) == (50, 40)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "bmp", "avif"])
def test_other_formats_are_read(tmp_path: Path, suffix: str) -> None:
    path = _saved(tmp_path / f"p.{suffix}", Image.fromarray(picture(64, 48)), quality=95)
    assert psnr(read_image(path), picture(64, 48)) > 25


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_come_upright(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(picture(48, 32))
    stored = upright.transpose(TO_STORED[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = _saved(tmp_path / "p.png", stored, exif=exif)
    assert (read_image(path) == picture(48, 32)).all()
    assert image_size(path) == (48, 32)


def test_an_unknown_orientation_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 9
    path = _saved(tmp_path / "p.png", Image.fromarray(picture(48, 32)), exif=exif)
    assert (read_image(path) == picture(48, 32)).all()


def test_sixteen_bit_grey_keeps_its_levels(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(0, 65536, 1024, dtype=np.uint16), (32, 1))
    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), ramp)
    grey = read_image(path)[0, :, 0]
    assert (grey == np.round(ramp[0] / 257)).all()


def test_transparency_lies_on_white_and_is_available(tmp_path: Path) -> None:
    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[:, :16] = (255, 0, 0, 255)
    rgba[:, 16:] = (0, 0, 0, 51)
    path = _saved(tmp_path / "p.png", Image.fromarray(rgba))
    frame = read_image(path)
    assert tuple(frame[0, 0]) == (255, 0, 0)
    assert tuple(frame[0, 31]) == (204, 204, 204)
    alpha = read_alpha(path)
    assert alpha is not None
    assert (alpha == rgba[..., 3]).all()
    assert read_alpha(_saved(tmp_path / "q.png", Image.fromarray(picture(32, 32)))) is None


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "RGBA"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    path = _saved(tmp_path / f"p.{suffix}", Image.fromarray(picture(32, 24)).convert(mode))
    assert read_image(path).shape == (24, 32, 3)


def test_a_colour_profile_is_applied(tmp_path: Path) -> None:
    flat = Image.fromarray(np.full((32, 32, 3), 128, np.uint8))
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    unfit = _saved(tmp_path / "unfit.png", flat, icc_profile=linear.tobytes())
    assert (read_image(unfit) == 128).all()  # a profile for another kind of colour says nothing
    broken = _saved(tmp_path / "broken.png", flat, icc_profile=b"not a profile")
    assert (read_image(broken) == 128).all()
    swapped = _saved(tmp_path / "swapped.png", Image.fromarray(picture(32, 32)), icc_profile=_swapped_profile())
    assert psnr(read_image(swapped), picture(32, 32)[..., [1, 0, 2]]) > 25


def _swapped_profile() -> bytes:
    """sRGB with the red and green primaries exchanged: its effect cannot be missed."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(data[128:132], "big")):
        begin = 132 + 12 * index
        name = bytes(data[begin : begin + 4])
        data[begin : begin + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    return bytes(data)


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((20, 20, 3), level, np.uint8)) for level in (10, 200)]
    path = _saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert abs(int(read_image(path).mean()) - 10) <= 2


def _png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n", "not a picture"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(100), "not a picture"),
        (_png_header(1, 1), "at least 16"),
        (_png_header(16, 400), "8 times"),
        (_png_header(12_000, 12_000), "million pixels"),
        (_png_header(65_535, 65_535), "million pixels"),
        (_png_header(64, 64), "damaged"),
    ],
)
def test_what_is_no_usable_picture_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=words) as caught:
        read_image(path)
    assert "photo.png" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_cut_off_jpeg_and_a_transparent_sheet_are_refused(tmp_path: Path) -> None:
    path = _saved(tmp_path / "p.jpg", Image.fromarray(picture(200, 200)))
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(MediaError, match="damaged"):
        read_image(path)
    clear = _saved(tmp_path / "clear.png", Image.new("RGBA", (32, 32), (9, 9, 9, 0)))
    with pytest.raises(MediaError, match="transparent"):
        read_image(clear)


def test_fit_cover_crops_around_the_centre_without_stretching() -> None:
    frame = np.zeros((100, 300, 3), np.uint8)
    cv2.circle(frame, (150, 50), 30, (255, 255, 255), -1)
    fitted = fit_cover(frame, 64, 48)
    down, across = np.nonzero(fitted[..., 0] > 127)
    assert fitted.shape == (48, 64, 3)
    assert abs(np.ptp(down) - np.ptp(across)) <= 1
    assert abs(across.mean() - 31.5) < 1
    assert fit_cover(picture(20, 30), 80, 80).shape == (80, 80, 3)
