"""Scenes as words: who and what, where, in which light, doing what, seen by which camera, in which look.

What training never sees is fixed by a hash: one in ten pairs of a colour and a subject, and of a place and a subject,
so that a judge can ask whether the words are understood apart from each other.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from pipelines.starter.diorama.subjects import COLOURS, KINDS

PLACES = ("beach", "sea", "forest", "desert", "street", "mountains", "field", "snow", "room", "space")
LIGHTS = ("day", "night", "sunset", "fog", "rain", "snow")
MOTIONS = (
    "left",
    "right",
    "towards",
    "away",
    "walking",
    "jumping",
    "spinning",
    "rising",
    "falling",
    "growing",
    "still",
)
MOVES = ("pan", "tilt", "roll", "truck", "pedestal", "zoom", "orbit")
LOOKS = ("photo", "watercolour", "pixel art", "line drawing", "clay", "neon")
WAYS: dict[str, tuple[str, str]] = {  # what a move is called forwards and back
    "pan": ("left", "right"),
    "tilt": ("up", "down"),
    "roll": ("left", "right"),
    "truck": ("left", "right"),
    "pedestal": ("up", "down"),
    "zoom": ("in", "out"),
    "orbit": ("left", "right"),
}
CAMERAS = ("static", *(f"{move} {way}" for move, ways in WAYS.items() for way in ways))
HELD_OUT = 10  # one pair in so many


@dataclass(frozen=True)
class Cast:
    """One subject; `colour` None: its natural one. `amount` 0..1 how strongly it moves."""

    subject: str
    colour: str | None = None
    motion: str = "still"
    amount: float = 0.6


@dataclass(frozen=True)
class Scene:
    """One clip's content: none, one or two subjects. `swing` 0..1 is how much the camera moves; `detail` seeds all that
    the words leave open."""

    cast: tuple[Cast, ...]
    place: str
    light: str = "day"
    camera: str = "static"
    swing: float = 0.6
    look: str = "photo"
    detail: int = 0


def held_out(scene: Scene) -> bool:
    """Whether training may not see this scene."""
    return any(
        pair_held_out(cast.colour, cast.subject) or pair_held_out(scene.place, cast.subject) for cast in scene.cast
    )


def pair_held_out(trait: str | None, subject: str) -> bool:
    """Whether training may not see a subject in that colour, or in that place."""
    return trait is not None and zlib.crc32(f"{trait}/{subject}".encode()) % HELD_OUT == 0


def sample_scene(rng: np.random.Generator, held: bool = False, still: bool = False) -> Scene:
    """A random scene of those for training, or of those `held` out. `still` scenes, for single pictures, have no motion
    at all: half-way on a path says nothing that a caption could."""
    while True:
        scene = _any_scene(rng, still, bool(held or rng.random() < 0.88))
        if held_out(scene) == held:
            return scene


def _any_scene(rng: np.random.Generator, still: bool, peopled: bool) -> Scene:
    place = str(rng.choice(PLACES))
    count = 0 if not peopled else 2 if rng.random() < 0.18 else 1
    names = rng.choice(tuple(KINDS), count, replace=False)
    camera = "static"
    if not still and rng.random() < (0.28 if count else 0.75):
        camera = str(rng.choice(CAMERAS[1:]))
    calm = still or (camera != "static" and rng.random() < 0.75)
    return Scene(
        cast=tuple(_any_cast(rng, str(name), calm) for name in names),
        place=place,
        light=_any_light(rng, place),
        camera=camera,
        swing=round(float(rng.uniform(0.3, 1.0)), 2),
        look=str(rng.choice(LOOKS, p=(0.55, 0.09, 0.09, 0.09, 0.09, 0.09))),
        detail=int(rng.integers(2**31)),
    )


def _any_cast(rng: np.random.Generator, subject: str, calm: bool) -> Cast:
    colour = str(rng.choice(tuple(COLOURS))) if rng.random() < 0.72 else None
    able = [motion for motion in MOTIONS if motion != "walking" or KINDS[subject].walks]
    motion = "still" if calm else str(rng.choice(able))
    return Cast(subject, colour, motion, round(float(rng.uniform(0.3, 1.0)), 2))


def _any_light(rng: np.random.Generator, place: str) -> str:
    if place == "space":
        return "night"
    if place == "room":
        return str(rng.choice(("day", "night", "sunset"), p=(0.7, 0.18, 0.12)))
    return str(rng.choice(LIGHTS, p=(0.45, 0.13, 0.15, 0.09, 0.09, 0.09)))
