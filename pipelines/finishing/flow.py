"""Frames between two frames, from the motion in both directions.

Dense inverse search flow (Kroeger et al., 2016) each way; the flow at the time between is the quadratic combination
of Super SloMo (Jiang et al., 2018); a pixel whose way there and back does not meet is seen in one frame only and
counts for more there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.types import Frame

Floats = NDArray[np.floating[Any]]  # float32

_FLOW_SIDE = 480  # pixels of the short side at which motion is measured; finer gains nothing that shows
_FINE_SIDE = 192  # up to which the slower, finer search is cheap: 2 dB better on very small frames
_CUT_RESIDUE = 0.45  # what motion leaves unexplained, over the contrast: 0.1 to 0.25 for motion, 0.7 and more for cuts
_CUT_FLOOR = 10.0  # levels; less than that is no cut whatever the contrast
_VISIBLE_GAIN = 3.0


class Between:
    """Two neighbouring frames (H, W, 3) and the motion between them; makes any frame in between."""

    def __init__(self, earlier: Frame, later: Frame) -> None:
        self._earlier, self._later = earlier, later
        height, width = earlier.shape[:2]
        scale = min(1.0, _FLOW_SIDE / min(height, width))
        size = max(8, round(width * scale)), max(8, round(height * scale))
        self._motion = _Motion(*_flows(_scaled(earlier, size), _scaled(later, size)))
        # What is hidden or cut need not be known as finely as where things go.
        half = max(4, size[0] // 2), max(4, size[1] // 2)
        self._coarse = self._motion.scaled(half)
        self._cut = _is_cut(_scaled(earlier, half), _scaled(later, half), self._coarse.there)
        self._lost = _mismatch(self._coarse.there, self._coarse.back)
        self._new = _mismatch(self._coarse.back, self._coarse.there)

    def at(self, time: float, pictures: tuple[Frame, Frame] | None = None) -> Frame:
        """The frame at `time`, 0 (the earlier) to 1 (the later); the earlier one itself across a cut.

        pictures    two others of the same size to be shown instead, which move as these do
        """
        earlier, later = pictures or (self._earlier, self._later)
        if self._cut:
            return earlier
        size = self._earlier.shape[1], self._earlier.shape[0]
        to_earlier, to_later = self._coarse.at(time)
        seen = np.float32(1 - time) * (1 + _VISIBLE_GAIN * _moved(self._lost, to_earlier))
        come = np.float32(time) * (1 + _VISIBLE_GAIN * _moved(self._new, to_later))
        to_earlier, to_later = (_scaled_flow(flow, size) for flow in self._motion.at(time))
        first, second = _moved(earlier, to_earlier), _moved(later, to_later)
        return np.asarray(cv2.blendLinear(first, second, _scaled(seen, size), _scaled(come, size)), np.uint8)


@dataclass(frozen=True)
class _Motion:
    """Where each pixel of the earlier frame goes, and where each of the later one came from: (h, w, 2) in pixels."""

    there: Floats
    back: Floats

    def at(self, time: float) -> tuple[Floats, Floats]:
        """The motion from the moment between to the earlier frame and to the later one."""
        rest = 1 - time
        to_earlier = cv2.addWeighted(self.there, -rest * time, self.back, time * time, 0)
        to_later = cv2.addWeighted(self.there, rest * rest, self.back, -time * rest, 0)
        return np.asarray(to_earlier), np.asarray(to_later)

    def scaled(self, size: tuple[int, int]) -> _Motion:
        """The same motion of frames of another (width, height)."""
        return _Motion(_scaled_flow(self.there, size), _scaled_flow(self.back, size))


def _flows(first: Frame, second: Frame) -> tuple[Floats, Floats]:
    """Motion first -> second and second -> first, (h, w, 2) in pixels."""
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    fine = min(first.shape[:2]) <= _FINE_SIDE
    preset = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM if fine else cv2.DISOPTICAL_FLOW_PRESET_FAST
    search: Any = cv2.DISOpticalFlow.create(preset)
    there, back = search.calc(greys[0], greys[1], None), search.calc(greys[1], greys[0], None)
    return np.asarray(there, np.float32), np.asarray(back, np.float32)


def _is_cut(first: Frame, second: Frame, there: Floats) -> bool:
    """Whether the second frame is another picture rather than the first one moved."""
    residue = cv2.norm(first, _moved(second, there), cv2.NORM_L1) / first.size
    contrast = max(float(cv2.meanStdDev(frame)[1].max()) for frame in (first, second))
    return residue > max(_CUT_FLOOR, _CUT_RESIDUE * contrast)


def _mismatch(there: Floats, back: Floats) -> Floats:
    """(h, w) 0..1: how far each pixel, sent along one flow and back along the other, lands from where it was."""
    miss = there + _moved(back, there)
    distance = np.asarray(cv2.magnitude(miss[..., 0], miss[..., 1]), np.float32)
    return np.clip((distance - 0.5) / 2, 0, 1, out=distance)


def _moved(image: NDArray[Any], flow: Floats) -> NDArray[Any]:
    """The image sampled at every pixel's place plus its flow; the border is continued."""
    places: Any = cv2.add(_places(flow.shape[1], flow.shape[0]), flow)
    unused: Any = None
    return cv2.remap(image, places, unused, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _scaled_flow(flow: Floats, size: tuple[int, int]) -> Floats:
    """A flow at another (width, height), in pixels of that size."""
    scaled = _scaled(flow, size)
    return scaled if scaled is flow else scaled * np.float32(size[0] / flow.shape[1])


def _scaled(image: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """The image at another (width, height): averaged when smaller, linear when larger."""
    if size == (image.shape[1], image.shape[0]):
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR)


@lru_cache(maxsize=4)
def _places(width: int, height: int) -> Floats:
    """(height, width, 2): the x and y of every pixel."""
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.dstack([across, down])
