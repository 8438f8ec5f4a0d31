"""How near what a picture shows is: from the depth network where it is on disk, else from a simple idea of a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.depth import estimate_depth, find_depth_model
from pipelines.errors import InputError
from pipelines.subject import salient_mask
from pipelines.types import Frame

Floats = NDArray[np.floating[Any]]  # float32

FARTHEST = 0.15  # how much the horizon moves when the nearest ground moves by 1
HORIZON = 0.5  # of the height


def nearness(picture: Frame, models_dir: Path) -> Floats:
    """How far each pixel moves when the camera travels: (H, W, 3) uint8 RGB -> (H, W) float32, FARTHEST to 1.

    That is one over depth, up to a factor. The depth network gives it; without one the picture is taken for a ground
    that runs to a horizon at half its height, with everything above as far as that, and one upright subject that
    stands where its lowest point does.
    """
    network = find_depth_model(models_dir)
    if network is not None:
        inverse = estimate_depth(picture[None], network)[0]
        low, high = np.percentile(inverse, (2, 98))
        return _spread((inverse - low) / max(float(high - low), 1e-6))
    return standing_on_ground(picture.shape[1], picture.shape[0], _subject(picture))


def standing_on_ground(width: int, height: int, subject: NDArray[np.uint8] | None) -> Floats:
    """The simple idea of a place, (height, width): see `nearness`. `subject` (height, width) uint8, or None.

    On a flat ground one over depth grows linearly from the horizon down (Hoiem et al., Automatic Photo Pop-up, 2005).
    """
    rows = (np.arange(height) / max(1, height - 1) - HORIZON) / (1 - HORIZON)
    ground = _spread(np.broadcast_to(rows[:, None], (height, width)))
    if subject is None:
        return ground
    marked = subject > 127
    feet = int(np.flatnonzero(marked.any(1)).max())
    return np.where(marked, ground[feet, 0], ground).astype(np.float32)


def _spread(unit: NDArray[Any]) -> Floats:
    return (FARTHEST + (1 - FARTHEST) * np.clip(unit, 0, 1)).astype(np.float32)


def _subject(picture: Frame) -> NDArray[np.uint8] | None:
    try:
        mask = salient_mask(picture)
    except InputError:  # nothing stands out: then there is only the ground
        return None
    if not (mask > 127).any():
        return None
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)
