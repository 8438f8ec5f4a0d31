"""From a decoded picture, however it was stored, to upright RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from pipelines.media.tone import HLG, PQ, to_sdr
from pipelines.types import Frame

# Without these two flags swscale truncates: every picture comes out one or two levels too dark.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_HD_HEIGHT = 720


@dataclass(frozen=True)
class Turn:
    """How stored pixels become upright ones: transpose first, then mirror."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Upright (width, height) of a stored picture; its own inverse."""
        return (height, width) if self.transpose else (width, height)

    def apply(self, frame: Frame) -> Frame:
        """The upright picture, contiguous; (H, W, C) in, (H, W, C) or (W, H, C) out."""
        if self.transpose:
            frame = frame.swapaxes(0, 1)
        frame = frame[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1]
        return np.ascontiguousarray(frame)


def turn_of(frame: VideoFrame) -> Turn:
    """The turn a picture's display matrix asks for; a matrix that is not a quarter turn or a mirror is ignored.

    The matrix maps a stored point (x, y) to (a x + c y, b x + d y); its fields are a b u c d v x y w (ISO 14496-12).
    """
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return Turn()
    a, b, _, c, d = np.frombuffer(data, np.int32)[:5].tolist()
    small = max(abs(a), abs(b), abs(c), abs(d)) / 100
    if abs(b) <= small and abs(c) <= small:
        return Turn(False, a < 0, d < 0)
    if abs(a) <= small and abs(d) <= small:
        return Turn(True, c < 0, b < 0)
    return Turn()


def has_alpha(frame: VideoFrame) -> bool:
    """Whether the picture's pixel format carries transparency."""
    return any(part.is_alpha for part in frame.format.components)


def to_rgb(frame: VideoFrame, width: int, height: int, turn: Turn) -> Frame:
    """(height, width, 3) uint8, upright, scaled to exactly that size; transparency lies on white, HDR becomes SDR."""
    if frame.color_trc in (PQ, HLG):
        return turn.apply(to_sdr(_converted(frame, width, height, turn, "rgb48le"), int(frame.color_trc)))
    if has_alpha(frame):
        return on_white(to_rgba(frame, width, height, turn))
    return turn.apply(_converted(frame, width, height, turn, "rgb24"))


def to_rgba(frame: VideoFrame, width: int, height: int, turn: Turn) -> Frame:
    """(height, width, 4) uint8, upright, scaled to exactly that size."""
    return turn.apply(_converted(frame, width, height, turn, "rgba"))


def on_white(rgba: Frame) -> Frame:
    """(H, W, 4) composited on white -> (H, W, 3)."""
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _converted(frame: VideoFrame, width: int, height: int, turn: Turn, pixels: str) -> NDArray[Any]:
    """The stored picture as an array of the asked pixel format, its upright size being width x height."""
    width, height = turn.size(width, height)
    shrinks = width < frame.width or height < frame.height
    return frame.reformat(
        width=width,
        height=height,
        format=pixels,
        src_colorspace=_matrix(frame),
        src_color_range=_range(frame),
        interpolation=(Interpolation.AREA if shrinks else Interpolation.BICUBIC) | _EXACT,
    ).to_ndarray()


def _matrix(frame: VideoFrame) -> Colorspace:
    """Untagged video is BT.709 when it is high definition and BT.601 when it is not, as players assume."""
    try:
        return Colorspace(frame.colorspace)
    except ValueError:
        return Colorspace.ITU709 if frame.height >= _HD_HEIGHT else Colorspace.ITU601


def _range(frame: VideoFrame) -> ColorRange:
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    return ColorRange.JPEG if full else ColorRange.MPEG
