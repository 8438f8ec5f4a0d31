"""The places of the world as stacks of painted layers, far to near, each with its own small motion.

Coordinates: a layer is larger than the frame so that a camera may move over it. `Brush` takes x and y as fractions of
the frame (0..1 is what a resting camera sees) and repeats sideways without a seam.
"""

from __future__ import annotations

from collections.abc import Callable
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


def _wave(rng: np.random.Generator, count: int, waves: tuple[int, ...], amplitude: float) -> NDArray[np.float64]:
    """A periodic line of `count` samples made of whole sine waves, within about +-amplitude."""
    t = np.linspace(0, 2 * np.pi, count)
    line = sum(np.sin(n * t + rng.uniform(0, 2 * np.pi)) / (1 + i) for i, n in enumerate(waves))
    return np.asarray(line) * amplitude


def _mix(a: RGB, b: RGB, t: float) -> RGB:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


class _Painter:
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


def _sea(p: _Painter) -> Place:
    rng, horizon = p.rng, p.rng.uniform(0.48, 0.56)
    p.sky(horizon)
    deep: RGB = (0.05, 0.36, 0.62)
    shallow: RGB = (0.25, 0.72, 0.8)
    brush = p.brush()
    brush.ridge(np.full(8, horizon), _mix(deep, shallow, 0.05))
    for _ in range(10):
        brush.disc(rng.uniform(-0.4, 1.4), rng.uniform(horizon + 0.01, horizon + 0.06), 0.03, (0.8, 0.93, 0.97), 0.1)
    p.add(brush, 0.25)
    for i, y in enumerate((0.6, 0.69, 0.79, 0.91)):
        brush = p.brush()
        line = y + _wave(rng, 161, (10 - i * 2, 15 - i * 2), 0.013 + 0.005 * i)
        brush.ridge(line - 0.012, (0.85, 0.95, 0.97), 0.7)
        brush.ridge(line, _mix(deep, shallow, 0.15 + 0.25 * i))
        p.add(brush, 0.45 + 0.18 * i, drift=(0.8 + 0.35 * i) * (1 if i % 2 else -1), bob=0.8 + 0.4 * i)
    return p.done(0.84, front=len(p.layers) - 1)


def _desert(p: _Painter) -> Place:
    rng, horizon = p.rng, p.rng.uniform(0.52, 0.6)
    p.sky(horizon, clouds=2)
    sand: RGB = (0.93, 0.74, 0.42)
    for i, y in enumerate((horizon, horizon + 0.1, 0.78)):
        brush = p.brush()
        line = y + _wave(rng, 121, (2 + i, 3 + i), 0.035)
        brush.ridge(line, _mix((0.86, 0.6, 0.38), sand, i / 2))
        hollow = line + 0.025 + 0.05 * np.sin(np.linspace(0, 2 * np.pi * (2 + i), 121))
        brush.ridge(hollow, _mix((0.8, 0.54, 0.32), sand, 0.2 + i / 3), 0.6)
        if i == 1:
            for x in rng.uniform(-0.4, 1.4, 4):
                _cactus(brush, float(x), y + 0.05, float(rng.uniform(0.1, 0.17)))
        p.add(brush, (0.3, 0.6, 1.0)[i])
    return p.done(float(rng.uniform(0.85, 0.9)))


def _cactus(brush: Brush, x: float, y: float, size: float) -> None:
    green: RGB = (0.2, 0.5, 0.3)
    across = brush.frame_height / brush.frame_width
    for dx, low, high, w in ((0.0, 0.0, 1.0, 0.1), (-0.3, 0.35, 0.75, 0.07), (0.3, 0.45, 0.85, 0.07)):
        left, right = x + (dx - w) * size * across, x + (dx + w) * size * across
        top, bottom = y - high * size, y - low * size
        brush.polygon(np.array([[left, bottom], [left, top], [right, top], [right, bottom]]), green)
        brush.disc(x + dx * size * across, top, w * size, green)
    bar = np.array([[-0.3, 0.42], [0.3, 0.42], [0.3, 0.54], [-0.3, 0.54]]) * (size * across, -size)
    brush.polygon(np.add(bar, (x, y)), green)


