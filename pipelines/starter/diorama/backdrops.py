"""What stands far away: ridges, woods, houses and walls, painted with noise and few strokes.

All stand upright on their lower edge and repeat sideways without a seam.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.diorama.firmament import planet
from pipelines.starter.diorama.surfaces import Plane, noise, ramp
from pipelines.starter.diorama.textures import Texels, paint

HIGH, WIDE = 128, 512


def _line(rng: np.random.Generator, slope: float, low: float, high: float) -> NDArray[np.float64]:
    """(WIDE,) heights that repeat, between two parts of a backdrop's height."""
    waves = np.arange(1, WIDE // 2)
    spectrum = np.zeros(WIDE // 2 + 1, np.complex128)
    spectrum[1:-1] = np.exp(1j * rng.uniform(0, 2 * np.pi, len(waves))) * np.maximum(waves, 3.0) ** -slope
    line = np.fft.irfft(spectrum)
    line = (line - line.min()) / float(np.ptp(line))
    return low + (high - low) * line


def _below(line: NDArray[np.float64]) -> Plane:
    """(HIGH, WIDE) 1 below a line given in parts of the height."""
    y = 1 - (np.arange(HIGH)[:, None] + 0.5) / HIGH
    return np.clip((line[None] - y) * HIGH, 0, 1)


def _mountains(rng: np.random.Generator) -> Texels:
    line = _line(rng, 1.5, 0.35, 0.97)
    y = 1 - (np.arange(HIGH)[:, None] + 0.5) / HIGH
    crags = noise(rng, (HIGH, WIDE), 1.0, 0.7)
    slope = np.roll(line, -3) - np.roll(line, 3)
    lit = np.clip(0.9 - slope[None] * 4.5 + 0.1 * crags, 0.5, 1.2)
    colour = ramp(0.7 * crags + (y - 0.5) * 2, (0.26, 0.33, 0.3), (0.4, 0.42, 0.47), (0.54, 0.55, 0.6))
    snow = (
        np.clip((y - (0.52 + 0.06 * crags)) * 14, 0, 1)[..., None]
        * np.clip((0.34 - (line[None] - y)) * 8, 0, 1)[..., None]
    )
    return paint(colour * (1 - snow) + np.array((0.95, 0.97, 1.0)) * snow, _below(line), lit)


def _hills(rng: np.random.Generator) -> Texels:
    line = _line(rng, 2.2, 0.3, 0.85)
    grass = noise(rng, (HIGH, WIDE), 1.0)
    colour = ramp(0.5 * grass, (0.3, 0.48, 0.26), (0.42, 0.6, 0.32), (0.55, 0.7, 0.4))
    return paint(colour, _below(line), 1 + 0.05 * grass)


def _dunes(rng: np.random.Generator) -> Texels:
    line = _line(rng, 2.3, 0.25, 0.9)
    y = 1 - (np.arange(HIGH)[:, None] + 0.5) / HIGH
    shade = np.clip(1.05 - (np.roll(line, -6) - line)[None] * 7, 0.62, 1.12) * np.ones_like(y)
    sand = noise(rng, (HIGH, WIDE), 0.8, 3)
    return paint(ramp(0.4 * sand, (0.78, 0.56, 0.32), (0.88, 0.68, 0.42), (0.94, 0.78, 0.54)), _below(line), shade)


def _wood(rng: np.random.Generator) -> Texels:
    """A row of trees: crowns above, trunks in their shade."""
    crowns = _line(rng, 1.0, 0.74, 0.98)
    leaves = noise(rng, (HIGH, WIDE), 0.8)
    y = 1 - (np.arange(HIGH)[:, None] + 0.5) / HIGH
    colour = ramp(leaves + (y - 0.6) * 2.2, (0.05, 0.12, 0.05), (0.14, 0.3, 0.12), (0.34, 0.52, 0.22))
    for _ in range(46):
        x, half = int(rng.integers(0, WIDE)), int(rng.integers(1, 4))
        tone = np.array((0.26, 0.19, 0.13)) * rng.uniform(0.6, 1.4)
        top = int(HIGH * rng.uniform(0.25, 0.6))
        colour[top:, np.arange(x - half, x + half + 1) % WIDE] = tone
    return paint(colour, _below(crowns), np.clip(0.95 + 0.12 * leaves, 0.6, 1.25))


def _pines(rng: np.random.Generator) -> Texels:
    """A ridge of firs, dark against what is behind."""
    alpha, colour = (
        _below(_line(rng, 1.8, 0.2, 0.42)).astype(np.float32),
        np.full((HIGH, WIDE, 3), (0.1, 0.24, 0.17), np.float32),
    )
    for _ in range(110):
        x, foot, size = rng.uniform(0, WIDE), rng.uniform(0.0, 0.4), rng.uniform(0.3, 0.52)
        tone = [float(v) for v in np.array((0.11, 0.27, 0.18)) * rng.uniform(0.7, 1.35)]
        for step in range(4):
            low, width = foot + size * step * 0.22, size * (0.24 - 0.045 * step) * HIGH
            points = np.array([(x - width, low), (x, low + size * 0.38), (x + width, low)])
            for shift in (-WIDE, 0, WIDE):
                pixels = np.round((points * (1, -HIGH) + (shift, HIGH)) * 16).astype(np.int32)
                cv2.fillPoly(alpha, [pixels], 1.0, cv2.LINE_AA, 4)
                cv2.fillPoly(colour, [pixels], tone, cv2.LINE_AA, 4)
    return paint(colour, alpha)


def _houses(rng: np.random.Generator, night: bool) -> Texels:
    """The front of a street: houses side by side, four storeys of windows."""
    colour, light = np.zeros((HIGH, WIDE, 3)), np.ones((HIGH, WIDE))
    alpha = np.ones((HIGH, WIDE))
    walls = (
        (0.72, 0.5, 0.4),
        (0.82, 0.74, 0.58),
        (0.6, 0.62, 0.66),
        (0.75, 0.62, 0.52),
        (0.5, 0.42, 0.4),
        (0.84, 0.82, 0.78),
    )
    left = 0
    while left < WIDE:
        right = min(left + int(rng.integers(52, 86)), WIDE)
        right = WIDE if WIDE - right < 40 else right
        top = int(HIGH * rng.uniform(0.0, 0.22))
        alpha[:top, left:right] = 0
        wall = np.array(walls[int(rng.integers(len(walls)))]) * rng.uniform(0.85, 1.08)
        colour[top:, left:right] = wall
        colour[top : top + 3, left:right] = wall * 0.7
        colour[:, left : left + 1] = wall * 0.6
        for y in range(top + 9, HIGH - 34, 24):
            for x in range(left + 7, right - 12, 17):
                pane = _pane(rng, night)
                colour[y - 1 : y + 15, x - 1 : x + 10] = np.minimum(wall * 1.25, 1)
                colour[y : y + 14, x : x + 9], light[y : y + 14, x : x + 9] = pane, 1.2 if night else 1.0
                colour[y : y + 14, x + 4] = wall * 0.8
        shop = np.array(((0.3, 0.16, 0.14), (0.14, 0.24, 0.3), (0.2, 0.3, 0.2))[int(rng.integers(3))])
        colour[HIGH - 26 :, left + 4 : right - 4] = shop
        colour[HIGH - 19 : HIGH - 4, left + 9 : right - 9] = _pane(rng, night)
        left = right
    return paint(colour, alpha, light)


def _pane(rng: np.random.Generator, night: bool) -> NDArray[np.float64]:
    if night:
        return (
            np.array((1.0, 0.82, 0.45)) * rng.uniform(0.8, 1.0) if rng.random() < 0.6 else np.array((0.05, 0.06, 0.1))
        )
    return np.array((0.5, 0.64, 0.75)) * rng.uniform(0.6, 1.2)


def _skyline(rng: np.random.Generator, night: bool) -> Texels:
    colour, alpha, light = np.zeros((HIGH, WIDE, 3)), np.zeros((HIGH, WIDE)), np.ones((HIGH, WIDE))
    for depth in (0, 1):
        left = 0
        while left < WIDE:
            right = min(left + int(rng.integers(14, 40)), WIDE)
            top = int(HIGH * rng.uniform(0.03, 0.6) + depth * 22)
            tone = np.array((0.46, 0.52, 0.62)) * rng.uniform(0.75, 1.15) * (0.9 if depth else 1.12)
            colour[top:, left:right], alpha[top:, left:right] = tone * (0.35 if night else 1), 1
            for y in range(top + 3, HIGH - 2, 5):
                for x in range(left + 2, right - 2, 4):
                    if night and rng.random() < 0.4:
                        colour[y : y + 2, x : x + 2], light[y : y + 2, x : x + 2] = _pane(rng, True), 1.2
                    elif not night:
                        colour[y : y + 2, x : x + 2] = tone * 0.8
            left = right
    return paint(colour, alpha, light)


def _wall(rng: np.random.Generator) -> Texels:
    """A room's wall with a skirting board, windows and pictures."""
    tones = ((0.86, 0.82, 0.74), (0.72, 0.8, 0.82), (0.84, 0.76, 0.72), (0.78, 0.82, 0.72), (0.8, 0.78, 0.84))
    tone = np.array(tones[int(rng.integers(len(tones)))])
    colour = tone * (1 + 0.015 * noise(rng, (HIGH, WIDE), 0.8)[..., None])
    colour[HIGH - 9 :] = 0.93
    colour[HIGH - 10] = 0.6
    colour[:3] = 0.95
    for x in (60, 316):
        colour[26:86, x : x + 78] = 0.95
        pane = np.linspace(0, 1, 52)[:, None, None]
        colour[30:82, x + 4 : x + 74] = np.array((0.45, 0.68, 0.95)) * (1 - pane) + np.array((0.86, 0.94, 0.98)) * pane
        colour[64:82, x + 4 : x + 74] = (0.42, 0.6, 0.34)
        colour[30:82, x + 37 : x + 40], colour[54:57, x + 4 : x + 74] = 0.95, 0.95
        for side in (x - 16, x + 76):
            colour[20:104, side : side + 18] = (
                np.array((0.66, 0.28, 0.26)) * (0.9 + 0.1 * np.sin(np.arange(18) * 1.4))[None, :, None]
            )
    for x in (206, 446):
        frame = np.array((0.36, 0.24, 0.15))
        colour[34:70, x : x + 46] = frame
        scene = ramp(noise(rng, (30, 40), 1.6), *(tuple(rng.uniform(0.2, 0.95, 3)) for _ in range(3)))
        colour[37:67, x + 3 : x + 43] = scene
    return paint(colour)


MAKERS: dict[str, Callable[[np.random.Generator], Texels]] = {
    "mountains": _mountains,
    "hills": _hills,
    "dunes": _dunes,
    "wood": _wood,
    "pines": _pines,
    "houses": lambda rng: _houses(rng, False),
    "houses by night": lambda rng: _houses(rng, True),
    "skyline": lambda rng: _skyline(rng, False),
    "skyline by night": lambda rng: _skyline(rng, True),
    "wall": _wall,
    "planet": planet,
}
