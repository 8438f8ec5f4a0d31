"""Loop: a clip that can be shown over and over without a jump."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from tempfile import TemporaryFile
from typing import Literal

import cv2
import numpy as np

from pipelines.errors import InputError
from pipelines.finishing.chunks import frames_of, in_chunks
from pipelines.types import Frame, FrameStream

_SEAM = 1.0  # seconds over which the end turns into the beginning
_LARGEST_SHARE = 3  # the seam is at most one part in so many of the clip
LONGEST_BOOMERANG = 60  # seconds: every frame is kept until it is shown again


@dataclass(frozen=True)
class Loop:
    """Make the end lead back to the beginning.

    "seam"        the last second dissolves into the first one, which is left out: the clip gets shorter by as much.
                  Moving the pictures while they dissolve was tried: less ghosting, but steps larger than the clip's own
    "boomerang"   the clip, then the clip backwards, no frame twice in a row. Frames wait in a temporary file, not in
                  memory. Raises InputError for more than a minute
    """

    method: Literal["seam", "boomerang"]

    def apply(self, stream: FrameStream) -> FrameStream:
        if stream.num_frames < 3:
            return stream
        if self.method == "boomerang":
            return _there_and_back(stream)
        seam = max(1, min(round(stream.frame_rate * _SEAM), stream.num_frames // _LARGEST_SHARE))
        chunks = in_chunks(_seamless(frames_of(stream.chunks), stream.num_frames, seam), stream.width, stream.height)
        return replace(stream, chunks=chunks, num_frames=stream.num_frames - seam)


def _seamless(frames: Iterator[Frame], count: int, seam: int) -> Iterator[Frame]:
    """Frames `seam` to `count`, the last `seam` of them dissolving into the first ones."""
    beginning = [frame.copy() for frame in islice(frames, seam)]
    yield from islice(frames, count - 2 * seam)
    for index, (ending, first) in enumerate(zip(frames, beginning, strict=True), 1):
        share = index / (seam + 1)
        yield np.asarray(cv2.addWeighted(ending, 1 - share, first, share, 0), np.uint8)


def _there_and_back(stream: FrameStream) -> FrameStream:
    seconds = float(stream.num_frames / stream.frame_rate)
    if seconds > LONGEST_BOOMERANG:
        raise InputError(
            f"A boomerang is at most {LONGEST_BOOMERANG} s long before it turns; this clip is {seconds:.0f} s. "
            "Use a shorter part, or loop with a seam."
        )
    shape = (stream.height, stream.width, 3)

    def frames() -> Iterator[Frame]:
        with TemporaryFile() as file:
            for frame in frames_of(stream.chunks):
                file.write(np.ascontiguousarray(frame).data)
                yield frame
            for index in range(stream.num_frames - 2, 0, -1):
                file.seek(index * stream.width * stream.height * 3)
                yield np.frombuffer(file.read(stream.width * stream.height * 3), np.uint8).reshape(shape)

    chunks = in_chunks(frames(), stream.width, stream.height)
    return replace(stream, chunks=chunks, num_frames=2 * stream.num_frames - 2)
