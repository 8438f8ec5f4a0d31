"""What places are painted with: layers, a brush for one of them, and the skies all places share.

Coordinates: a layer is larger than the frame so that a camera may move over it. `Brush` takes x and y as fractions of
the frame (0..1 is what a resting camera sees) and repeats sideways without a seam.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Layer2D = NDArray[np.float32]
RGB = tuple[float, float, float]

DETAIL = 1.25  # layer pixels per frame pixel
SPAN = (2.0, 2.0)  # layer extent over frame extent: across, down
_SHIFT = 4

SKY: dict[str, tuple[RGB, RGB]] = {
    "day": ((0.34, 0.64, 0.93), (0.83, 0.93, 0.98)),
    "sunset": ((0.38, 0.28, 0.56), (1.0, 0.69, 0.44)),
    "night": ((0.04, 0.06, 0.19), (0.17, 0.22, 0.45)),
}
TINT: dict[str, RGB] = {"day": (1.0, 1.0, 1.0), "sunset": (1.0, 0.78, 0.68), "night": (0.36, 0.43, 0.66)}


@dataclass(frozen=True)
class Layer:
    """A premultiplied RGBA picture (H', W', 4) float32 in 0..1; `depth` 0 is at infinity, 1 at the subject.

    `drift` is sideways pixels a frame, `bob` the amplitude of a slow rise and fall, `pulse` that of its brightness.
    """

    image: Layer2D
    depth: float
    drift: float = 0.0
    bob: float = 0.0
    pulse: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True)
class Place:
    """`ground` is where a subject stands (fraction of the height), None where there is none; layers from `front` on
    are drawn before the subject; `light_from` is the side the light comes from, -1 left or 1 right."""

    layers: tuple[Layer, ...]
    front: int
    ground: float | None
    light_from: float


class Brush:
    """Paints one layer. Colours are RGB in 0..1 and are tinted by the light of the scene."""

    def __init__(self, size: tuple[int, int], tint: RGB) -> None:
        self.frame_width, self.frame_height = size
        self.width = round(size[0] * SPAN[0] * DETAIL)
        self.height = round(size[1] * SPAN[1] * DETAIL)
        self.tint = np.asarray(tint, np.float32)
        self.image = np.zeros((self.height, self.width, 4), np.float32)

    def place(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        """Frame fractions (N, 2) to fixed-point layer pixels."""
        scale = np.array([self.frame_width, self.frame_height]) * DETAIL
        pixels = (points - 0.5) * scale + np.array([self.width, self.height]) / 2
        return np.round(pixels * 2**_SHIFT).astype(np.int32)

    def fill(self, colour: RGB) -> None:
        self.image[..., :3] = np.asarray(colour, np.float32) * self.tint
        self.image[..., 3] = 1

    def gradient(self, top: RGB, bottom: RGB, start: float, end: float) -> None:
        """Fill everything with a vertical gradient that runs between the heights `start` and `end`."""
        y = (np.arange(self.height) - self.height / 2) / (self.frame_height * DETAIL) + 0.5
        t = np.clip((y - start) / (end - start), 0, 1)[:, None].astype(np.float32)
        colours = (np.asarray(top, np.float32) * (1 - t) + np.asarray(bottom, np.float32) * t) * self.tint
        self.image[..., :3] = colours[:, None]
        self.image[..., 3] = 1

    def polygon(self, points: NDArray[np.float64], colour: RGB, opacity: float = 1.0) -> None:
        fixed = self.place(points)
        low = np.clip(fixed.min(axis=0) // 2**_SHIFT - 1, 0, (self.width, self.height))
        high = np.clip(fixed.max(axis=0) // 2**_SHIFT + 2, 0, (self.width, self.height))
        if (high <= low).any():
            return
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(mask, [fixed - low.astype(np.int32) * 2**_SHIFT], 255, cv2.LINE_AA, _SHIFT)
        alpha = mask.astype(np.float32)[..., None] * np.float32(opacity / 255)
        paint = np.append(np.asarray(colour, np.float32) * self.tint, np.float32(1.0))
        region = self.image[low[1] : high[1], low[0] : high[0]]
        region += alpha * (paint - region)

    def disc(self, x: float, y: float, radius: float, colour: RGB, squeeze: float = 1.0, opacity: float = 1.0) -> None:
        """A disc (`squeeze` flattens it); its radius is a fraction of the height."""
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        across = radius * self.frame_height / self.frame_width
        self.polygon(np.stack([x + across * np.cos(turn), y + radius * squeeze * np.sin(turn)], 1), colour, opacity)

    def ridge(self, heights: NDArray[np.float64], colour: RGB, opacity: float = 1.0) -> NDArray[np.float64]:
        """Fill below a line given by its heights at even steps across the whole layer; returns the line (N, 2)."""
        x = np.linspace(0.5 - SPAN[0] / 2, 0.5 + SPAN[0] / 2, len(heights))
        line = np.stack([x, heights], 1)
        self.polygon(np.concatenate([line, [[x[-1], 3.0], [x[0], 3.0]]]), colour, opacity)
        return line


def wave(rng: np.random.Generator, count: int, waves: tuple[int, ...], amplitude: float) -> NDArray[np.float64]:
    """A periodic line of `count` samples made of whole sine waves, within about +-amplitude."""
    t = np.linspace(0, 2 * np.pi, count)
    line = sum(np.sin(n * t + rng.uniform(0, 2 * np.pi)) / (1 + i) for i, n in enumerate(waves))
    return np.asarray(line) * amplitude


def mix(a: RGB, b: RGB, t: float) -> RGB:
    """A colour between two: `a` at t = 0, `b` at t = 1."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