def _peaks(brush: Brush, rng: np.random.Generator, base: float, height: float, rock: RGB, count: int) -> None:
    width = SPAN[0] / count
    for i in rng.permutation(count):
        x, top = 0.5 - SPAN[0] / 2 + (i + 0.5 + rng.uniform(-0.2, 0.2)) * width, base - height * rng.uniform(0.65, 1.0)
        half = width * rng.uniform(0.75, 1.0)
        left, right, peak = np.array([x - half, base]), np.array([x + half, base]), np.array([x, top])
        shade = _mix(rock, (0.1, 0.1, 0.2), 0.22)
        brush.polygon(np.array([left, peak, right]), rock)
        brush.polygon(np.array([peak, right, [x + half * 0.1, base]]), shade)
        a, b = peak + (left - peak) * 0.3, peak + (right - peak) * 0.3
        teeth = [
            a,
            peak,
            b,
            np.add(peak, (0.02, height * 0.22)),
            np.add(peak, (-0.01, height * 0.32)),
            np.add(peak, (-0.05, height * 0.2)),
        ]
        brush.polygon(np.array(teeth), (0.97, 0.98, 1.0))


def _mountains(p: _Painter) -> Place:
    rng = p.rng
    p.sky(0.62)
    for depth, height, rock, count in ((0.2, 0.42, (0.55, 0.62, 0.76), 7), (0.45, 0.36, (0.4, 0.46, 0.58), 6)):
        brush = p.brush()
        _peaks(brush, rng, 0.76, height, rock, count)
        brush.ridge(np.full(8, 0.755), rock)
        p.add(brush, depth)
    brush = p.brush()
    line = 0.77 + _wave(rng, 121, (2, 5), 0.02)
    for x in rng.uniform(-0.45, 1.45, 12):
        _pine(brush, float(x), 0.8, float(rng.uniform(0.1, 0.18)))
    brush.ridge(line, (0.33, 0.55, 0.42))
    p.add(brush, 1.0)
    return p.done(float(rng.uniform(0.86, 0.91)))


def _pine(brush: Brush, x: float, y: float, size: float) -> None:
    across = brush.frame_height / brush.frame_width
    for low, high, half in ((0.0, 0.6, 0.34), (0.35, 1.0, 0.25)):
        points = np.array([[-half, -low], [0, -high], [half, -low]]) * (size * across, size)
        brush.polygon(np.add(points, (x, y)), (0.16, 0.4, 0.33))


def _meadow(p: _Painter) -> Place:
    rng = p.rng
    p.sky(0.6)
    for i, y in enumerate((0.56, 0.64, 0.74)):
        brush = p.brush()
        line = y + _wave(rng, 121, (2 + i, 3), 0.035)
        if i == 1:
            for x in rng.uniform(-0.45, 1.45, 6):
                size = rng.uniform(0.05, 0.085)
                trunk = np.array([[-0.006, 0], [0.006, 0], [0.006, -0.12], [-0.006, -0.12]])
                brush.polygon(np.add(trunk, (x, y)), (0.45, 0.32, 0.22))
                brush.disc(float(x), y - 0.12, size, (0.2, 0.52, 0.28))
        brush.ridge(line, _mix((0.55, 0.76, 0.5), (0.5, 0.78, 0.3), i / 2))
        if i == 2:
            _flowers(brush, rng, 40, 0.8, 1.3)
        p.add(brush, (0.25, 0.55, 1.0)[i])
    brush = p.brush()
    x = np.linspace(-0.5, 1.5, 181)
    tufts = 0.965 + np.where(np.arange(181) % 2 == 0, rng.uniform(-0.05, 0.0, 181), 0.03)
    brush.polygon(np.concatenate([np.stack([x, tufts], 1), [[1.5, 2.0], [-0.5, 2.0]]]), (0.3, 0.6, 0.22))
    p.add(brush, 1.15, bob=0.5)
    return p.done(float(rng.uniform(0.85, 0.89)), front=len(p.layers) - 1)


def _flowers(brush: Brush, rng: np.random.Generator, count: int, low: float, high: float) -> None:
    palette: tuple[RGB, ...] = ((1.0, 1.0, 1.0), (1.0, 0.9, 0.4), (1.0, 0.7, 0.75))
    for _ in range(count):
        brush.disc(rng.uniform(-0.5, 1.5), rng.uniform(low, high), 0.014, palette[rng.integers(3)])


