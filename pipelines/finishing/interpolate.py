"""Interpolate: another frame rate, with frames in between made from the motion on either side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from pipelines.finishing.chunks import frames_of, in_chunks
from pipelines.finishing.flow import Between
from pipelines.types import Frame, FrameStream

_SAME = Fraction(1, 50)  # of a frame: closer in time than this, the frame itself is shown


@dataclass(frozen=True)
class Interpolate:
    """Show the clip at `frame_rate`, keeping its length.

    num_frames   how many frames to give; None: as many as the length makes at the new rate
    shown        what is shown of a frame, of the same size: motion is measured on the frames as they come

    Output frame j lies at time j / frame_rate. Where that falls on a frame, the frame is passed on untouched; between
    two, one is made from both; across a cut, and after the last frame, the earlier one is held.
    """

    frame_rate: Fraction
    num_frames: int | None = None
    shown: Callable[[Frame], Frame] | None = None

    def apply(self, stream: FrameStream) -> FrameStream:
        count = self.num_frames or max(1, round(stream.num_frames * self.frame_rate / stream.frame_rate))
        if self.frame_rate == stream.frame_rate and count == stream.num_frames and self.shown is None:
            return stream
        frames = self._timed(frames_of(stream.chunks), stream.frame_rate / self.frame_rate, count)
        chunks = in_chunks(frames, stream.width, stream.height)
        return replace(stream, chunks=chunks, frame_rate=self.frame_rate, num_frames=count)

    def _timed(self, frames: Iterator[Frame], step: Fraction, count: int) -> Iterator[Frame]:
        """`count` frames, `step` input frames apart."""
        earlier = _Key(next(frames), self.shown)
        later = _key(frames, self.shown)
        index, between = 0, None
        for number in range(count):
            place = number * step
            while later is not None and place >= index + 1 - _SAME:
                earlier, later, index, between = later, _key(frames, self.shown), index + 1, None
            part = place - index
            if later is None or part <= _SAME:
                yield earlier.picture
                continue
            between = between or Between(earlier.frame, later.frame)
            yield between.at(float(part), (earlier.picture, later.picture))


class _Key:
    """A frame as it came, and what is shown of it, made when it is first asked for."""

    def __init__(self, frame: Frame, shown: Callable[[Frame], Frame] | None) -> None:
        self.frame = frame
        self._shown = shown

    @cached_property
    def picture(self) -> Frame:
        return self._shown(self.frame) if self._shown else self.frame


def _key(frames: Iterator[Frame], shown: Callable[[Frame], Frame] | None) -> _Key | None:
    frame = next(frames, None)
    return None if frame is None else _Key(frame, shown)
