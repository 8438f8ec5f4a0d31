"""A picture seen anew: every pixel is sent where it goes, and each pixel of the view is told where it came from.

Nothing here knows cameras or brushes. Places are (..., 2) float32, x before y, in pixels.
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

FINENESS = 2  # points sent per pixel and axis: a surface stretched to twice its size is still without gaps
NOWHERE = -1e4  # far outside any picture


@dataclass(frozen=True)
class View:
    """Where each pixel of a view lies in the picture it is made from.

    places   (H, W, 2); NOWHERE where `seen` is False
    seen     (H, W) bool; False where the picture shows nothing of what is there
    """

    places: Floats
    seen: NDArray[np.bool_]

    def of(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The picture (h, w) or (h, w, n) as it looks in this view, 0 where nothing of it is seen."""
        unused: Any = None
        shown = cv2.remap(picture, self.places, unused, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        shown[~self.seen] = 0
        return np.asarray(shown, picture.dtype)


def pixel_places(width: int, height: int) -> Floats:
    """(height, width, 2): where every pixel lies."""
    return _places(width, height)


def seen_through(homography: Floats, width: int, height: int) -> View:
    """What a turned or zoomed camera sees of a picture; `homography` leads from the picture to the view."""
    back = np.linalg.inv(homography.astype(np.float64))
    places = cv2.perspectiveTransform(_places(width, height).astype(np.float64), back).astype(np.float32)
    return _bounded(places, width, height)


def moved(shift: Floats, nearness: Floats, homography: Floats) -> View:
    """What is seen when every pixel moves by `shift`, nearer ones before farther ones, and the camera turns after that.

    shift       (H, W, 2) pixels
    nearness    (H, W), in any unit, larger = nearer

    Pixels are sent forward and the nearest wins. A surface that would be stretched to more than twice its size, or
    folded over, is torn there: what appears in the gap was hidden before.
    """
    height, width = nearness.shape
    margin = int(np.ceil(np.abs(shift).max())) + 2
    canvas = _sent(shift, nearness, margin)
    through = seen_through(homography, width, height).places + margin
    unused: Any = None
    known = (canvas[..., 0] != NOWHERE).astype(np.float32)
    covered = cv2.remap(known, through, unused, cv2.INTER_LINEAR) > 0.999
    places = cv2.remap(canvas, through, unused, cv2.INTER_LINEAR)
    inside = _bounded(places, width, height)
    seen = inside.seen & covered
    return View(np.where(seen[..., None], inside.places, np.float32(NOWHERE)), seen)


def with_unseen_grey(view: View, picture: Frame, grey: int) -> tuple[Frame, NDArray[np.uint8]]:
    """The picture in this view, grey where it shows nothing, and the mask of that: 255 there, 0 elsewhere."""
    shown = view.of(picture)
    shown[~view.seen] = grey
    return shown, np.where(view.seen, 0, 255).astype(np.uint8)


def _sent(shift: Floats, nearness: Floats, margin: int) -> Floats:
    """(H + 2 margin, W + 2 margin, 2): which place of the picture arrives at each pixel; NOWHERE where none does."""
    height, width = nearness.shape
    fine = _fine(width, height)
    unused: Any = None
    shifts, near = (cv2.remap(field, fine, unused, cv2.INTER_LINEAR) for field in (shift.astype(np.float32), nearness))
    kept = ~_torn(shifts)
    start, way, near = fine[kept], shifts[kept], near[kept]
    order = np.argsort(near, kind="stable")  # of points that arrive at one pixel the last one written stays
    start, arrived = start[order], (start + way)[order] + margin
    pixels = np.rint(arrived).astype(np.intp)
    wide, tall = width + 2 * margin, height + 2 * margin
    pixels = pixels.clip(0, (wide - 1, tall - 1))
    canvas = np.full((tall, wide, 2), NOWHERE, np.float32)
    canvas[pixels[:, 1], pixels[:, 0]] = start + pixels - arrived
    return canvas


def _torn(shifts: Floats) -> NDArray[np.bool_]:
    """Points whose neighbours go elsewhere: between them a surface is stretched to twice its size, or folded over."""
    torn = np.zeros(shifts.shape[:2], bool)
    across = (np.abs(np.diff(shifts, axis=1)) > 1 / FINENESS).any(-1)
    down = (np.abs(np.diff(shifts, axis=0)) > 1 / FINENESS).any(-1)
    torn[:, 1:] |= across
    torn[:, :-1] |= across
    torn[1:] |= down
    torn[:-1] |= down
    return torn


def _bounded(places: Floats, width: int, height: int) -> View:
    x, y = places[..., 0], places[..., 1]
    seen = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return View(places, seen)


@lru_cache(maxsize=4)
def _places(width: int, height: int) -> Floats:
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.dstack([across, down])


@lru_cache(maxsize=4)
def _fine(width: int, height: int) -> Floats:
    """Points of a picture, FINENESS to a pixel each way, the pixels' own places among them."""
    across = np.arange((width - 1) * FINENESS + 1, dtype=np.float32) / FINENESS
    down = np.arange((height - 1) * FINENESS + 1, dtype=np.float32) / FINENESS
    return np.dstack(np.meshgrid(across, down))
