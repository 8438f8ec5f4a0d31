"""Sharpen: edges drawn a little harder, by unsharp masking."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2

from pipelines.finishing.chunks import frame_by_frame
from pipelines.types import Frame, FrameStream

_FINEST, _PER_LINE = 0.8, 1 / 500  # radius of the blur in pixels, at least and for every line of the frame
_STRONGEST = 1.5  # how much of the difference to its blur a frame is given back at amount 1


@dataclass(frozen=True)
class Sharpen:
    """Add to each frame what a blur takes away from it. `amount` 0..1; the radius grows with the height."""

    amount: float

    def apply(self, stream: FrameStream) -> FrameStream:
        if not self.amount:
            return stream
        radius, gain = max(_FINEST, stream.height * _PER_LINE), self.amount * _STRONGEST

        def sharpen(frame: Frame, target: Frame) -> None:
            blurred = cv2.GaussianBlur(frame, (0, 0), radius)
            cv2.addWeighted(frame, 1 + gain, blurred, -gain, 0, dst=target)

        return replace(stream, chunks=frame_by_frame(stream.chunks, sharpen))
