"""Continue: a finished clip, and after it the frames that go on from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from pipelines.finishing.chunks import frames_of, in_chunks
from pipelines.media.read import read_video
from pipelines.types import Frame, FrameStream


@dataclass(frozen=True)
class Continue:
    """Put `clip` before the stream, which begins by showing the clip's last moments once more.

    begins   seconds into the clip at which the stream begins
    shared   seconds both show; over these the clip dissolves into the stream, so that nothing jumps where the frames
             made from it are a little softer or lighter than its own
    """

    clip: Path
    begins: Fraction
    shared: Fraction

    def apply(self, stream: FrameStream) -> FrameStream:
        before = round(self.begins * stream.frame_rate)
        both = min(stream.num_frames, round(self.shared * stream.frame_rate) + 1)
        chunks = in_chunks(self._joined(stream, before, both), stream.width, stream.height)
        return replace(stream, chunks=chunks, num_frames=before + stream.num_frames)

    def _joined(self, stream: FrameStream, before: int, both: int) -> Iterator[Frame]:
        size = stream.width, stream.height
        earlier = frames_of(read_video(self.clip, frame_rate=stream.frame_rate, size=size).chunks)
        later = frames_of(stream.chunks)
        last: Frame | None = None
        for _ in range(before):
            last = next(earlier)
            yield last
        for index in range(both):
            last = next(earlier, last)  # rounding may ask for one frame more than there is
            share = (index + 1) / (both + 1)
            new = next(later)
            yield new if last is None else np.asarray(cv2.addWeighted(last, 1 - share, new, share, 0), np.uint8)
        yield from later
