"""Speed: time runs faster or slower."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.types import FrameStream


@dataclass(frozen=True)
class Speed:
    """Show the same frames `factor` times as fast. The rate grows with it: Interpolate brings back the one wanted."""

    factor: Fraction

    def apply(self, stream: FrameStream) -> FrameStream:
        return replace(stream, frame_rate=stream.frame_rate * self.factor)
