"""Interpolate: another frame rate, with frames in between made from the motion on either side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.finishing.chunks import frames_of, in_chunks
from pipelines.finishing.flow import Between
from pipelines.types import Frame, FrameStream

_SAME = Fraction(1, 50)  # of a frame: closer in time than this, the frame itself is shown


@dataclass(frozen=True)
class Interpolate:
    """Show the clip at `frame_rate`, keeping its length.

    num_frames   how many frames to give; None: as many as the length makes at the new rate

    Output frame j lies at time j / frame_rate. Where that falls on a frame, the frame is passed on untouched; between
    two, one is made from both; across a cut, and after the last frame, the earlier one is held.
    """

    frame_rate: Fraction
    num_frames: int | None = None

    def apply(self, stream: FrameStream) -> FrameStream:
        count = self.num_frames or max(1, round(stream.num_frames * self.frame_rate / stream.frame_rate))
        if self.frame_rate == stream.frame_rate and count == stream.num_frames:
            return stream
        frames = self._timed(frames_of(stream.chunks), stream.frame_rate / self.frame_rate, count)
        chunks = in_chunks(frames, stream.width, stream.height)
        return replace(stream, chunks=chunks, frame_rate=self.frame_rate, num_frames=count)

    def _timed(self, frames: Iterator[Frame], step: Fraction, count: int) -> Iterator[Frame]:
        """`count` frames, `step` input frames apart."""
        earlier = next(frames)
        later = next(frames, None)
        index, between = 0, None
        for number in range(count):
            place = number * step
            while later is not None and place >= index + 1 - _SAME:
                earlier, later, index, between = later, next(frames, None), index + 1, None
            part = place - index
            if later is None or part <= _SAME:
                yield earlier
                continue
            between = between or Between(earlier, later)
            yield between.at(float(part))
