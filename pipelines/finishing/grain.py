"""Grain: the fine, moving, colourless noise of film; it hides banding and the smoothness of small models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.finishing.chunks import frame_by_frame
from pipelines.types import Frame, FrameStream

_STRONGEST = 11.0  # standard deviation in levels at amount 1, in the middle greys
_SIZE = 1 / 700  # of the height: how far each speck spreads
_PLATES, _SLACK = 5, 64  # sheets of noise, each larger than a frame by so many pixels; every frame lays one elsewhere


@dataclass(frozen=True)
class Grain:
    """Lay film grain over every frame: `amount` 0..1. The same `seed` lays the same grain.

    Middle greys carry it all, black and white none, as on film; neighbouring frames share nothing.
    """

    amount: float
    seed: int = 0

    def apply(self, stream: FrameStream) -> FrameStream:
        if not self.amount:
            return stream
        rng = np.random.default_rng(self.seed)
        plates = cycle([_plate(rng, stream.width + _SLACK, stream.height + _SLACK) for _ in range(_PLATES)])
        levels = np.linspace(-1, 1, 256)
        weight = (self.amount * _STRONGEST * (1 - levels**2)).astype(np.float32)

        def lay(frame: Frame, target: Frame) -> None:
            left, top = rng.integers(_SLACK, size=2)
            sheet = next(plates)[top : top + stream.height, left : left + stream.width]
            target[:] = _laid(frame, sheet, weight)

        return replace(stream, chunks=frame_by_frame(stream.chunks, lay))


def _plate(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """(height, width) noise of mean 0 and deviation 1, a little soft."""
    noise = cv2.GaussianBlur(rng.standard_normal((height, width), np.float32), (0, 0), max(0.55, height * _SIZE))
    return np.asarray(noise / noise.std(), np.float32)


def _laid(frame: Frame, sheet: NDArray[np.float32], weight: NDArray[np.float32]) -> Frame:
    """The frame with the sheet over it; `weight` (256,) is how strongly a pixel of that brightness takes it."""
    strength = cv2.LUT(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), weight)
    grain = cv2.cvtColor(cv2.multiply(sheet, strength), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.add(frame, grain, dtype=cv2.CV_8U), np.uint8)
