"""What grounds and waters are made of: square pictures that repeat without a seam, made of filtered noise."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.diorama.textures import Texels, paint

SIDE = 256  # texels
Plane = NDArray[np.float64]  # (H, W)
RGB = tuple[float, float, float]


def noise(rng: np.random.Generator, shape: tuple[int, int], slope: float, stretch: float = 1.0) -> Plane:
    """Noise (H, W) of unit spread that repeats in both directions; its strength falls with frequency to the power
    `slope` (1: rough, 2: soft), features are `stretch` times as wide as high."""
    height, width = shape
    y = np.fft.fftfreq(height)[:, None] * height
    x = np.fft.rfftfreq(width)[None] * width * (height / width)
    radius = np.maximum(np.hypot(x * stretch, y / stretch), 1.0)
    spectrum = np.fft.rfft2(rng.normal(size=shape)) * radius**-slope
    spectrum[0, 0] = 0
    plane = np.fft.irfft2(spectrum, s=shape)
    return np.asarray(plane / plane.std())


def ramp(value: Plane, *colours: RGB) -> NDArray[np.float64]:
    """(H, W, 3) between colours at even steps of -2..2."""
    at = np.clip((value + 2) / 4, 0, 1)
    steps = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(at, steps, [colour[i] for colour in colours]) for i in range(3)], axis=-1)


def _texels(colour: NDArray[np.float64], relief: Plane) -> Texels:
    """`relief` shades a little, as the low sun does; clay shows it alone."""
    slope = np.roll(relief, 1, axis=1) - relief
    light = np.clip(1 + slope / max(3.5 * float(slope.std()), 1e-6) * 0.12, 0.7, 1.2)
    return paint(colour, light=light)


def _sand(rng: np.random.Generator) -> Texels:
    grain, dunes = noise(rng, (SIDE, SIDE), 0.3), noise(rng, (SIDE, SIDE), 1.6)
    y = np.arange(SIDE)[:, None] / SIDE
    ripples = np.sin(2 * np.pi * (14 * y + 0.6 * dunes * 0.35))
    value = 0.35 * grain + 0.5 * dunes + 0.55 * ripples
    return _texels(ramp(value, (0.74, 0.58, 0.36), (0.88, 0.73, 0.48), (0.95, 0.83, 0.6)), dunes + 0.4 * ripples)


def _grass(rng: np.random.Generator) -> Texels:
    blades, patches = noise(rng, (SIDE, SIDE), 0.5, 0.45), noise(rng, (SIDE, SIDE), 1.5)
    value = 0.9 * blades + 0.8 * patches
    return _texels(ramp(value, (0.16, 0.36, 0.1), (0.33, 0.55, 0.18), (0.52, 0.7, 0.28)), blades)


def _meadow(rng: np.random.Generator) -> Texels:
    texels = _grass(rng)
    for _ in range(260):
        colour = ((250, 240, 120), (250, 250, 250), (240, 140, 170), (180, 130, 230))[int(rng.integers(4))]
        x, y = (int(v) for v in rng.integers(3, SIDE - 3, 2))
        cv2.circle(texels[..., :3].copy(), (x, y), 1, colour, -1)
        texels[y - 1 : y + 2, x - 1 : x + 2, :3] = colour
    return texels


def _snow(rng: np.random.Generator) -> Texels:
    drifts, grain = noise(rng, (SIDE, SIDE), 1.8), noise(rng, (SIDE, SIDE), 0.2)
    return _texels(ramp(drifts + 0.3 * grain, (0.78, 0.85, 0.95), (0.92, 0.95, 0.99), (1.0, 1.0, 1.0)), drifts)


def _asphalt(rng: np.random.Generator) -> Texels:
    """Fifteen metres of a road across, its lines along it."""
    grain, stains = noise(rng, (SIDE, SIDE), 0.2), noise(rng, (SIDE, SIDE), 1.4)
    colour = ramp(0.7 * grain + 0.6 * stains, (0.2, 0.2, 0.22), (0.32, 0.32, 0.34), (0.42, 0.42, 0.44))
    x = np.arange(SIDE) / SIDE
    walk = (x < 0.16) | (x > 0.84)
    colour[:, walk] = ramp(0.5 * grain + 0.4 * stains, (0.52, 0.5, 0.48), (0.64, 0.62, 0.6), (0.74, 0.72, 0.7))[:, walk]
    rows = np.arange(SIDE) % 64 < 2
    colour[np.ix_(rows, walk)] *= 0.75
    colour[:, (np.abs(x - 0.16) < 0.012) | (np.abs(x - 0.84) < 0.012)] = (0.78, 0.77, 0.75)
    dashes = np.arange(SIDE) % 128 < 70
    colour[np.ix_(dashes, np.abs(x - 0.5) < 0.008)] = (0.92, 0.9, 0.82)
    return _texels(colour, stains)


def _soil(rng: np.random.Generator) -> Texels:
    leaves, patches = noise(rng, (SIDE, SIDE), 0.6), noise(rng, (SIDE, SIDE), 1.4)
    brown = ramp(leaves, (0.2, 0.14, 0.08), (0.38, 0.27, 0.15), (0.56, 0.4, 0.2))
    moss = ramp(leaves, (0.13, 0.22, 0.07), (0.24, 0.36, 0.12), (0.38, 0.5, 0.2))
    share = np.clip(patches * 0.6 + 0.5, 0, 1)[..., None]
    return _texels(brown * (1 - share) + moss * share, leaves)


def _rock(rng: np.random.Generator) -> Texels:
    crags, grain = noise(rng, (SIDE, SIDE), 1.2), noise(rng, (SIDE, SIDE), 0.5)
    green = np.clip(noise(rng, (SIDE, SIDE), 1.5) - 0.1, 0, 1)[..., None]
    stone = ramp(0.8 * crags + 0.5 * grain, (0.34, 0.33, 0.33), (0.5, 0.48, 0.46), (0.66, 0.64, 0.61))
    return _texels(stone * (1 - green) + np.array((0.36, 0.47, 0.24)) * green, crags)


def _boards(rng: np.random.Generator) -> Texels:
    colour = np.zeros((SIDE, SIDE, 3))
    for i, left in enumerate(range(0, SIDE, 32)):
        grain = noise(rng, (SIDE, 32), 0.9, 0.15)
        tone = rng.uniform(-0.8, 0.8)
        colour[:, left : left + 32] = ramp(
            0.6 * grain + tone, (0.46, 0.29, 0.16), (0.62, 0.42, 0.25), (0.76, 0.56, 0.36)
        )
        colour[:, left] *= 0.55
        end = (i * 97) % SIDE
        colour[end, left : left + 32] *= 0.6
    return _texels(colour, np.zeros((SIDE, SIDE)))


def _carpet(rng: np.random.Generator) -> Texels:
    weave = noise(rng, (SIDE, SIDE), 0.3)
    return _texels(ramp(0.7 * weave, (0.5, 0.46, 0.42), (0.66, 0.62, 0.57), (0.78, 0.74, 0.69)), weave)


def _water(rng: np.random.Generator) -> Texels:
    waves, ripples = noise(rng, (SIDE, SIDE), 1.6, 2.2), noise(rng, (SIDE, SIDE), 0.9, 1.8)
    value = waves + 0.4 * ripples
    colour = ramp(value, (0.03, 0.2, 0.36), (0.07, 0.36, 0.54), (0.2, 0.54, 0.7))
    crest = np.clip((value - 1.6) / 0.9, 0, 1)[..., None]
    return _texels(colour * (1 - crest) + np.array((0.86, 0.94, 0.97)) * crest, waves)


def _glints(rng: np.random.Generator) -> Texels:
    """What lies over water and moves against it: light on the ripples."""
    value = noise(rng, (SIDE, SIDE), 1.2, 2.5)
    return paint(np.full((SIDE, SIDE, 3), (0.8, 0.92, 1.0)), alpha=np.clip((value - 0.9) / 1.2, 0, 1) * 0.6)


def _patches(rng: np.random.Generator) -> Texels:
    """Large soft shadows over a ground, so that it does not look the same everywhere."""
    return paint(np.zeros((SIDE, SIDE, 3)), alpha=np.clip(noise(rng, (SIDE, SIDE), 1.8) * 0.12 + 0.1, 0, 0.4))


def _crumbs(rng: np.random.Generator, colour: RGB, count: int, stretch: float) -> Texels:
    """Small soft spots in the air: snow, or rain where stretched."""
    alpha = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(count):
        x, y = rng.uniform(0, SIDE, 2)
        size = rng.uniform(1.3, 2.8)
        for dx in (-SIDE, 0, SIDE):
            for dy in (-SIDE, 0, SIDE):
                at = (round((x + dx) * 16), round((y + dy) * 16))
                if stretch > 1:
                    end = (at[0] - round(size * 20), at[1] + round(size * stretch * 16))
                    cv2.line(alpha, at, end, 0.75, 1, cv2.LINE_AA, 4)
                else:
                    cv2.circle(alpha, at, round(size * 16), 1.0, -1, cv2.LINE_AA, 4)
    return paint(np.full((SIDE, SIDE, 3), colour), alpha=cv2.GaussianBlur(alpha, (0, 0), 0.7))


def _disc(rng: np.random.Generator) -> Texels:
    """A soft round shadow."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    return paint(np.zeros((64, 64, 3)), alpha=np.clip(1 - np.hypot(x, y), 0, 1) ** 1.2)


MAKERS: dict[str, Callable[[np.random.Generator], Texels]] = {
    "sand": _sand,
    "grass": _grass,
    "meadow": _meadow,
    "snow": _snow,
    "asphalt": _asphalt,
    "soil": _soil,
    "rock": _rock,
    "boards": _boards,
    "carpet": _carpet,
    "water": _water,
    "glints": _glints,
    "patches": _patches,
    "snowfall": lambda rng: _crumbs(rng, (1.0, 1.0, 1.0), 90, 1.0),
    "rainfall": lambda rng: _crumbs(rng, (0.85, 0.9, 1.0), 130, 12.0),
    "disc": _disc,
}
