"""The mask of a whole source, frame by frame: given, painted on the first frame, or found there, then carried."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.finishing.put_back import PutBack
from pipelines.media.masks import check_mask, is_video, read_mask
from pipelines.source import Source
from pipelines.subject import carry_mask_stream, refine, salient_mask
from pipelines.types import Frame, Mask

TRACK_SIDE = 480  # pixels of the short side at which a subject is followed: edges stay sharp, memory small
CHUNK = 8
EDGE_GROW, EDGE_FEATHER = 4, 8  # pixels of the source, around a subject nobody drew


class MaskTrack:
    """One (H, W) mask for every frame of a source at its own rate, kept compressed: long clips fit in memory."""

    def __init__(self, masks: Iterable[NDArray[np.uint8]]) -> None:
        self._frames: list[bytes] = []
        self._shape = (0, 0)
        for mask in masks:
            self._shape = mask.shape
            self._frames.append(zlib.compress(mask.tobytes(), 1))

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def height(self) -> int:
        """Of the masks as they are kept, in pixels."""
        return self._shape[0]

    def at(self, index: int, width: int, height: int) -> NDArray[np.uint8]:
        """The mask of frame `index` (held at the end) at a size, soft where it was scaled."""
        data = zlib.decompress(self._frames[min(index, len(self._frames) - 1)])
        mask = np.frombuffer(data, np.uint8).reshape(self._shape)
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    def map(self, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> MaskTrack:
        """A track with every mask changed."""
        height, width = self._shape
        return MaskTrack(change(self.at(index, width, height)) for index in range(len(self)))

    def stream(self, count: int, width: int, height: int) -> Iterator[Mask]:
        """Chunks of (n, height, width) for frames 0 .. count-1."""
        for start in range(0, count, CHUNK):
            yield np.stack([self.at(index, width, height) for index in range(start, min(count, start + CHUNK))])


def source_track(source: Source, mask: Path | None, carry: bool) -> MaskTrack:
    """Follow the subject through the source. Raises InputError or MediaError where there is nothing to follow.

    mask    a video: taken frame by frame; an image: the subject in the first frame; None: the salient subject there
    carry   whether an image follows the subject or stays where it is
    """
    size = _track_size(source)
    frames = _frames(source, size)
    if mask is None:
        first = next(frames)
        return MaskTrack(carry_mask_stream(chain([first], frames), salient_mask(first)))
    follows = carry and not is_video(mask)
    chunks = read_mask(
        mask,
        size=size,
        num_frames=1 if follows else source.num_frames,
        frame_rate=source.info.frame_rate,
        start=source.start,
        seconds=source.seconds,
    )
    if follows:
        return MaskTrack(carry_mask_stream(frames, next(chunks)[0]))
    return MaskTrack(frame for chunk in chunks for frame in chunk)


def check_subject(source: Source, mask: Path | None) -> None:
    """Quickly: is there a subject in the first frame, does the mask fit the source? Raises InputError, MediaError."""
    if mask is None:
        salient_mask(next(_frames(source, _track_size(source))))
    else:
        check_mask(mask, source.info.width, source.info.height)


def put_back_around(source: Source, subject: MaskTrack, *, inverted: bool) -> PutBack:
    """The source everywhere but in its found subject, or but around it, with an edge a few pixels wider and soft."""
    grow = round(EDGE_GROW * subject.height / source.info.height)
    region = subject.map(lambda mask: refine(mask, grow=grow, invert=inverted))

    def masks() -> Iterator[Mask]:
        return region.stream(source.num_frames, source.info.width, source.info.height)

    return PutBack(source.read, masks, EDGE_FEATHER)


def source_index(frame: int, rate: Fraction, source: Source) -> int:
    """Which frame of the source is shown at the model's frame `frame`."""
    return min(source.num_frames - 1, round(frame / rate * source.info.frame_rate))


def _track_size(source: Source) -> tuple[int, int]:
    scale = min(1.0, TRACK_SIDE / min(source.info.width, source.info.height))
    return max(16, round(source.info.width * scale)), max(16, round(source.info.height * scale))


def _frames(source: Source, size: tuple[int, int]) -> Iterator[Frame]:
    for chunk in source.read(size).chunks:
        yield from chunk
