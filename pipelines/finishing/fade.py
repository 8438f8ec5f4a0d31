"""Fade: the clip comes out of black and goes back into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import cv2

from pipelines.finishing.chunks import frame_by_frame
from pipelines.types import Frame, FrameStream


@dataclass(frozen=True)
class Fade:
    """Brighten from black over the first `fade_in` seconds, darken to black over the last `fade_out`.

    The very first and the very last picture are black. Where the two meet the darker one counts.
    """

    fade_in: float = 0.0
    fade_out: float = 0.0

    def apply(self, stream: FrameStream) -> FrameStream:
        if not (self.fade_in or self.fade_out):
            return stream
        rate, last = float(stream.frame_rate), stream.num_frames - 1
        numbers = count()

        def darken(frame: Frame, target: Frame) -> None:
            place = next(numbers)
            risen = place / (self.fade_in * rate) if self.fade_in else 1.0
            left = (last - place) / (self.fade_out * rate) if self.fade_out else 1.0
            cv2.convertScaleAbs(frame, dst=target, alpha=min(1.0, risen, left))

        return replace(stream, chunks=frame_by_frame(stream.chunks, darken))
