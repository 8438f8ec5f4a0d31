"""Crop and Pad: every frame brought to an exact size or an exact ratio, never stretched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd

from pipelines.errors import InputError
from pipelines.finishing.chunks import sliced
from pipelines.media.images import on_black
from pipelines.media.pictures import chunk_length
from pipelines.types import FrameStream


@dataclass(frozen=True)
class Crop:
    """Cut the middle out of every frame; both sides must fit inside it."""

    width: int
    height: int

    def apply(self, stream: FrameStream) -> FrameStream:
        if self.width > stream.width or self.height > stream.height:
            raise InputError(
                f"{self.width}x{self.height} cannot be cut out of {stream.width}x{stream.height} pixels. "
                "Choose a smaller size."
            )
        if (stream.width, stream.height) == (self.width, self.height):
            return stream
        left, top = (stream.width - self.width) // 2, (stream.height - self.height) // 2
        middle = (slice(None), slice(top, top + self.height), slice(left, left + self.width))
        return replace(stream, chunks=(chunk[middle] for chunk in stream.chunks), width=self.width, height=self.height)


@dataclass(frozen=True)
class CropToRatio:
    """Cut every frame to exactly `ratio` ("16:9"), as large as even sides allow."""

    ratio: str

    def apply(self, stream: FrameStream) -> FrameStream:
        return Crop(*largest_inside(self.ratio, stream.width, stream.height)).apply(stream)


@dataclass(frozen=True)
class PadToRatio:
    """Lay every frame whole in the middle of black of exactly `ratio` ("16:9"), as small as even sides allow."""

    ratio: str

    def apply(self, stream: FrameStream) -> FrameStream:
        across, down = _even_parts(self.ratio)
        units = max(-(-stream.width // across), -(-stream.height // down))
        width, height = across * units, down * units
        if (width, height) == (stream.width, stream.height):
            return stream
        pieces = sliced(stream.chunks, chunk_length(width, height))
        chunks = (on_black(piece, width, height) for piece in pieces)
        return replace(stream, chunks=chunks, width=width, height=height)


def largest_inside(ratio: str, width: int, height: int) -> tuple[int, int]:
    """The largest (width, height) with even sides and exactly that ratio. Raises InputError if there is none."""
    across, down = _even_parts(ratio)
    units = min(width // across, height // down)
    if units == 0:
        raise InputError(f"{width}x{height} pixels are too few to crop to {ratio}. Choose a larger size.")
    return across * units, down * units


def _even_parts(ratio: str) -> tuple[int, int]:
    """The smallest even sides of that ratio: "4:3" -> (8, 6)."""
    across, down = (int(part) for part in ratio.split(":"))
    common = gcd(across, down)
    return 2 * across // common, 2 * down // common
