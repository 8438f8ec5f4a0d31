"""How the camera moves around a mesh, and what it sees from where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.scene.loading import Mesh

Move = Literal["orbit", "dolly", "rise"]
FIELD_OF_VIEW = 30.0  # degrees, of the picture's height: about an 80 mm lens, so that shapes are not bent
FILL = 0.86  # of the picture the mesh may take up at the start

Vector = NDArray[np.float64]  # (3,)


@dataclass(frozen=True)
class View:
    """A camera at one moment. `right`, `up` and `forward` are its axes, `tangent` half the height seen 1 away."""

    eye: Vector
    right: Vector
    up: Vector
    forward: Vector
    tangent: float

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) points -> (n, 3): x and y, the picture's height being -1 (bottom) to 1, and depth along the view."""
        seen = (points - self.eye) @ np.stack([self.right, self.up, self.forward], axis=1)
        depth = seen[:, 2]
        safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
        return np.stack([seen[:, 0] / safe / self.tangent, seen[:, 1] / safe / self.tangent, depth], axis=1)


@dataclass(frozen=True)
class CameraMove:
    """One move, even in speed. Amount 0 stands still; a negative one goes the other way.

    orbit   around the mesh at one height; 1 is a whole turn, to the left as one stands before it
    dolly   towards it; 1 halves the distance, -1 doubles it
    rise    straight up without tilting; 1 is the height of the picture. It begins as far below the middle as it ends
            above, so that the mesh is in the middle half-way
    azimuth, elevation   degrees around the mesh (0: its front) and above the ground at which the camera begins
    """

    move: Move = "orbit"
    azimuth: float = 30.0
    elevation: float = 15.0
    amount: float = 0.25

    def views(self, mesh: Mesh, count: int, aspect: float) -> list[View]:
        """The camera at each of `count` frames of a picture `aspect` times as wide as high."""
        return [self._view(mesh, index / max(1, count - 1), aspect) for index in range(count)]

    def _view(self, mesh: Mesh, progress: float, aspect: float) -> View:
        tangent = np.tan(np.radians(FIELD_OF_VIEW / 2))
        azimuth, elevation = np.radians(self.azimuth), np.radians(self.elevation)
        target = np.array([0.0, mesh.height / 2, 0.0])
        distance, lift = _distance(mesh, elevation, tangent, aspect), 0.0
        if self.move == "orbit":
            azimuth += 2 * np.pi * self.amount * progress
        elif self.move == "dolly":
            distance *= 2.0 ** (-self.amount * progress)
        else:
            lift = self.amount * (progress - 0.5) * 2 * tangent * distance
        forward = -np.array(
            [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
        )
        right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
        eye = target - distance * forward + np.array([0.0, lift, 0.0])
        return View(eye, right, np.cross(right, forward), forward, float(tangent))


def _distance(mesh: Mesh, elevation: float, tangent: float, aspect: float) -> float:
    """From how far the mesh fills its part of the picture whichever way it is turned: the upright cylinder around it.

    A point at height y over the middle and s towards the camera lies s cos(e) + y sin(e) nearer than the middle and
    y cos(e) - s sin(e) above it.
    """
    room, sine, cosine = FILL * tangent, np.sin(elevation), np.cos(elevation)
    rims = [(s * mesh.radius, y * mesh.height / 2) for s in (-1, 1) for y in (-1, 1)]
    tall = max(abs(y * cosine - s * sine) / room + s * cosine + y * sine for s, y in rims)
    # the widest points of a rim are those where its tangent points at the camera
    wide = mesh.radius * np.hypot(1 / (room * aspect), cosine) + mesh.height / 2 * sine
    return float(max(tall, wide))
