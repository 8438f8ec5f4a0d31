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
LARGEST_BOOMERANG = 6e9  # bytes of them


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
        seam = max(1, round(seam_seconds(float(stream.num_frames / stream.frame_rate)) * stream.frame_rate))
        chunks = in_chunks(_seamless(frames_of(stream.chunks), stream.num_frames, seam), stream.width, stream.height)
        return replace(stream, chunks=chunks, num_frames=stream.num_frames - seam)


def seam_seconds(length: float) -> float:
    """How much of a clip of `length` seconds its seam takes."""
    return min(_SEAM, length / _LARGEST_SHARE)


def check_boomerang(length: float) -> None:
    """Raises InputError for a clip of more seconds than can be kept until they are shown again."""
    if length > LONGEST_BOOMERANG:
        raise InputError(
            f"A boomerang is at most {LONGEST_BOOMERANG} s long before it turns; this clip is {length:.0f} s. "
            "Use a shorter part, or loop with a seam."
        )


def _seamless(frames: Iterator[Frame], count: int, seam: int) -> Iterator[Frame]:
    """Frames `seam` to `count`, the last `seam` of them dissolving into the first ones."""
    beginning = [frame.copy() for frame in islice(frames, seam)]
    yield from islice(frames, count - 2 * seam)
    for index, (ending, first) in enumerate(zip(frames, beginning, strict=True), 1):
        share = index / (seam + 1)
        yield np.asarray(cv2.addWeighted(ending, 1 - share, first, share, 0), np.uint8)


def _there_and_back(stream: FrameStream) -> FrameStream:
    check_boomerang(float(stream.num_frames / stream.frame_rate))
    shape = (stream.height, stream.width, 3)
    size = stream.num_frames * stream.height * stream.width * 3
    if size > LARGEST_BOOMERANG:
        raise InputError(
            f"A boomerang of {stream.num_frames} frames of {stream.width}x{stream.height} needs {size / 1e9:.0f} GB on "
            f"the way; {LARGEST_BOOMERANG / 1e9:.0f} GB is the most. Use a smaller size or a shorter part."
        )

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
