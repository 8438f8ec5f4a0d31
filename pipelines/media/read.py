"""Reading: a video as a stream of upright RGB frames at a constant rate; pictures and masks beside it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipelines.media.confined import confined_stream
from pipelines.media.images import fit_cover, read_alpha, read_image
from pipelines.media.masks import check_mask, mask_size, read_mask
from pipelines.media.pictures import chunk_length, pictures_at
from pipelines.media.probe import Track, inspect, used_seconds
from pipelines.media.upright import to_rgb
from pipelines.types import Frames, FrameStream

__all__ = ["check_mask", "fit_cover", "mask_size", "read_alpha", "read_image", "read_mask", "read_video"]


def read_video(
    path: Path | str,
    *,
    start: float = 0.0,
    seconds: float | None = None,
    frame_rate: Fraction | None = None,
    size: tuple[int, int] | None = None,
) -> FrameStream:
    """The video from `start` on, `seconds` of it or all, as chunks of at most 16 frames.

    Frame i is the picture nearest in time to start + i / frame_rate: a variable rate becomes constant, length is kept.
    `frame_rate` is the file's own if left out. `size` (width, height) scales to exactly that, whatever the shape; left
    out, the upright size is kept.
    The file is decoded as the chunks are taken; memory does not grow with its length.
    Raises MediaError at once for what cannot be read, and while reading if the file turns out damaged.
    """
    path = Path(path)
    track = inspect(path)
    rate = frame_rate or track.info.frame_rate
    count = max(1, round(used_seconds(track.info, path, start, seconds) * rate))
    width, height = size or (track.info.width, track.info.height)
    return FrameStream(_chunks(path, track, start, rate, count, (width, height)), width, height, rate, count)


@confined_stream
def _chunks(
    path: Path, track: Track, start: float, rate: Fraction, count: int, size: tuple[int, int]
) -> Iterator[Frames]:
    width, height = size
    room = chunk_length(width, height)
    chunk = np.empty((min(room, count), height, width, 3), np.uint8)
    filled, left, shown = 0, count, None
    for frame in pictures_at(path, track, start, rate, count):
        held = frame is shown and filled > 0
        chunk[filled] = chunk[filled - 1] if held else to_rgb(frame, width, height, track.turn)
        filled, left, shown = filled + 1, left - 1, frame
        if filled == len(chunk):
            yield chunk
            chunk, filled = np.empty((min(room, left), height, width, 3), np.uint8), 0
