"""What a made clip or a warp does, as dense optical flow sees it (Kroeger et al., 2016)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.types import Frame, Frames


def flow(frames: Frames) -> NDArray[Any]:
    """(F - 1, H, W, 2): how far, right and down, each pixel moves to the next frame."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    return np.stack([search.calc(one, other, None) for one, other in pairwise(greys)])


def flow_of_detail(frames: Frames) -> NDArray[Any]:
    """The same, NaN where a frame is so even that no motion of it could be seen."""
    motion = flow(frames)
    for index, frame in enumerate(frames[:-1]):
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
        detail = cv2.GaussianBlur(np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)), (0, 0), 2)
        motion[index, detail < np.percentile(detail, 60)] = np.nan
    return motion


def across(motion: NDArray[Any]) -> float:
    """Pixels by which most of the picture goes right from frame to frame."""
    return float(np.nanmedian(motion[..., 0]))


def down(motion: NDArray[Any]) -> float:
    """Pixels by which most of the picture goes down from frame to frame."""
    return float(np.nanmedian(motion[..., 1]))


def growth(motion: NDArray[Any]) -> float:
    """How much larger things get from frame to frame, in pixels at the middle of the left and right edge."""
    x, y = _from_centre(motion)
    return _slope(motion[..., 0] * x + motion[..., 1] * y, x, y)


def turning(motion: NDArray[Any]) -> float:
    """How far the picture turns clockwise from frame to frame, in pixels at the middle of the left and right edge."""
    x, y = _from_centre(motion)
    return _slope(motion[..., 1] * x - motion[..., 0] * y, x, y)


def _slope(along: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> float:
    squared = x * x + y * y
    far = squared > squared.max() / 6  # near the centre there is nothing to be told
    return float(np.nanmedian((along / np.maximum(squared, 1))[..., far])) * float(x.max())


def _from_centre(motion: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    height, width = motion.shape[-3:-1]
    x, y = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
    return x, y


def textured(width: int, height: int, seed: int = 3) -> Frame:
    """A picture full of detail of every size, so that flow is known everywhere."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(
            rng.uniform(0, 1, (height // size + 2, width // size + 2, 3)),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        for size in (3, 8, 20)
    ]
    return np.clip(255 * np.mean(layers, axis=0), 0, 255).astype(np.uint8)
