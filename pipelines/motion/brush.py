"""The motion brush: painted regions of a picture, each of which moves in its own way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipelines.errors import InputError
from pipelines.media.container import shown_name
from pipelines.media.images import fit_cover, image_size
from pipelines.media.masks import is_video, read_mask
from pipelines.motion.camera import Move
from pipelines.motion.warp import Floats, View, pixel_places
from pipelines.settings import ImageFile, Settings

MAX_BRUSHES = 5

# What 10 does: ways in longer sides a second, growth as a natural logarithm a second, sway in shorter sides.
WAY = 0.2
GROWTH = math.log(1.25)
SWAY = 0.025
SWAYS = ((3.1, 1.7, 4.1), (-2.3, 3.7, 5.3), (5.9, -1.3, 2.9))  # waves across, down, and radians a second
FEATHER = 0.01  # of the shorter side
NOTHING_LEFT = 0.004  # a share of a movement too small to show


class Movement(Settings):
    """How a part of a picture moves."""

    horizontal: Move = Field(0.0, description="to the right, or left where negative")
    vertical: Move = Field(0.0, description="up, or down where negative")
    proximity: Move = Field(0.0, description="closer, or away where negative")
    ambient: float = Field(0.0, ge=0, le=10, description="how much it sways in its place")

    @property
    def is_none(self) -> bool:
        """Whether nothing moves."""
        return not any((self.horizontal, self.vertical, self.proximity, self.ambient))

    def way(self, width: int, height: int, since: float, until: float) -> Floats:
        """How far it goes as a whole between two moments in seconds: (x, y) pixels of a picture of that size."""
        ahead = WAY * max(width, height) * (until - since) / 10
        return np.array((self.horizontal * ahead, -self.vertical * ahead), np.float32)


class MotionBrush(Movement):
    """A region painted over the picture, and how it moves."""

    mask: ImageFile = Field(description="a picture of the same size, white where it is painted")


@dataclass(frozen=True)
class Region:
    """A part of a picture that moves: `share` (H, W) float32, 0..1, of the movement that each pixel takes part in."""

    movement: Movement
    share: Floats

    def shift(self, since: float, until: float) -> Floats:
        """How far each pixel that takes part in full moves between two moments in seconds: (H, W, 2) pixels."""
        height, width = self.share.shape
        places = pixel_places(width, height)
        growth = math.exp(self.movement.proximity / 10 * GROWTH * (until - since)) - 1
        moved = self.movement.way(width, height, since, until) + np.float32(growth) * (places - self._centre(places))
        if self.movement.ambient:
            reach = np.float32(self.movement.ambient / 10 * SWAY * min(width, height))
            moved = moved + reach * (_sway(places, until) - _sway(places, since))
        return np.asarray(moved, np.float32)

    def carried(self, view: View) -> Region:
        """The region as it lies in a later view of its picture."""
        share = np.clip(view.of(self.share), 0, 1)
        reach = 2 * round(3 * _softness(*share.shape)) + 1
        beside = cv2.dilate((share > 0.5).astype(np.uint8), np.ones((reach, reach), np.uint8))
        return replace(self, share=np.where(beside, share, np.float32(0)))  # the feather's end stayed where it was

    def _centre(self, places: Floats) -> Floats:
        weight = self.share[..., None]
        return np.asarray((places * weight).sum((0, 1)) / max(float(weight.sum()), 1e-6), np.float32)


def check_brushes(brushes: Sequence[MotionBrush], image: Path) -> None:
    """Raise InputError unless each mask fits the picture and marks something, and each brush moves something."""
    width, height = image_size(image)
    for number, brush in enumerate(brushes, 1):
        mask = Path(brush.mask)
        if is_video(mask):
            raise InputError(f"The mask of brush {number} is a video. Give a picture, white where it is painted.")
        size = image_size(mask)
        if size != (width, height):
            raise InputError(
                f"The mask {shown_name(mask)} of brush {number} is {size[0]}x{size[1]} pixels but the picture is "
                f"{width}x{height}. Make a mask of the picture's size."
            )
        if not (painted(mask) > 127).any():
            raise InputError(f"Brush {number} has painted nothing: its mask is black. Paint where things shall move.")
        if brush.is_none:
            raise InputError(f"Brush {number} moves nothing. Give it a direction or ambient motion, or remove it.")


def regions_of(brushes: Sequence[MotionBrush], width: int, height: int) -> tuple[Region, ...]:
    """The brushes on their picture at a size, cropped as it is. Where two overlap the later one has painted over."""
    regions: list[Region] = []
    for brush in brushes:
        mask = fit_cover(np.repeat(painted(Path(brush.mask))[..., None], 3, axis=2), width, height)[..., 0]
        share = feathered(mask)
        regions = [replace(below, share=below.share * (1 - share)) for below in regions]
        regions.append(Region(brush, share))
    return tuple(regions)


def painted(mask: Path) -> NDArray[np.uint8]:
    """(H, W) uint8 of a mask picture, 255 where it is painted."""
    return next(iter(read_mask(mask, size=image_size(mask), num_frames=1, frame_rate=Fraction(1))))[0]


def feathered(mask: NDArray[np.uint8]) -> Floats:
    """(H, W) uint8, 255 where something moves -> (H, W) 0..1, of its movement that each pixel takes part in."""
    share = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), _softness(*mask.shape[::-1]))
    share[share < NOTHING_LEFT] = 0
    return np.asarray(share, np.float32)


def _softness(width: int, height: int) -> float:
    """Standard deviation of the feather, in pixels."""
    return max(0.5, FEATHER * min(width, height))


def _sway(places: Floats, moment: float) -> NDArray[Any]:
    """(H, W, 2), about -1..1: slow waves that run through a region, each place in a time of its own."""
    height, width = places.shape[:2]
    x, y = places[..., 0] / min(width, height), places[..., 1] / min(width, height)
    waves = [np.sin(a * x + b * y + speed * moment) for a, b, speed in SWAYS]
    return np.dstack([(waves[0] + waves[2]) / 2, (waves[1] - waves[2]) / 2])
