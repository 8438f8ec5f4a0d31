"""Pictures: opened through Pillow, HEIC by its plugin, under a format allow-list; upright, in sRGB, on white."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps
from pillow_heif import HeifImageFile

from pipelines.errors import MediaError
from pipelines.media.confined import confined
from pipelines.media.container import SNIFFED, open_bytes, shown_name, sniff_heif
from pipelines.media.limits import MAX_IMAGE_PIXELS, check_image_size, check_passes
from pipelines.media.upright import on_white
from pipelines.types import Frame

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF")
_KINDS = "PNG, JPEG, HEIC, WebP, AVIF, GIF or BMP"
_DAMAGED = "{name} is damaged or incomplete and cannot be read. Upload it again."
_MAX_PROFILE = 4_000_000  # bytes; a real ICC profile is far smaller
_ORIENTATION = 0x0112  # EXIF tag
_PASS = b"\xff\xda"  # begins a scan of a JPEG
_TURNED = range(5, 9)  # orientations with width and height exchanged

# Pillow's decoders report a damaged file with any of these.
_DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError, RuntimeError,
    MemoryError, struct.error, zlib.error,
)  # fmt: skip


@confined
def image_size(path: Path) -> tuple[int, int]:
    """(width, height) of a picture, upright, from its header alone. Raises MediaError as `read_image` does."""
    with _opened(path) as image:
        return _upright_size(image)


def read_image(path: Path | str) -> Frame:
    """The picture: (H, W, 3) uint8 sRGB, upright, transparency composited on white; the first frame of an animation.

    Raises MediaError for a missing, damaged, foreign, tiny, huge, very narrow or wholly transparent picture.
    """
    pixels = _pixels(Path(path))
    if pixels.shape[2] == 3:
        return pixels
    if pixels[..., 3].max() == 0:
        raise MediaError(
            f"{shown_name(Path(path))} is fully transparent: there is nothing to see in it. Choose another picture."
        )
    return on_white(pixels)


def read_alpha(path: Path | str) -> NDArray[np.uint8] | None:
    """The picture's transparency, (H, W) uint8 with 255 = solid, upright; None if every pixel is solid."""
    pixels = _pixels(Path(path))
    if pixels.shape[2] == 3 or pixels[..., 3].min() == 255:
        return None
    return np.ascontiguousarray(pixels[..., 3])


def on_black(frames: Frame, width: int, height: int) -> Frame:
    """(…, H, W, 3) laid whole in the middle of black, (…, height, width, 3); neither side may be larger than that."""
    tall, wide = frames.shape[-3:-1]
    if (wide, tall) == (width, height):
        return frames
    top, left = (height - tall) // 2, (width - wide) // 2
    ground = np.zeros((*frames.shape[:-3], height, width, 3), np.uint8)
    ground[..., top : top + tall, left : left + wide, :] = frames
    return ground


def fit_cover(frame: Frame, width: int, height: int) -> Frame:
    """The picture scaled to cover width x height and cropped to it around its centre; never stretched."""
    tall, wide = frame.shape[:2]
    scale = max(width / wide, height / tall)
    size = max(width, round(wide * scale)), max(height, round(tall * scale))
    if size != (wide, tall):
        smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4
        frame = np.asarray(cv2.resize(frame, size, interpolation=smooth), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(frame[top : top + height, left : left + width])


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture with its header read and its size found acceptable; nothing decoded yet."""
    name = shown_name(path)
    with open_bytes(path) as file:
        try:
            image = HeifImageFile(file) if _is_heic(file) else Image.open(file, formats=FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise MediaError(
                f"{name} has more than {MAX_IMAGE_PIXELS // 1_000_000} million pixels. Make it smaller first."
            ) from error
        except _DAMAGE as error:
            if _is_heic(file):
                raise MediaError(_DAMAGED.format(name=name)) from error
            raise MediaError(f"{name} is not a picture Septet can read. Use {_KINDS}.") from error
        with image:
            check_image_size(name, *image.size)
            if image.format == "JPEG":
                check_passes(name, _passes(file))
            if image.mode == "F":
                raise MediaError(f"{name} holds floating-point values. Save it as an 8- or 16-bit PNG.")
            yield image


def _is_heic(file: BinaryIO) -> bool:
    """Whether it begins as the pictures of iPhones do. Pillow knows nothing of those."""
    file.seek(0)
    head = file.read(SNIFFED)
    file.seek(0)
    return sniff_heif(head)


def _passes(file: BinaryIO) -> int:
    """How many times a JPEG goes over its pixels; nothing but the beginning of a pass has these two bytes."""
    place, count, before = file.tell(), 0, b""
    file.seek(0)
    while block := file.read(1 << 20):
        count += (before + block).count(_PASS)
        before = block[-1:]
    file.seek(place)
    return count


@confined
def _pixels(path: Path) -> Frame:
    """(H, W, 3) uint8 sRGB, upright, or (H, W, 4) where there may be transparency."""
    with _opened(path) as image:
        try:
            image.load()
            return np.asarray(_as_srgb(_upright(image)))
        except _DAMAGE as error:
            raise MediaError(_DAMAGED.format(name=shown_name(path))) from error


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if _orientation(image) in _TURNED else (width, height)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1  # unreadable EXIF says nothing about the pixels
    return value if isinstance(value, int) else 1


def _upright(image: Image.Image) -> Image.Image:
    with suppress(*_DAMAGE):  # unreadable EXIF says nothing about the pixels
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _as_srgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB in sRGB, RGBA where it has transparency, by the embedded colour profile if that is sound."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        levels = np.asarray(image).astype(np.int64)
        return Image.fromarray(((np.clip(levels, 0, 65535) + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("P", "PA", "1", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    plain = "RGBA" if "A" in image.getbands() else "RGB"
    if not profile or len(profile) > _MAX_PROFILE:
        return image.convert(plain)
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    colours = image.convert("RGB") if image.mode == "RGBA" else image.convert("L") if image.mode == "LA" else image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(colours, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert(plain)  # a profile that is broken, or for another kind of colour, is no help
    result = (changed or colours).convert(plain)
    if alpha is not None:
        result.putalpha(alpha)
    return result
