"""Resize: frames of exactly the asked size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.finishing.chunks import sliced
from pipelines.media.pictures import chunk_length
from pipelines.types import Frames, FrameStream


@dataclass(frozen=True)
class Resize:
    """Scale to width x height, whatever the shape was: averaging areas when smaller, bicubic when larger.

    Bicubic is within 0.1 dB of Lanczos at twice the size and more, and more than ten times faster on a CPU.
    """

    width: int
    height: int

    def apply(self, stream: FrameStream) -> FrameStream:
        if (stream.width, stream.height) == (self.width, self.height):
            return stream
        return replace(stream, chunks=self._resized(stream), width=self.width, height=self.height)

    def _resized(self, stream: FrameStream) -> Iterator[Frames]:
        smaller = self.width * self.height < stream.width * stream.height
        for chunk in sliced(stream.chunks, chunk_length(self.width, self.height)):
            yield resized(chunk, self.width, self.height, cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def resized(chunk: Frames, width: int, height: int, interpolation: int) -> Frames:
    """(n, H, W, 3) -> (n, height, width, 3), each frame scaled with that OpenCV interpolation."""
    result = np.empty((len(chunk), height, width, 3), np.uint8)
    for frame, target in zip(chunk, result, strict=True):
        cv2.resize(frame, (width, height), dst=target, interpolation=interpolation)
    return result
