"""The small world the present weights know, kept to ask them: what may be in a scene, and how scenes are drawn.

A `Scene` is a complete description: rendering it twice gives the same pixels. This module knows words and chances,
not pixels (render.py) and not sentences (captions.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SUBJECTS = ("ball", "cube", "cone", "star", "heart", "ring", "fish", "rocket")
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (224, 46, 44),
    "orange": (246, 132, 24),
    "yellow": (252, 214, 42),
    "green": (48, 166, 74),
    "blue": (38, 96, 226),
    "purple": (134, 60, 190),
    "pink": (250, 130, 184),
    "white": (246, 246, 246),
}
PLACES = ("sea", "desert", "mountains", "meadow", "city", "space", "studio")
LIGHTS = ("day", "sunset", "night")
MOTIONS = ("left", "right", "up", "down", "towards", "away", "spinning", "still")
CAMERAS = ("static", "pan left", "pan right", "zoom in", "zoom out", "tilt up", "tilt down")
PHOTO = "photo"


@dataclass(frozen=True)
class Scene:
    """One clip's content. `subject` and `colour` are None together; `place` may also be PHOTO, a picture given
    separately. `detail` seeds everything the words leave open (sizes, paths, clouds, skyline)."""

    subject: str | None
    colour: str | None
    place: str
    light: str
    motion: str
    camera: str
    detail: int


def sample_scene(
    rng: np.random.Generator, place: str | None = None, with_subject: bool | None = None, still: bool = False
) -> Scene:
    """A random scene. Camera moves mostly go with a subject at rest, so that each word keeps one meaning. `still`
    scenes, for single pictures, have no motion at all: half-way on a path says nothing that a caption could."""
    if with_subject is None:
        with_subject = bool(rng.random() < 0.88)
    if place is None:
        place = str(rng.choice(PLACES))
    motion = str(rng.choice(MOTIONS, p=(0.16, 0.16, 0.13, 0.13, 0.12, 0.12, 0.1, 0.08)))
    camera = "static"
    if rng.random() < (0.2 if with_subject else 0.7):
        camera = str(rng.choice(CAMERAS[1:], p=(0.2, 0.2, 0.2, 0.2, 0.1, 0.1)))
        if rng.random() < 0.8:
            motion = str(rng.choice(("still", "spinning"), p=(0.7, 0.3)))
    if not with_subject or still:
        motion = "still"
    if still:
        camera = "static"
    light = (
        "night" if place == "space" else "day" if place == "studio" else str(rng.choice(LIGHTS, p=(0.6, 0.22, 0.18)))
    )
    return Scene(
        subject=str(rng.choice(SUBJECTS)) if with_subject else None,
        colour=str(rng.choice(tuple(COLOURS))) if with_subject else None,
        place=place,
        light=light,
        motion=motion,
        camera=camera,
        detail=int(rng.integers(2**31)),
    )
