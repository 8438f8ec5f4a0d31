"""A stage in numbers: a camera's path, a sky, cards. Axes: x right, y up, z ahead, in metres; y = 0 is the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RGB = tuple[float, float, float]

# What a card does: hides what is behind; darkens it; lies over it and has no depth; is a box, in the mock-up alone
SOLID, SHADE, VEIL, BOX = range(4)
NOBODY = -1
# Drawn in this order whatever their distance: the ground, what lies on it, shadows and walls, all that stands, the air
GROUND, LYING, FALLEN, STANDING, AIR = 3, 2, 1, 0, -1


@dataclass(frozen=True, eq=False)
class Camera:
    """For each frame: `eye` (F, 3), `axes` (F, 3, 3) rows right, up and ahead, `focal` (F,) in picture widths."""

    eye: Floats
    axes: Floats
    focal: Floats


@dataclass(eq=False)
class Card:
    """A rectangle of a picture in space, with relief where the picture has depth.

    A point (a, b, c) of the card - across, up, and towards its front - lies at middle + a * axes[0] + b * axes[1] +
    c * axes[2]; arrays have one row a frame.

    middle, axes  (F, 3), (F, 3, 3)
    picture       (F,) the number of its picture; `rect` (left, right, bottom, top) is what the picture covers
    relief        how far the picture's depth reaches to each side; 0: flat
    repeat        metres of card a picture covers before it repeats (across, up), or None
    scroll        (F, 2) parts of the picture it has moved by
    light         RGB its colours are multiplied by
    tint          RGB and how much of it (0..1), for the part that takes on a colour; `tone` how light that is itself
    opacity       0..1
    role          SOLID, SHADE, VEIL or BOX
    owner         0 or 1 for the subjects, NOBODY else
    flat          RGB in a mock-up; a `boxed` one leaves that to its BOX
    sway          (F,) how far its top is bent sideways; `gait` (F,) how far its feet are apart, both in its own units
    flicker       (F,) what its light is multiplied by
    layer         one of the five; within one, far cards are drawn first
    later         (F, 3, 3) where these axes point one frame later, if not where the next frame's do
    """

    middle: Floats
    axes: Floats
    picture: NDArray[np.int64]
    rect: tuple[float, float, float, float]
    relief: float = 0.0
    repeat: tuple[float, float] | None = None
    scroll: Floats | None = None
    light: RGB = (1.0, 1.0, 1.0)
    tint: RGB = (0.0, 0.0, 0.0)
    tinted: float = 0.0
    tone: float = 0.5
    opacity: float = 1.0
    role: int = SOLID
    owner: int = NOBODY
    flat: RGB = (0.6, 0.6, 0.6)
    boxed: bool = False
    sway: Floats | None = None
    gait: Floats | None = None
    flicker: Floats | None = None
    layer: int = STANDING
    later: Floats | None = None


@dataclass(frozen=True, eq=False)
class Sky:
    """What is behind all cards: a picture wound around the eye, from straight down to straight up. `drift` (F,) radians
    it has turned by; with `dome` its lower half lies on the ground, seen from that height when it was taken."""

    picture: int
    drift: Floats
    light: RGB = (1.0, 1.0, 1.0)
    flat: RGB = (0.7, 0.8, 0.9)
    dome: float = 0.0
    haze: float = 0.0


@dataclass(frozen=True, eq=False)
class Stage:
    """One clip before it is drawn. `haze` RGB, and `thickness` a metre."""

    camera: Camera
    sky: Sky
    cards: tuple[Card, ...]
    haze: RGB = (0.8, 0.85, 0.9)
    thickness: float = 0.0

    @property
    def num_frames(self) -> int:
        return len(self.camera.focal)
