"""Sharpen: edges drawn a little harder, by unsharp masking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.types import Frames, FrameStream

_FINEST, _PER_LINE = 0.8, 1 / 500  # radius of the blur in pixels, at least and for every line of the frame
_STRONGEST = 1.5  # how much of the difference to its blur a frame is given back at amount 1


@dataclass(frozen=True)
class Sharpen:
    """Add to each frame what a blur takes away from it. `amount` 0..1; the radius grows with the height."""

    amount: float

    def apply(self, stream: FrameStream) -> FrameStream:
        return replace(stream, chunks=self._sharpened(stream)) if self.amount else stream

    def _sharpened(self, stream: FrameStream) -> Iterator[Frames]:
        radius, gain = max(_FINEST, stream.height * _PER_LINE), self.amount * _STRONGEST
        for chunk in stream.chunks:
            result = np.empty_like(chunk)
            for frame, target in zip(chunk, result, strict=True):
                blurred = cv2.GaussianBlur(frame, (0, 0), radius)
                cv2.addWeighted(frame, 1 + gain, blurred, -gain, 0, dst=target)
            yield result
