"""Putting the source back: what was made is laid over the source's own frames, and nothing else of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.finishing.chunks import frames_of, in_chunks
from pipelines.types import Frame, Frames, FrameStream, Mask

GREEN = (0, 255, 0)


@dataclass(frozen=True)
class PutBack:
    """Made frames where the mask is 255, the source's own where it is 0, a blend between.

    source    opens the source: frames of the size, rate and number the clip shall have
    mask      opens the mask that runs alongside it
    feather   pixels over which the mask's edge is softened first; 0 takes the mask as it is

    The made frames must have the source's size and rate already; where they end early the last one is held.
    """

    source: Callable[[], FrameStream]
    mask: Callable[[], Iterator[Mask]]
    feather: int = 0

    def apply(self, stream: FrameStream) -> FrameStream:
        source = self.source()
        made, kept = (stream.width, stream.height, stream.frame_rate), (source.width, source.height, source.frame_rate)
        if made != kept:
            raise ValueError(f"made frames are {made}, the source's are {kept}: resize and interpolate first")
        return replace(source, chunks=in_chunks(self._composited(stream, source), source.width, source.height))

    def _composited(self, stream: FrameStream, source: FrameStream) -> Iterator[Frame]:
        made, masks = _held(frames_of(stream.chunks)), _held(frames_of(self.mask()))
        for kept in frames_of(source.chunks):
            yield composite(next(made), kept, softened(next(masks), self.feather))


@dataclass(frozen=True)
class GreenScreen:
    """Plain green where the mask is 0, the frame itself where it is 255, a blend between."""

    mask: Callable[[], Iterator[Mask]]
    feather: int = 0

    def apply(self, stream: FrameStream) -> FrameStream:
        return replace(stream, chunks=self._screened(stream))

    def _screened(self, stream: FrameStream) -> Iterator[Frames]:
        green = np.full((stream.height, stream.width, 3), GREEN, np.uint8)
        masks = _held(frames_of(self.mask()))
        for chunk in stream.chunks:
            yield np.stack([composite(frame, green, softened(next(masks), self.feather)) for frame in chunk])


def composite(made: Frame, kept: Frame, mask: NDArray[np.uint8]) -> Frame:
    """(H, W, 3): `kept` bit for bit where the (H, W) mask is 0, `made` bit for bit where it is 255, a blend between."""
    result = kept.copy()
    cv2.copyTo(made, np.asarray(cv2.inRange(mask, 255, 255)), result)
    edge = np.flatnonzero(cv2.inRange(mask, 1, 254))
    if len(edge):
        below, above = kept.reshape(-1, 3)[edge].astype(np.float32), made.reshape(-1, 3)[edge]
        weight = mask.ravel()[edge, None] / np.float32(255)
        result.reshape(-1, 3)[edge] = np.rint(below + (above - below) * weight)
    return result


def softened(mask: NDArray[np.uint8], feather: int) -> NDArray[np.uint8]:
    """The mask with its edge spread over about `feather` pixels to each side."""
    if feather == 0:
        return mask
    return np.asarray(cv2.GaussianBlur(mask, (2 * feather + 1, 2 * feather + 1), 0), np.uint8)


def _held(frames: Iterator[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """The frames, then the last one for ever."""
    last = None
    for last in frames:
        yield last
    if last is not None:
        yield from chain.from_iterable(repeat((last,)))
