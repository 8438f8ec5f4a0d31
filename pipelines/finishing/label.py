"""Label: a small mark in the corner that says a machine made this."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipelines.finishing.chunks import frame_by_frame
from pipelines.media.lettering import font
from pipelines.types import Frame, FrameStream

TEXT = "AI-generated"
_TEXT_HEIGHT, _SMALLEST = 1 / 30, 9  # of the short side; pixels
_MARGIN = 1 / 36  # of the short side, between the mark and the edges
_PLATE, _INK = (14, 14, 18, 150), (255, 255, 255, 235)


@dataclass(frozen=True)
class Label:
    """Lay `text`, white on a dark translucent plate, over the lower right corner of every frame."""

    text: str = TEXT

    def apply(self, stream: FrameStream) -> FrameStream:
        mark = _mark(self.text, stream.width, stream.height)
        height, width = mark.shape[:2]
        margin = round(min(stream.width, stream.height) * _MARGIN)
        top, left = max(0, stream.height - margin - height), max(0, stream.width - margin - width)
        # the mark's own colours weighted by its opacity are the same on every frame
        opacity = mark[..., 3:].astype(np.float32) / 255
        ink = mark[..., :3] * opacity

        def lay(frame: Frame, target: Frame) -> None:
            target[:] = frame
            corner = target[top : top + height, left : left + width]
            corner[:] = np.rint(corner * (1 - opacity) + ink)

        return replace(stream, chunks=frame_by_frame(stream.chunks, lay))


def _mark(text: str, width: int, height: int) -> NDArray[np.uint8]:
    """(h, w, 4) RGBA, no larger than a frame of that size."""
    size = max(_SMALLEST, round(min(width, height) * _TEXT_HEIGHT))
    left, top, right, bottom = (round(side) for side in font(size).getbbox(text))
    pad = size // 2
    plate = Image.new("RGBA", (right - left + 2 * pad, bottom - top + 2 * pad))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), radius=pad, fill=_PLATE)
    draw.text((pad - left, pad - top), text, font=font(size), fill=_INK)
    plate.thumbnail((width, height))
    return np.asarray(plate)
