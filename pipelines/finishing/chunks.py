"""Taking a stream of frames apart and putting it together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pipelines.media.pictures import chunk_length


def frames_of(chunks: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """Chunks of (n, ...) -> their frames one by one, as views."""
    for chunk in chunks:
        yield from chunk


def sliced(chunks: Iterable[NDArray[np.uint8]], length: int) -> Iterator[NDArray[np.uint8]]:
    """The same chunks cut to `length` frames at most, for work whose answer is larger than what it was asked on."""
    for chunk in chunks:
        for begin in range(0, len(chunk), length):
            yield chunk[begin : begin + length]


def frame_by_frame(
    chunks: Iterable[NDArray[np.uint8]], change: Callable[[NDArray[np.uint8], NDArray[np.uint8]], None]
) -> Iterator[NDArray[np.uint8]]:
    """Chunks of the same shapes, each frame of them written by `change(frame, target)`, in order."""
    for chunk in chunks:
        result = np.empty_like(chunk)
        for frame, target in zip(chunk, result, strict=True):
            change(frame, target)
        yield result


def in_chunks(frames: Iterator[NDArray[np.uint8]], width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Frames of one size -> chunks of (n, ...), 16 at most and fewer where frames are large."""
    length = chunk_length(width, height)
    while batch := list(islice(frames, length)):
        yield np.stack(batch)
