"""Skies and planets. A sky is wound around the eye, (256, 512), straight up in its first row."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.diorama.surfaces import RGB, Plane, noise, ramp
from pipelines.starter.diorama.textures import Texels, paint

SKY = (256, 512)
LIGHTS = ("day", "sunset", "night", "grey")

_SKIES: dict[str, tuple[RGB, RGB, RGB]] = {  # straight up, half-way, at the horizon
    "day": ((0.13, 0.35, 0.75), (0.33, 0.6, 0.92), (0.78, 0.89, 0.97)),
    "sunset": ((0.2, 0.18, 0.42), (0.78, 0.36, 0.4), (1.0, 0.72, 0.36)),
    "night": ((0.01, 0.02, 0.08), (0.03, 0.05, 0.17), (0.1, 0.14, 0.32)),
    "grey": ((0.56, 0.6, 0.65), (0.66, 0.69, 0.73), (0.78, 0.8, 0.82)),
}
_CLOUDS: dict[str, tuple[RGB, RGB]] = {  # lit and shaded
    "day": ((1.0, 1.0, 1.0), (0.78, 0.83, 0.9)),
    "sunset": ((1.0, 0.66, 0.45), (0.6, 0.32, 0.42)),
    "night": ((0.2, 0.23, 0.36), (0.08, 0.1, 0.2)),
    "grey": ((0.8, 0.82, 0.84), (0.52, 0.55, 0.6)),
}


def _elevation() -> Plane:
    """(H, 1) radians above the horizon of a sky's rows."""
    return (0.5 - (np.arange(SKY[0])[:, None] + 0.5) / SKY[0]) * np.pi


def sky(rng: np.random.Generator, light: str, clouds: float) -> Texels:
    """A sky by day, at sunset, at night or grey; `clouds` 0..1. The sun or moon stands ahead, a little to one side."""
    up = np.clip(np.sin(np.maximum(_elevation(), 0)), 0, 1)
    high, middle, low = (np.array(colour) for colour in _SKIES[light])
    share = up[..., None]
    colour = np.where(
        share < 0.35, low + (middle - low) * share / 0.35, middle + (high - middle) * (share - 0.35) / 0.65
    )
    colour = np.broadcast_to(colour, (*SKY, 3)).copy()
    azimuth = (np.arange(SKY[1])[None] + 0.5) / SKY[1] * 2 * np.pi - np.pi
    side, height = (
        rng.choice([-1, 1]) * rng.uniform(0.12, 0.5),
        0.05 if light == "sunset" else rng.uniform(*((0.15, 0.25) if light == "night" else (0.3, 0.45))),
    )
    away = np.hypot((azimuth - side) * np.cos(height), _elevation() - height)
    if light in ("day", "sunset"):
        tone = np.array((1.0, 0.96, 0.82) if light == "day" else (1.0, 0.85, 0.5))
        glow = np.exp(-away / (0.16 if light == "day" else 0.34))[..., None] * 0.6
        colour = colour * (1 - glow) + tone * glow
        disc = (
            np.clip((0.085 - away) / 0.015, 0, 1)[..., None]
            if light == "sunset"
            else np.clip((0.06 - away) / 0.02, 0, 1)[..., None]
        )
        colour = colour * (1 - disc) + tone * disc
    if light == "night":
        colour = _stars(rng, colour, 420)
        moon = np.clip((0.075 - away) / 0.012, 0, 1)[..., None]
        colour = colour + np.exp(-away / 0.12)[..., None] * (0.16, 0.18, 0.24)
        colour = colour * (1 - moon) + np.array((0.96, 0.95, 0.88)) * moon
    return paint(_clouded(rng, colour, light, clouds))


