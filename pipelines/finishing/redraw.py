"""Frames redrawn in a style, one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipelines.style import Stylist
from pipelines.types import FrameStream


@dataclass(frozen=True)
class Redraw:
    """Every frame in the style of a `Stylist`; it knows nothing of motion, so fine strokes may shimmer."""

    stylist: Stylist

    def apply(self, stream: FrameStream) -> FrameStream:
        return replace(stream, chunks=(self.stylist(chunk) for chunk in stream.chunks))
