"""The eight subjects as flat sprites: albedo and coverage, drawn once per clip, lit later on the screen.

A sprite is (256, 256, 4) float32 RGBA in 0..1 (not premultiplied), the subject centred with a radius of about 100.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Sprite = NDArray[np.float32]
Colour = NDArray[np.float32]

SIZE = 256
RADIUS = 100.0
_SHIFT = 4


class _Pen:
    """Draws anti-aliased shapes in sprite coordinates (centre 0, y down), in units of the sprite's radius."""

    def __init__(self) -> None:
        self.rgb = np.zeros((SIZE, SIZE, 3), np.float32)
        self.alpha = np.zeros((SIZE, SIZE), np.float32)

    def _points(self, points: object) -> NDArray[np.int32]:
        array = np.asarray(points, np.float64) * RADIUS + SIZE / 2
        return np.round(array * 2**_SHIFT).astype(np.int32)

    def polygon(self, points: object, colour: Colour, inside: bool = False) -> None:
        """Fill a polygon (N, 2); with `inside`, only where something is drawn already."""
        mask = np.zeros((SIZE, SIZE), np.uint8)
        cv2.fillPoly(mask, [self._points(points)], 255, cv2.LINE_AA, _SHIFT)
        self._blend(mask, colour, inside)

    def ellipse(
        self, centre: tuple[float, float], axes: tuple[float, float], colour: Colour, inside: bool = False
    ) -> None:
        turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        points = np.stack([centre[0] + axes[0] * np.cos(turn), centre[1] + axes[1] * np.sin(turn)], 1)
        self.polygon(points, colour, inside)

    def _blend(self, mask: NDArray[np.uint8], colour: Colour, inside: bool) -> None:
        cover = mask.astype(np.float32) / 255
        if inside:
            cover *= self.alpha
        self.rgb += cover[..., None] * (colour - self.rgb)
        if not inside:
            # the colour under a soft edge must not be mixed with the black of an empty sprite
            self.rgb[(self.alpha == 0) & (cover > 0)] = colour
            self.alpha = np.maximum(self.alpha, cover)

    def sprite(self) -> Sprite:
        return np.dstack([self.rgb, self.alpha]).astype(np.float32)


def lighter(colour: Colour, amount: float) -> Colour:
    return np.asarray(colour + (1 - colour) * amount, np.float32)


def darker(colour: Colour, amount: float) -> Colour:
    return np.asarray(colour * (1 - amount), np.float32)


def _accent(colour: Colour) -> Colour:
    """A second tone that reads as a mark on the first: lighter, or darker where it is nearly white already."""
    return darker(colour, 0.22) if colour.min() > 0.8 else lighter(colour, 0.5)


def _ball(pen: _Pen, colour: Colour) -> None:
    pen.ellipse((0, 0), (1, 1), colour)
    turn = np.linspace(-0.5, 0.5, 24) * np.pi
    outer = np.stack([np.sin(turn) * 1.2, 0.35 - np.cos(turn) * 0.55], 1)
    inner = np.stack([np.sin(turn) * 1.2, 0.62 - np.cos(turn) * 0.5], 1)[::-1]
    pen.polygon(np.concatenate([outer, inner]), _accent(colour), inside=True)


def _cube(pen: _Pen, colour: Colour) -> None:
    top, middle, side = -0.95, 0.0, 0.88
    pen.polygon([(0, top), (side, -0.48), (0, middle), (-side, -0.48)], lighter(colour, 0.3))
    pen.polygon([(-side, -0.48), (0, middle), (0, 0.98), (-side, 0.48)], colour)
    pen.polygon([(side, -0.48), (0, middle), (0, 0.98), (side, 0.48)], darker(colour, 0.3))


def _cone(pen: _Pen, colour: Colour) -> None:
    pen.ellipse((0, 0.72), (0.82, 0.24), darker(colour, 0.08))
    pen.polygon([(0, -1.05), (0.82, 0.72), (-0.82, 0.72)], colour)
    pen.polygon([(0, -1.05), (0.82, 0.72), (0.5, 0.92), (0.22, 0.96)], darker(colour, 0.25), inside=True)
    pen.polygon([(-0.2, -0.62), (0.2, -0.62), (0.36, -0.28), (0, -0.2), (-0.36, -0.28)], _accent(colour), inside=True)


