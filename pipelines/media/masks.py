"""Masks: a picture held for the whole clip, or a video that runs alongside its source. 255 = make, 0 = keep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import MediaError
from pipelines.media.confined import confined_stream
from pipelines.media.container import SNIFFED, open_bytes, shown_name, sniff
from pipelines.media.images import image_size, read_alpha, read_image
from pipelines.media.pictures import chunk_length, pictures_at
from pipelines.media.probe import Track, inspect, probe_video
from pipelines.media.upright import to_rgb, to_rgba
from pipelines.types import Frame, Mask

_LOOK_SECONDS = 1.0
_RINGING = 12  # levels near black and white that lossy coding invents


def mask_size(path: Path | str) -> tuple[int, int]:
    """(width, height) of a mask picture or mask video, upright. Raises MediaError for what cannot be read."""
    path = Path(path)
    if is_video(path):
        info = probe_video(path)
        return info.width, info.height
    return image_size(path)


def check_mask(path: Path | str, width: int, height: int) -> None:
    """Raise MediaError unless the mask has exactly the size of its video and marks something."""
    path = Path(path)
    size = mask_size(path)
    if size != (width, height):
        raise MediaError(
            f"The mask {shown_name(path)} is {size[0]}x{size[1]} pixels but the video is {width}x{height}. "
            "Make a mask of the video's size."
        )
    if not _marks_something(path, size):
        raise MediaError(
            f"The mask {shown_name(path)} is all black: it marks nothing to change. Paint the subject white."
        )


def _marks_something(path: Path, size: tuple[int, int]) -> bool:
    """Whether anything in it is not black; of a long video that begins black, that is believed after a while."""
    if not is_video(path):
        return bool(_held(path).any())
    track = inspect(path)
    deadline = time.monotonic() + _LOOK_SECONDS
    moving = _moving(path, track, size, track.info.num_frames, track.info.frame_rate, 0.0)
    return any(mask.any() or time.monotonic() > deadline for mask in moving)


def read_mask(
    path: Path | str,
    *,
    size: tuple[int, int],
    num_frames: int,
    frame_rate: Fraction,
    start: float = 0.0,
    seconds: float | None = None,
) -> Iterator[Mask]:
    """The mask in chunks of at most 16 frames, (n, height, width) uint8, `num_frames` in all, scaled to `size`.

    White, or where there is transparency the solid part, is 255. A picture is held; of a video, frame i is the picture
    nearest in time to start + i / frame_rate, and its last one is held where the mask or `seconds` end first.
    """
    path = Path(path)
    width, height = size
    room = chunk_length(width, height)
    if not is_video(path):
        held = _scaled(_held(path), width, height)
        for begin in range(0, num_frames, room):
            yield np.repeat(held[None], min(room, num_frames - begin), axis=0)
        return
    track = inspect(path)
    wanted = num_frames if seconds is None else min(num_frames, max(1, round(seconds * frame_rate)))
    masks = _moving(path, track, size, wanted, frame_rate, start)
    mask = next(masks)
    for begin in range(0, num_frames, room):
        chunk = np.empty((min(room, num_frames - begin), height, width), np.uint8)
        for index in range(len(chunk)):
            chunk[index] = mask
            mask = next(masks, mask)
        yield chunk


@confined_stream
def _moving(
    path: Path, track: Track, size: tuple[int, int], count: int, rate: Fraction, start: float
) -> Iterator[NDArray[np.uint8]]:
    width, height = size
    by_alpha: bool | None = None if track.info.has_alpha else False
    for frame in pictures_at(path, track, start, rate, count):
        if by_alpha is None:  # some formats always carry transparency, and leave it solid
            by_alpha = bool(to_rgba(frame, width, height, track.turn)[..., 3].min() < 255)
        if by_alpha:
            yield _clean(np.ascontiguousarray(to_rgba(frame, width, height, track.turn)[..., 3]))
        else:
            yield _clean(_grey(to_rgb(frame, width, height, track.turn)))


def _held(path: Path) -> NDArray[np.uint8]:
    """A mask picture at its own size."""
    alpha = read_alpha(path)
    return _clean(_grey(read_image(path)) if alpha is None else alpha)


def _grey(frame: Frame) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)


def _clean(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nearly black to black and nearly white to white, so that what is kept is kept exactly."""
    levels = np.arange(256)
    levels[:_RINGING], levels[-_RINGING:] = 0, 255
    return np.asarray(cv2.LUT(mask, levels.astype(np.uint8)), np.uint8)


def _scaled(mask: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if mask.shape == (height, width):
        return mask
    shrinks = width < mask.shape[1] or height < mask.shape[0]
    smooth = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (width, height), interpolation=smooth), np.uint8)


def is_video(path: Path) -> bool:
    """Whether a file is a video rather than a picture, by its first bytes; an animated GIF counts as a video."""
    with open_bytes(path) as file:
        return sniff(file.read(SNIFFED)) in ("mov", "matroska", "gif") and not _is_avif(path)


def _is_avif(path: Path) -> bool:
    """AVIF pictures lie in the same kind of container as MP4 video, under a brand of their own."""
    with path.open("rb") as file:
        return file.read(12)[8:] in (b"avif", b"avis", b"mif1")