def _city(p: _Painter) -> Place:
    rng, night = p.rng, p.light == "night"
    p.sky(0.7, clouds=2)
    for depth, wall, tallest in ((0.25, (0.66, 0.72, 0.82), 0.5), (0.55, (0.42, 0.48, 0.62), 0.4)):
        brush, glow = p.brush(), Brush(p.size, (1.0, 1.0, 1.0))
        x = -0.5
        while x < 1.5:
            width, top = rng.uniform(0.07, 0.14), 0.8 - tallest * rng.uniform(0.4, 1.0)
            right = min(x + width, 1.5)
            outline = np.array([[x, 2.0], [x, top], [right, top], [right, 2.0]])
            brush.polygon(outline, _mix(wall, (0.3, 0.3, 0.4), rng.uniform(0, 0.25)))
            if depth > 0.5:
                _windows(brush if not night else glow, rng, x, right, top, night)
            x = right
        p.add(brush, depth)
        if night and depth > 0.5:
            p.add(glow, depth, pulse=0.25)
    brush = p.brush()
    brush.ridge(np.full(8, 0.78), (0.6, 0.62, 0.64))
    brush.ridge(np.full(8, 0.815), (0.33, 0.35, 0.4))
    for x in np.arange(-0.5, 1.5, 0.2):
        brush.polygon(np.array([[x, 0.925], [x + 0.1, 0.925], [x + 0.1, 0.945], [x, 0.945]]), (0.95, 0.93, 0.85))
    p.add(brush, 1.0)
    return p.done(float(rng.uniform(0.86, 0.9)))


def _windows(brush: Brush, rng: np.random.Generator, left: float, right: float, top: float, night: bool) -> None:
    pane: RGB = (1.0, 0.85, 0.5) if night else (0.75, 0.86, 0.95)
    for x in np.arange(left + 0.014, right - 0.02, 0.03):
        for y in np.arange(top + 0.04, 0.76, 0.075):
            if rng.random() < 0.7:
                brush.polygon(np.array([[x, y], [x + 0.014, y], [x + 0.014, y + 0.035], [x, y + 0.035]]), pane)


def _space(p: _Painter) -> Place:
    rng, brush = p.rng, p.brush(lit=False)
    tones: tuple[RGB, ...] = ((0.12, 0.05, 0.22), (0.03, 0.1, 0.22), (0.06, 0.04, 0.16), (0.02, 0.12, 0.16))
    brush.gradient((0.02, 0.02, 0.08), tones[rng.integers(4)], -0.2, 1.3)
    p.add(brush, 0.0)
    p.stars(60, 1.3)
    brush = p.brush(lit=False)
    x, y, radius = 0.5 + p.side * rng.uniform(0.2, 0.45), rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.2)
    planet: RGB = ((0.85, 0.55, 0.4), (0.45, 0.6, 0.8), (0.7, 0.6, 0.85), (0.55, 0.75, 0.65))[rng.integers(4)]
    brush.disc(x, y, radius, _mix(planet, (0.05, 0.05, 0.15), 0.45))
    brush.disc(x + p.side * radius * 0.12, y - radius * 0.12, radius * 0.85, planet)
    brush.disc(x, y + radius * 0.1, radius * 1.7, _mix(planet, (1, 1, 1), 0.35), 0.12, opacity=0.85)
    p.add(brush, 0.3, drift=float(rng.uniform(0.2, 0.5) * rng.choice([-1, 1])))
    return p.done(None)


def _studio(p: _Painter) -> Place:
    rng, brush = p.rng, p.brush()
    walls: tuple[RGB, ...] = (
        (0.74, 0.78, 0.82),
        (0.82, 0.77, 0.72),
        (0.7, 0.78, 0.76),
        (0.76, 0.73, 0.82),
        (0.62, 0.64, 0.68),
    )
    wall = walls[rng.integers(len(walls))]
    brush.gradient(_mix(wall, (1, 1, 1), 0.18), wall, 0.0, 0.7)
    p.add(brush, 0.5)
    glow = p.brush()
    for halo in np.linspace(1.0, 0.3, 6):
        glow.disc(0.5 + p.side * 0.18, 0.32, 0.6 * float(halo), (1.0, 1.0, 0.97), opacity=0.07)
    p.add(glow, 0.5, drift=-0.5 * p.side)
    brush = p.brush()
    for i, y in enumerate(np.linspace(0.68, 0.76, 5)):
        brush.ridge(np.full(8, y), _mix(_mix(wall, (0.2, 0.2, 0.25), 0.12), wall, 1 - i / 4))
    p.add(brush, 1.0)
    return p.done(float(rng.uniform(0.84, 0.9)))


_PAINT: dict[str, Callable[[_Painter], Place]] = {
    "sea": _sea,
    "desert": _desert,
    "mountains": _mountains,
    "meadow": _meadow,
    "city": _city,
    "space": _space,
    "studio": _studio,
}


def paint_place(place: str, light: str, size: tuple[int, int], rng: np.random.Generator) -> Place:
    """The layers of a place for frames of `size` (width, height)."""
    return _PAINT[place](_Painter(rng, size, light))
