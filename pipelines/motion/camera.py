"""The six moves of a camera, each from -10 to 10, and what they do to a picture seen at a moment."""

from __future__ import annotations

import math
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipelines.settings import Settings

Floats = NDArray[np.float32]

# What 10 does in one second. Angles in radians, ways in longer sides of the picture, zoom as a natural logarithm.
PAN, TILT, ROLL = 0.15, 0.10, 0.12
ZOOM = math.log(1.2)
WAY = 0.2  # of what is nearest; the farther, the less

Move = Annotated[float, Field(ge=-10, le=10)]


class Camera(Settings):
    """How fast the camera moves, each way from -10 to 10; all at 0 leaves it to the model."""

    truck: Move = Field(0.0, description="the camera moves right, or left where negative; near things pass faster")
    pedestal: Move = Field(0.0, description="the camera moves up, or down where negative; near things pass faster")
    pan: Move = Field(0.0, description="the camera turns right on its stand, or left where negative")
    tilt: Move = Field(0.0, description="the camera looks up, or down where negative")
    roll: Move = Field(0.0, description="the camera leans clockwise, or the other way where negative")
    zoom: Move = Field(0.0, description="the lens draws closer, or back where negative")

    @property
    def is_still(self) -> bool:
        """Whether nothing is asked of it."""
        return not any(self.model_dump().values())

    def magnification(self, seconds: float) -> float:
        """How many times larger things look after that time."""
        return math.exp(self.zoom / 10 * ZOOM * seconds)

    def turned(self, width: int, height: int, since: float, until: float) -> Floats:
        """The homography (3, 3) from the picture at one moment to the picture at another, parallax aside.

        A pinhole camera whose focal length is the longer side of the picture (53 degrees), about its centre: turning
        moves what is far and what is near alike (Hartley and Zisserman, Multiple View Geometry, 8.4). Axes: x right,
        y down, z ahead.
        """
        rates = np.array((self.tilt * TILT, self.pan * PAN, self.roll * ROLL)) / 10
        rotation, _ = cv2.Rodrigues(rates * (until - since))
        before, after = (_lens(width, height, self.magnification(moment)) for moment in (since, until))
        return np.asarray(after @ rotation.T @ np.linalg.inv(before), np.float32)

    def shift(self, width: int, height: int, since: float, until: float) -> tuple[float, float]:
        """How far (x, y), in pixels of the picture at `since`, the nearest things move because the camera travels."""
        way = WAY * max(width, height) * self.magnification(since) * (until - since) / 10
        return -self.truck * way, self.pedestal * way


def _lens(width: int, height: int, magnification: float) -> NDArray[np.float64]:
    focal = max(width, height) * magnification
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