class Painter:
    """What the places share: the sky with its sun or moon, stars and clouds."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], light: str) -> None:
        self.rng, self.size, self.light = rng, size, light
        self.side = float(rng.choice([-1.0, 1.0]))
        self.layers: list[Layer] = []

    def brush(self, lit: bool = True) -> Brush:
        return Brush(self.size, TINT[self.light] if lit else (1.0, 1.0, 1.0))

    def add(self, brush: Brush, depth: float, drift: float = 0.0, bob: float = 0.0, pulse: float = 0.0) -> None:
        self.layers.append(Layer(brush.image, depth, drift, bob, pulse, float(self.rng.uniform(0, 2 * np.pi))))

    def sky(self, horizon: float, clouds: int = 3) -> None:
        rng, brush = self.rng, self.brush(lit=False)
        top, bottom = SKY[self.light]
        brush.gradient(top, bottom, -0.1, horizon)
        x, y = 0.5 + self.side * rng.uniform(0.15, 0.4), rng.uniform(0.12, 0.26)
        if self.light == "sunset":
            y = horizon - rng.uniform(0.0, 0.12)
        disc: RGB = {"day": (1.0, 0.95, 0.72), "sunset": (1.0, 0.86, 0.55), "night": (0.93, 0.94, 1.0)}[self.light]
        for halo, opacity in ((2.4, 0.1), (1.7, 0.16), (1.0, 1.0)):
            brush.disc(x, y, 0.075 * halo, disc, opacity=opacity)
        self.add(brush, 0.0)
        if self.light == "night":
            self.stars(30, horizon)
        if clouds:
            self.clouds(clouds, horizon)

    def stars(self, count: int, lowest: float) -> None:
        for _ in range(2):
            brush = self.brush(lit=False)
            for _ in range(count):
                x, y = self.rng.uniform(-0.4, 1.4), self.rng.uniform(-0.3, lowest)
                brush.disc(x, y, self.rng.uniform(0.007, 0.016), (1.0, 0.98, 0.9))
            self.add(brush, 0.05, pulse=0.6)

    def clouds(self, count: int, horizon: float) -> None:
        rng, brush = self.rng, self.brush(lit=False)
        white: RGB = {"day": (1.0, 1.0, 1.0), "sunset": (1.0, 0.8, 0.72), "night": (0.3, 0.35, 0.55)}[self.light]
        for i in range(count):
            x = -0.4 + 1.8 * (i + rng.uniform(0.2, 0.8)) / count
            y, size = rng.uniform(0.06, horizon * 0.6), rng.uniform(0.05, 0.09)
            for dx in np.linspace(-1, 1, 5):
                rise = size * (1 - 0.5 * abs(dx)) * rng.uniform(0.8, 1.1)
                brush.disc(x + dx * size * 1.1, y - rise * 0.4, rise, white, opacity=0.92)
        self.add(brush, 0.15, drift=float(rng.uniform(0.5, 1.1) * rng.choice([-1, 1])))

    def done(self, ground: float | None, front: int | None = None) -> Place:
        return Place(tuple(self.layers), len(self.layers) if front is None else front, ground, self.side)
