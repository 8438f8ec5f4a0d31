"""What of a source's form is kept: luma, edges or depth, blurred as loosely as the mode asks.

Gen-1 (Esser et al., arXiv 2302.03011) blurs its structure t_s times, 0..7: 0 is glued to the source, 7 keeps
only its layout. The embedded model is trained on the very pictures made here, so `BLUR_SIGMAS` is part of its
weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.depth import estimate_depth, find_depth_model
from pipelines.errors import InputError, ModelMissing
from pipelines.types import Frames, Mask

StructureKind = Literal["grey", "edges", "depth"]
KINDS: tuple[StructureKind, ...] = get_args(StructureKind)

# Gaussian sigmas of the eight levels, in pixels of a picture whose short side is 96
BLUR_SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.5, 4.0, 6.0, 9.0)
BLUR_SHORT_SIDE = 96

EDGE_SMOOTHING, EDGE_SHORT_SIDE = 0.9, 192  # pixels; above that size it grows, so that lines mean the same
EDGE_LOW, EDGE_HIGH = 0.5, 1.1  # Canny thresholds, parts of the median luma
GRAIN = 10.0  # grey levels; a smaller step from frame to frame is grain, not motion
EDGE_FAINT = 0.6  # an outline already there stays while it is at least this strong
DEPTH_TAILS = (2.0, 98.0)  # percentiles of the clip that become black and white


@dataclass
class StructureMaker:
    """Turns one source into structure, window by window, so that windows look alike.

    kind    "grey", "edges" or "depth"
    blur    0 (exact) .. 7 (only the layout)
    depth   folder of the depth network, needed for "depth"

    Raises InputError for an unknown kind or blur, ModelMissing when the depth network is not on disk.
    """

    kind: StructureKind
    blur: int = 0
    depth: Path | None = None
    _thresholds: tuple[float, float] | None = field(default=None, init=False, repr=False)
    _depth_range: NDArray[np.float64] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f'structure "{self.kind}" is not known; choose one of {", ".join(KINDS)}.')
        if not 0 <= self.blur < len(BLUR_SIGMAS):
            raise InputError(f"structure_blur {self.blur} must lie between 0 and {len(BLUR_SIGMAS) - 1}.")
        if self.kind == "depth" and self.depth is None:
            raise ModelMissing(
                "The structure “depth” needs the depth network, which is not on disk. Fetch it with "
                "“python -m studio fetch depth-anything-v2-small”, or choose grey or edges."
            )

    def __call__(self, frames: Frames) -> Frames:
        """Structure of the next frames: (F, H, W, 3) uint8 RGB in, the same shape with equal channels out."""
        if self.kind == "depth":
            planes = self._depth_planes(frames)
        else:
            planes = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
            if self.kind == "edges":
                planes = self._edge_planes(planes)
        planes = blur_planes(planes, self.blur, lines=self.kind == "edges")
        return np.repeat(planes[..., None], 3, axis=-1)

    def _edge_planes(self, luma: Mask) -> Mask:
        """Canny with one pair of thresholds for the whole clip; a line stays while it only fades a little."""
        smoothing = EDGE_SMOOTHING * max(1.0, min(luma.shape[1:]) / EDGE_SHORT_SIDE)
        smooth = _calm(np.stack([cv2.GaussianBlur(plane, (0, 0), smoothing) for plane in luma]))
        if self._thresholds is None:
            # the wider the smoothing, the gentler the steepest slope of the same outline
            median = float(np.median(smooth[:, ::2, ::2])) * EDGE_SMOOTHING / smoothing
            self._thresholds = (max(12.0, EDGE_LOW * median), max(36.0, EDGE_HIGH * median))
        low, high = self._thresholds
        lines: list[NDArray[np.uint8]] = []
        for plane in smooth:
            line = cv2.Canny(plane, low, high, L2gradient=True)
            if lines:
                faint = cv2.Canny(plane, EDGE_FAINT * low, EDGE_FAINT * high, L2gradient=True)
                line = cv2.bitwise_or(line, cv2.bitwise_and(faint, lines[-1]))
            lines.append(np.asarray(line, np.uint8))
        return np.stack(lines)

    def _depth_planes(self, frames: Frames) -> Mask:
        """Near is white, far is black, on one scale; a later window eases over to its own range."""
        assert self.depth is not None
        distance = estimate_depth(frames, self.depth)
        own = np.percentile(distance, DEPTH_TAILS)
        start = own if self._depth_range is None else self._depth_range
        end = (start + own) / 2
        self._depth_range = end
        ease = np.linspace(0.0, 1.0, len(frames))[:, None]
        return near_is_white(distance, *((1 - ease) * start + ease * end).T[..., None, None])


def near_is_white(nearness: NDArray[Any], black: NDArray[Any] | float, white: NDArray[Any] | float) -> Mask:
    """Depth as a picture: (F, H, W) of one over depth, in any unit, with the values that are to be black and white."""
    scaled = (nearness - black) / np.maximum(white - black, 1e-6)
    return np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)


def _calm(planes: Mask) -> Mask:
    """Average what stands still over time, leave what changes: grain goes, moving outlines stay where they are."""
    held = planes[0].astype(np.float32)
    calm = []
    for plane in planes:
        step = plane - held
        held = held + step * np.clip(np.abs(step) / GRAIN, 0.25, 1)
        calm.append(np.rint(held).astype(np.uint8))
    return np.stack(calm)


def structure_frames(frames: Frames, kind: StructureKind, blur: int, depth_folder: Path | None = None) -> Frames:
    """Structure of a whole clip at once; see StructureMaker for the meaning, the ranges and the errors."""
    return StructureMaker(kind, blur, depth_folder)(frames)


def blur_planes(planes: Mask, level: int, lines: bool = False) -> Mask:
    """Blur (F, H, W) pictures by one of the eight levels, the same look at every size.

    lines: the pictures are thin lines, which a blur would fade away; they keep some brightness.
    """
    sigma = BLUR_SIGMAS[level] * min(planes.shape[1:]) / BLUR_SHORT_SIDE
    if not sigma:
        return planes
    # a line one pixel wide keeps 1 / (sigma sqrt(2 pi)) of its brightness; given back whole, close lines would
    # run into one white patch
    gain = max(1.0, float(np.sqrt(sigma * np.sqrt(2 * np.pi)))) if lines else 1.0
    blurred = (cv2.GaussianBlur(plane.astype(np.float32), (0, 0), sigma) for plane in planes)
    return np.stack([np.clip(np.rint(gain * plane), 0, 255).astype(np.uint8) for plane in blurred])


def available_structures(models_dir: Path) -> tuple[StructureKind, ...]:
    """The kinds that can be made now: grey and edges always, depth when its network is on disk."""
    return KINDS if find_depth_model(models_dir) else ("grey", "edges")