def _star(pen: _Pen, colour: Colour) -> None:
    turn = -np.pi / 2 + np.arange(10) * np.pi / 5
    radius = np.where(np.arange(10) % 2 == 0, 1.08, 0.47)
    points = np.stack([np.cos(turn) * radius, np.sin(turn) * radius], 1)
    pen.polygon(points, colour)
    for i in range(0, 10, 2):
        pen.polygon([(0, 0), points[i], points[(i + 1) % 10]], darker(colour, 0.16), inside=True)


def _heart(pen: _Pen, colour: Colour) -> None:
    t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16.0
    pen.polygon(np.stack([x, y - 0.06], 1) * 1.02, colour)
    pen.ellipse((-0.45, -0.42), (0.2, 0.15), _accent(colour), inside=True)


def _ring(pen: _Pen, colour: Colour) -> None:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], 1)
    pen.polygon(circle, colour)
    pen.polygon(circle * 0.88 + (0.02, -0.02), _accent(colour), inside=True)
    pen.polygon(circle * 0.8, colour, inside=True)
    for angle in (0.6, 2.7, 4.8):
        pen.ellipse((0.79 * np.cos(angle), 0.79 * np.sin(angle)), (0.13, 0.13), _accent(colour), inside=True)
    hole = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(hole, [pen._points(circle * 0.56)], 255, cv2.LINE_AA, _SHIFT)
    pen.alpha *= 1 - hole.astype(np.float32) / 255


def _fish(pen: _Pen, colour: Colour) -> None:
    """Swims to the left; mirrored by whoever draws it the other way."""
    pen.polygon([(0.45, 0), (1.15, -0.55), (1.0, 0), (1.15, 0.55)], darker(colour, 0.15))
    pen.polygon([(-0.2, -0.45), (0.25, -0.85), (0.5, -0.35)], darker(colour, 0.15))
    pen.ellipse((-0.2, 0), (0.85, 0.56), colour)
    pen.ellipse((-0.25, 0.3), (0.6, 0.25), _accent(colour), inside=True)
    pen.polygon([(0.05, -0.05), (0.4, 0.12), (0.08, 0.3)], darker(colour, 0.2), inside=True)
    pen.ellipse((-0.68, -0.14), (0.15, 0.15), np.array([1, 1, 1], np.float32), inside=True)
    pen.ellipse((-0.71, -0.14), (0.08, 0.08), np.array([0.1, 0.1, 0.14], np.float32), inside=True)


def _rocket(pen: _Pen, colour: Colour) -> None:
    """Points upwards."""
    pen.polygon([(-0.16, 0.68), (0.16, 0.68), (0.0, 1.18)], np.array([1.0, 0.72, 0.2], np.float32))
    pen.polygon([(-0.3, 0.15), (-0.72, 0.78), (-0.25, 0.66)], darker(colour, 0.3))
    pen.polygon([(0.3, 0.15), (0.72, 0.78), (0.25, 0.66)], darker(colour, 0.35))
    t = np.linspace(0, np.pi, 24)
    hull = np.stack([0.4 * np.sin(t) ** 0.8, -1.05 + 1.78 * (1 - np.cos(t)) / 2], 1)
    pen.polygon(np.concatenate([hull, hull[::-1] * (-1, 1)]), colour)
    pen.polygon([(-0.4, -1.1), (0.4, -1.1), (0.4, -0.62), (-0.4, -0.62)], _accent(colour), inside=True)
    pen.ellipse((0, -0.22), (0.19, 0.19), darker(colour, 0.4), inside=True)
    pen.ellipse((0, -0.22), (0.13, 0.13), np.array([0.72, 0.9, 1.0], np.float32), inside=True)


_DRAW: dict[str, Callable[[_Pen, Colour], None]] = {
    "ball": _ball,
    "cube": _cube,
    "cone": _cone,
    "star": _star,
    "heart": _heart,
    "ring": _ring,
    "fish": _fish,
    "rocket": _rocket,
}


def draw_subject(subject: str, colour: Colour) -> Sprite:
    """The sprite of a subject in a colour (3,) in 0..1, with a slightly darker rim so that it reads on any ground."""
    pen = _Pen()
    _DRAW[subject](pen, colour)
    sprite = pen.sprite()
    core = cv2.erode(sprite[..., 3], np.ones((3, 3), np.uint8), iterations=4)
    core = cv2.GaussianBlur(core, (0, 0), 2.5)
    sprite[..., :3] *= 1 - 0.35 * (1 - core[..., None])
    return sprite
