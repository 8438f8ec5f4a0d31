"""Light and weather: what they do to colours, to the distance, and what falls through the air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.stage import AIR, RGB, VEIL, Camera, Card, Floats


@dataclass(frozen=True)
class Weather:
    """`light` on surroundings and `on_subjects` (a little more, so that their colour is still read); `haze` and its
    thickness over a whole view's depth (1 / e is left of what lies there); which `sky`, how long shadows are (0: none),
    how much of the sky the haze hides, and what `falls`."""

    sky: str
    light: RGB = (1.0, 1.0, 1.0)
    on_subjects: RGB = (1.0, 1.0, 1.0)
    haze: RGB = (0.76, 0.86, 0.95)
    thickness: float = 0.05
    slant: float = 0.0
    hidden: float = 0.0
    falls: str = ""


WEATHERS: dict[str, Weather] = {
    "day": Weather("day", slant=0.75),
    "sunset": Weather("sunset", (1.0, 0.66, 0.46), (1.06, 0.84, 0.68), (0.98, 0.62, 0.42), 0.09, slant=1.9),
    "night": Weather("night", (0.36, 0.42, 0.66), (0.7, 0.74, 0.95), (0.05, 0.07, 0.17), 0.12),
    "fog": Weather("grey", (0.86, 0.88, 0.9), (0.92, 0.94, 0.96), (0.8, 0.82, 0.84), 0.85, hidden=0.94),
    "rain": Weather(
        "grey", (0.55, 0.6, 0.68), (0.76, 0.8, 0.86), (0.52, 0.57, 0.64), 0.16, hidden=0.4, falls="rainfall"
    ),
    "snow": Weather(
        "grey", (0.88, 0.92, 1.0), (0.96, 0.98, 1.0), (0.84, 0.88, 0.93), 0.2, hidden=0.5, falls="snowfall"
    ),
}


def falling(
    rng: np.random.Generator, weather: Weather, library: Library, camera: Camera, distance: float
) -> list[Card]:
    """Sheets of rain or snow before the camera, near ones larger and faster."""
    if not weather.falls:
        return []
    cards, count = [], len(camera.focal)
    rain = weather.falls == "rainfall"
    for nearness, opacity in ((0.35, 0.75), (0.7, 0.8), (1.3, 0.7)):
        depth = distance * nearness
        wide = 1.3 / float(camera.focal.min()) * depth
        speed = (0.2 if rain else 0.045) / nearness**0.5
        drift = np.arange(count) * (0.02 if rain else rng.uniform(-0.012, 0.012)) + rng.random()
        fall = -np.arange(count) * speed + rng.random()
        picture = library.pictures[weather.falls][0]
        cards.append(Card(
            camera.eye + camera.axes[:, 2] * depth, _facing(camera), np.full(count, picture),
            (-wide, wide, -wide, wide),
            repeat=(distance * 0.55,) * 2, scroll=np.stack([drift, fall], 1), opacity=opacity, role=VEIL, layer=AIR,
            light=(1.0, 1.0, 1.0),
        ))  # fmt: skip
    return cards


def _facing(camera: Camera) -> Floats:
    """(F, 3, 3) axes of a card that faces the camera."""
    return camera.axes * np.array([1.0, 1.0, -1.0])[None, :, None]
