"""The places of the world as stacks of painted layers, far to near, each with its own small motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.starter.painting import RGB, SPAN, Brush, Painter, Place, mix, wave


def _sea(p: Painter) -> Place:
    rng, horizon = p.rng, p.rng.uniform(0.48, 0.56)
    p.sky(horizon)
    deep: RGB = (0.05, 0.36, 0.62)
    shallow: RGB = (0.25, 0.72, 0.8)
    brush = p.brush()
    brush.ridge(np.full(8, horizon), mix(deep, shallow, 0.05))
    for _ in range(10):
        brush.disc(rng.uniform(-0.4, 1.4), rng.uniform(horizon + 0.01, horizon + 0.06), 0.03, (0.8, 0.93, 0.97), 0.1)
    p.add(brush, 0.25)
    for i, y in enumerate((0.6, 0.69, 0.79, 0.91)):
        brush = p.brush()
        line = y + wave(rng, 161, (10 - i * 2, 15 - i * 2), 0.013 + 0.005 * i)
        brush.ridge(line - 0.012, (0.85, 0.95, 0.97), 0.7)
        brush.ridge(line, mix(deep, shallow, 0.15 + 0.25 * i))
        p.add(brush, 0.45 + 0.18 * i, drift=(0.8 + 0.35 * i) * (1 if i % 2 else -1), bob=0.8 + 0.4 * i)
    return p.done(0.84, front=len(p.layers) - 1)


def _desert(p: Painter) -> Place:
    rng, horizon = p.rng, p.rng.uniform(0.52, 0.6)
    p.sky(horizon, clouds=2)
    sand: RGB = (0.93, 0.74, 0.42)
    for i, y in enumerate((horizon, horizon + 0.1, 0.78)):
        brush = p.brush()
        line = y + wave(rng, 121, (2 + i, 3 + i), 0.035)
        brush.ridge(line, mix((0.86, 0.6, 0.38), sand, i / 2))
        hollow = line + 0.025 + 0.05 * np.sin(np.linspace(0, 2 * np.pi * (2 + i), 121))
        brush.ridge(hollow, mix((0.8, 0.54, 0.32), sand, 0.2 + i / 3), 0.6)
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
        shade = mix(rock, (0.1, 0.1, 0.2), 0.22)
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


def _mountains(p: Painter) -> Place:
    rng = p.rng
    p.sky(0.62)
    for depth, height, rock, count in ((0.2, 0.42, (0.55, 0.62, 0.76), 7), (0.45, 0.36, (0.4, 0.46, 0.58), 6)):
        brush = p.brush()
        _peaks(brush, rng, 0.76, height, rock, count)
        brush.ridge(np.full(8, 0.755), rock)
        p.add(brush, depth)
    brush = p.brush()
    line = 0.77 + wave(rng, 121, (2, 5), 0.02)
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


def _meadow(p: Painter) -> Place:
    rng = p.rng
    p.sky(0.6)
    for i, y in enumerate((0.56, 0.64, 0.74)):
        brush = p.brush()
        line = y + wave(rng, 121, (2 + i, 3), 0.035)
        if i == 1:
            for x in rng.uniform(-0.45, 1.45, 6):
                size = rng.uniform(0.05, 0.085)
                trunk = np.array([[-0.006, 0], [0.006, 0], [0.006, -0.12], [-0.006, -0.12]])
                brush.polygon(np.add(trunk, (x, y)), (0.45, 0.32, 0.22))
                brush.disc(float(x), y - 0.12, size, (0.2, 0.52, 0.28))
        brush.ridge(line, mix((0.55, 0.76, 0.5), (0.5, 0.78, 0.3), i / 2))
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


def _city(p: Painter) -> Place:
    rng, night = p.rng, p.light == "night"
    p.sky(0.7, clouds=2)
    for depth, wall, tallest in ((0.25, (0.66, 0.72, 0.82), 0.5), (0.55, (0.42, 0.48, 0.62), 0.4)):
        brush, glow = p.brush(), Brush(p.size, (1.0, 1.0, 1.0))
        x = -0.5
        while x < 1.5:
            width, top = rng.uniform(0.07, 0.14), 0.8 - tallest * rng.uniform(0.4, 1.0)
            right = min(x + width, 1.5)
            outline = np.array([[x, 2.0], [x, top], [right, top], [right, 2.0]])
            brush.polygon(outline, mix(wall, (0.3, 0.3, 0.4), rng.uniform(0, 0.25)))
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


def _space(p: Painter) -> Place:
    rng, brush = p.rng, p.brush(lit=False)
    tones: tuple[RGB, ...] = ((0.12, 0.05, 0.22), (0.03, 0.1, 0.22), (0.06, 0.04, 0.16), (0.02, 0.12, 0.16))
    brush.gradient((0.02, 0.02, 0.08), tones[rng.integers(4)], -0.2, 1.3)
    p.add(brush, 0.0)
    p.stars(60, 1.3)
    brush = p.brush(lit=False)
    x, y, radius = 0.5 + p.side * rng.uniform(0.2, 0.45), rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.2)
    planet: RGB = ((0.85, 0.55, 0.4), (0.45, 0.6, 0.8), (0.7, 0.6, 0.85), (0.55, 0.75, 0.65))[rng.integers(4)]
    brush.disc(x, y, radius, mix(planet, (0.05, 0.05, 0.15), 0.45))
    brush.disc(x + p.side * radius * 0.12, y - radius * 0.12, radius * 0.85, planet)
    brush.disc(x, y + radius * 0.1, radius * 1.7, mix(planet, (1, 1, 1), 0.35), 0.12, opacity=0.85)
    p.add(brush, 0.3, drift=float(rng.uniform(0.2, 0.5) * rng.choice([-1, 1])))
    return p.done(None)


def _studio(p: Painter) -> Place:
    rng, brush = p.rng, p.brush()
    walls: tuple[RGB, ...] = (
        (0.74, 0.78, 0.82),
        (0.82, 0.77, 0.72),
        (0.7, 0.78, 0.76),
        (0.76, 0.73, 0.82),
        (0.62, 0.64, 0.68),
    )
    wall = walls[rng.integers(len(walls))]
    brush.gradient(mix(wall, (1, 1, 1), 0.18), wall, 0.0, 0.7)
    p.add(brush, 0.5)
    glow = p.brush()
    for halo in np.linspace(1.0, 0.3, 6):
        glow.disc(0.5 + p.side * 0.18, 0.32, 0.6 * float(halo), (1.0, 1.0, 0.97), opacity=0.07)
    p.add(glow, 0.5, drift=-0.5 * p.side)
    brush = p.brush()
    for i, y in enumerate(np.linspace(0.68, 0.76, 5)):
        brush.ridge(np.full(8, y), mix(mix(wall, (0.2, 0.2, 0.25), 0.12), wall, 1 - i / 4))
    p.add(brush, 1.0)
    return p.done(float(rng.uniform(0.84, 0.9)))


_PAINT: dict[str, Callable[[Painter], Place]] = {
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
    return _PAINT[place](Painter(rng, size, light))