def _stars(rng: np.random.Generator, colour: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    colour = colour.copy()
    for _ in range(count):
        y, x = int(rng.integers(2, SKY[0] // 2)), int(rng.integers(1, SKY[1] - 1))
        bright = rng.uniform(0.35, 1.0)
        colour[y, x] = np.maximum(colour[y, x], bright)
        if bright > 0.85:
            for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                colour[y + dy, x + dx] = np.maximum(colour[y + dy, x + dx], bright * 0.5)
    return colour


def _clouded(rng: np.random.Generator, colour: NDArray[np.float64], light: str, amount: float) -> NDArray[np.float64]:
    """Clouds on a level far above: small towards the horizon."""
    if amount <= 0:
        return colour
    plane = noise(rng, (512, 512), 1.45)
    up = np.maximum(_elevation(), 0.03)
    azimuth = (np.arange(SKY[1])[None] + 0.5) / SKY[1] * 2 * np.pi
    reach = 1 / (np.tan(up) + 0.16)
    x, y = (np.sin(azimuth) * reach * 90) % 512, (np.cos(azimuth) * reach * 90) % 512
    value = cv2.remap(plane.astype(np.float32), x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_WRAP)  # fmt: skip
    value = cv2.GaussianBlur(value, (0, 0), 0.8)
    cover = np.clip((value + 2.4 * amount - 1.25) / 0.7, 0, 1) * np.clip(_elevation() / 0.12, 0, 1) ** 0.5
    lit, shaded = (np.array(tone) for tone in _CLOUDS[light])
    thick = np.clip((value + 2.4 * amount - 1.4) / 1.6, 0, 1)[..., None]
    return colour * (1 - cover[..., None] * 0.94) + (lit + (shaded - lit) * thick) * cover[..., None] * 0.94


def space(rng: np.random.Generator) -> Texels:
    """Stars all around, and a veil of far light among them."""
    veil = np.exp(-((_elevation() - 0.5 * np.sin(np.linspace(0, 2 * np.pi, SKY[1]))[None]) ** 2) / 0.12)
    cloud = np.clip(noise(rng, SKY, 1.5) * 0.5 + 0.5, 0, 1) * veil
    tones = ((0.35, 0.15, 0.5), (0.12, 0.25, 0.5), (0.45, 0.18, 0.32))
    colour = np.array((0.015, 0.015, 0.05)) + cloud[..., None] * np.array(tones[int(rng.integers(3))])
    colour = _stars(rng, colour, 700)
    return paint(_stars(rng, colour[::-1], 700)[::-1])


def planet(rng: np.random.Generator) -> Texels:
    """A planet lit from one side; now and then with a ring."""
    y, x = np.mgrid[-1.6:1.6:256j, -1.6:1.6:256j]
    radius = np.hypot(x, y)
    height = np.sqrt(np.clip(1 - radius**2, 0, 1))
    bands = noise(rng, (256, 256), 1.3, rng.choice([1.0, 4.0]))
    palettes = (
        ((0.5, 0.28, 0.18), (0.82, 0.55, 0.34), (0.95, 0.8, 0.6)),
        ((0.1, 0.25, 0.5), (0.2, 0.5, 0.75), (0.85, 0.92, 0.95)),
        ((0.35, 0.2, 0.5), (0.6, 0.42, 0.75), (0.85, 0.75, 0.95)),
    )
    colour = ramp(bands, *palettes[int(rng.integers(3))])
    side = rng.choice([-1.0, 1.0])
    light = np.clip(0.08 + 1.05 * np.clip((x * side * 0.7 - y * 0.5 + height * 0.6), 0, 1), 0, 1.2)
    alpha = np.clip((1 - radius) * 60, 0, 1)
    if rng.random() < 0.5:
        ring = np.hypot(x, y * 3.6 + x * 0.5)
        band = np.clip((0.2 - np.abs(ring - 1.35)) * 20, 0, 1) * (0.55 + 0.35 * np.sin(ring * 40))
        front = np.where((y * 3.6 + x * 0.5 > 0) | (radius > 1), band, 0)[..., None]
        colour, light = (
            colour * (1 - front) + np.array((0.85, 0.78, 0.66)) * front,
            np.where(front[..., 0] > 0.1, 1.0, light),
        )
        alpha = np.maximum(alpha, front[..., 0])
    return paint(colour, alpha, light)
