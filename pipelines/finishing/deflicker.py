"""Deflicker: brightness and tint that jump from frame to frame, made to flow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.finishing.chunks import frames_of, in_chunks
from pipelines.types import Frame, FrameStream

Doubles = NDArray[np.float64]

_SPAN = 0.5  # seconds to either side that a frame is levelled with
_GAIN = (0.8, 1.25)  # no frame is changed by more: beyond that it is meant
_SMALL = (24, 16)  # pixels at which frames are compared
_CUT = 0.125  # of the whole range: what levelled frames of one shot never differ by on average


@dataclass(frozen=True)
class Deflicker:
    """Bring each frame's mean red, green and blue to what they are around it, half a second to either side.

    Both sides count alike, so that what brightens steadily stays as it is; near a cut or an end, fewer frames count.
    """

    def apply(self, stream: FrameStream) -> FrameStream:
        if stream.num_frames < 3:
            return stream
        reach = max(2, round(stream.frame_rate * _SPAN))
        levelled = _levelled(frames_of(stream.chunks), reach)
        return replace(stream, chunks=in_chunks(levelled, stream.width, stream.height))


@dataclass(frozen=True)
class _Seen:
    """A frame, its mean colours in levels, and which shot it belongs to."""

    frame: Frame
    means: Doubles
    shot: int


def _levelled(frames: Iterator[Frame], reach: int) -> Iterator[Frame]:
    """Each frame once `reach` more are known; never more than 2 * reach + 1 are held."""
    window: deque[_Seen] = deque(maxlen=2 * reach + 1)
    waiting = 0
    for seen in _watched(frames):
        window.append(seen)
        waiting += 1
        if waiting > reach:
            yield _level(window, len(window) - waiting, reach)
            waiting -= 1
    for place in range(len(window) - waiting, len(window)):
        yield _level(window, place, reach)


def _watched(frames: Iterator[Frame]) -> Iterator[_Seen]:
    before: Doubles | None = None
    shot = 0
    for frame in frames:
        small = np.asarray(cv2.resize(frame, _SMALL, interpolation=cv2.INTER_AREA), np.float64)
        means = small.mean((0, 1))
        form = small - means
        if before is not None and np.abs(form - before).mean() > _CUT * 255:
            shot += 1
        before = form
        yield _Seen(frame, means, shot)


def _level(window: deque[_Seen], place: int, reach: int) -> Frame:
    """The frame at `place` with its mean colours brought to those of its neighbours in the same shot."""
    here = window[place]
    span = 0
    while (
        span < min(reach, place, len(window) - 1 - place)
        and window[place - span - 1].shot == here.shot == window[place + span + 1].shot
    ):
        span += 1
    if span == 0:
        return here.frame
    around = np.stack([window[index].means for index in range(place - span, place + span + 1)])
    weights = np.hanning(2 * span + 3)[1:-1]
    goal = weights @ around / weights.sum()
    gain = np.clip((goal + 1) / (here.means + 1), *_GAIN)
    table = np.clip(np.rint(np.arange(256)[:, None] * gain), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(here.frame, table[None]), np.uint8)
