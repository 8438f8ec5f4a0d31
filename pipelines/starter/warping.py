"""A clip's later frames as far as its first one shows them, by the scene's true geometry.

In use a picture's depth is guessed and its camera asked for (pipelines/motion); here both are known, so that what is
given is what the clip goes on to show. The picture is warped, torn and its holes left grey by the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.motion.warp import View, moved, pixel_places, seen_through, with_unseen_grey
from pipelines.starter.diorama.stage import Camera
from pipelines.starter.diorama.tables import in_frame, in_space, lens
from pipelines.types import NOTHING, Frame, Frames, Mask

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where things are in a clip's first frame, and how they go on.

    camera   of all frames
    depth    (H, W) metres along the view of the first
    flow     (F, H, W, 2) pixels to the next frame
    moving   (H, W) bool, what of the first frame moves by itself
    """

    camera: Camera
    depth: Floats
    flow: Floats
    moving: NDArray[np.bool_]


def after_first(picture: Frame, geometry: Geometry) -> tuple[Frames, Mask]:
    """As `Motion.after`: the frames that follow the picture (H, W, 3), grey where it does not show what is there, and
    the mask of that, 255 = to be made."""
    count = len(geometry.camera.focal) - 1
    frames, mask = np.empty((count, *picture.shape), np.uint8), np.empty((count, *picture.shape[:2]), np.uint8)
    ways = moved_places(geometry)
    for index in range(count):
        frames[index], mask[index] = with_unseen_grey(_view(geometry, ways[index], index + 1), picture, NOTHING)
    return frames, mask


def _view(geometry: Geometry, places: Floats, frame: int) -> View:
    """What the first frame shows of a later one. As in use, a camera that only turns tears nothing."""
    height, width = geometry.depth.shape
    travels = bool(np.ptp(geometry.camera.eye, axis=0).max() > 1e-9)
    if not travels and not geometry.moving.any():
        to_space = lens(geometry.camera, (width, height))
        return seen_through(np.asarray(np.linalg.inv(to_space[frame]) @ to_space[0], np.float32), width, height)
    reach = 2.0 * max(width, height)  # beyond it all is out of sight
    shift = np.clip(places - pixel_places(width, height), -reach, reach).astype(np.float32)
    return moved(shift, (1 / geometry.depth).astype(np.float32), np.eye(3, dtype=np.float32))


def moved_places(geometry: Geometry) -> Floats:
    """(F - 1, H, W, 2) where in each later frame what the first one shows lies, in pixels."""
    height, width = geometry.depth.shape
    camera, start = geometry.camera, pixel_places(width, height)
    to_space = lens(camera, (width, height))
    points = in_space(camera, to_space, 0, start, geometry.depth)
    places, own = [], start.copy()
    for frame in range(1, len(camera.focal)):
        still, _ = in_frame(camera, to_space, frame, points)
        x, y = (np.rint(own[..., axis]).astype(np.intp).clip(0, most - 1) for axis, most in ((0, width), (1, height)))
        own = own + geometry.flow[frame - 1][y, x]
        places.append(np.where(geometry.moving[..., None], own, still))
    return np.stack(places).astype(np.float32)
