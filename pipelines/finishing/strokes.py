"""Strokes: what a model is too small to draw of a style, from the source redrawn in it at its own size.

What is coarse stays as the model made it, its colours and light, which are even from frame to frame; what is finer than
it can draw comes from the redrawn frames. Those are drawn at the model's rate and carried along the source's motion in
between, where strokes drawn anew for each frame would shimmer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.finishing.chunks import frame_by_frame, frames_of
from pipelines.finishing.interpolate import Interpolate
from pipelines.style import Stylist
from pipelines.types import Frame, Frames, FrameStream

COARSE = 2.0  # pixels of the model: details of that size are drawn by it, finer ones are not


@dataclass(frozen=True)
class Strokes:
    """Fine strokes over made frames, which have the source's size and rate already.

    source   opens the source's frames at the model's rate and its own size
    scale    pixels of the model for one of the source
    share    0..1, how much of the strokes is laid over
    """

    stylist: Stylist
    source: Callable[[], FrameStream]
    scale: float
    share: float = 1.0

    def apply(self, stream: FrameStream) -> FrameStream:
        rated = Interpolate(stream.frame_rate, stream.num_frames, self._drawn)
        return replace(stream, chunks=self._laid(stream, frames_of(rated.apply(self.source()).chunks)))

    def _drawn(self, frame: Frame) -> Frame:
        return self.stylist(frame[None])[0]

    def _laid(self, stream: FrameStream, drawn: Iterator[Frame]) -> Iterator[Frames]:
        def lay(made: Frame, target: Frame) -> None:
            target[:] = _over(made, next(drawn), self.scale, self.share)

        return frame_by_frame(stream.chunks, lay)


def _over(made: Frame, drawn: Frame, scale: float, share: float) -> Frame:
    """(H, W, 3): what is coarse of `made` and fine of `drawn`, or a `share` of the way there."""
    height, width = made.shape[:2]
    small = max(1, round(width * scale)), max(1, round(height * scale))
    apart = (cv2.resize(each, small, interpolation=cv2.INTER_AREA).astype(np.float32) for each in (made, drawn))
    coarse = cv2.GaussianBlur(np.subtract(*apart), (0, 0), COARSE)
    full = drawn + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.rint(np.clip(made + share * (full - made), 0, 255)), np.uint8)
