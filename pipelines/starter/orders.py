"""What training clips are asked for: a scene, a request whose right answer it is, pictures shown beside it.

An `Order` is words and a seed; shots.py has it drawn. Every request that a mode can make is among them, and
nothing that is held out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from pipelines.references import MAX_REFERENCES
from pipelines.starter.diorama.captions import LOOK
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.scenes import LOOKS, PLACES, Scene, held_out, sample_scene

T = TypeVar("T", bound=str)
Kind = Literal["none", "given", "warped", "structure", "keyed", "mask"]
Source = Literal["own", "photo", "clay", "mockup", "depth"]
# Clips of words alone are drawn as plain ones (`plain.py`), so these are mostly of what is given.
KINDS: dict[Kind, float] = {
    "none": 0.1, "given": 0.44, "warped": 0.22, "structure": 0.09, "keyed": 0.07, "mask": 0.08
}  # fmt: skip
STILL_KINDS: dict[Kind, float] = {"none": 0.7, "structure": 0.15, "mask": 0.15}  # one given whole leaves no question
# What of a scene is shown whose structure is asked for: the same as a photo, an untextured render, a mock-up of boxes
# and cut-outs, exact depth
SOURCES: dict[Source, float] = {"photo": 0.5, "clay": 0.18, "mockup": 0.2, "depth": 0.12}
CALM = 0.3  # of clips with frames given: subjects rest, the camera comes closer; what a picture without words becomes
CALM_CAMERA, LIFELESS = "zoom in", ("street", "room")  # places where little moves by itself
PHOTOS = 0.07  # of all: photo-like pictures in motion, so that a person's own picture is nothing strange
# How many pictures are made beside a clip, and beside a single picture; a batch shows as many or fewer. Whom a picture
# shows is learnt from single ones, of which there are so many more in a second.
REFERENCES, STILL_REFERENCES = (0.5, 0.34, 0.1, 0.06), (0.04, 0.6, 0.24, 0.12)


@dataclass(frozen=True)
class Reference:
    """A picture to be shown beside a clip: `scene` drawn, of `subject` (0 or 1) alone on white, or, None, as a whole;
    `tells` what it shows: the number of a subject, or LOOK."""

    scene: Scene
    tells: int
    subject: int | None = None


@dataclass(frozen=True)
class Order:
    """One clip. `scene` None: a photo-like picture in motion. `source` is what structure is taken from; `seed` decides
    what the rest leaves open."""

    scene: Scene | None
    kind: Kind
    source: Source = "own"
    references: tuple[Reference, ...] = ()
    seed: int = 0


def sample_order(rng: np.random.Generator, library: Library, still: bool) -> Order:
    """A random order, for a clip or for a single picture, of what the library can show."""
    kind = _one(rng, STILL_KINDS if still else KINDS)
    seed = int(rng.integers(2**31))
    if rng.random() < PHOTOS:
        return Order(None, kind if kind in ("mask", "structure") or still else "given", seed=seed)
    scene = shown_scene(rng, library, still, _fits(kind, rng))
    if kind == "given" and rng.random() < CALM:
        cast = tuple(replace(cast, motion="still") for cast in scene.cast)
        scene = replace(scene, cast=cast, camera=CALM_CAMERA)
    source: Source = "own"
    if kind in ("structure", "keyed"):
        source = _one(rng, SOURCES)
    return Order(scene, kind, source, _references(rng, library, scene, STILL_REFERENCES if still else REFERENCES), seed)


def _fits(kind: Kind, rng: np.random.Generator) -> Callable[[Scene], bool]:
    """What a scene must be like: something moves where a move is to be followed, mostly as in a photo, for what looks
    are made of does not move along; a new look where there is a key-frame."""
    photo, dressed = bool(rng.random() < 0.75), bool(rng.random() < 0.8)
    if kind == "warped":
        return lambda scene: _moves(scene) and (scene.look == "photo") >= photo
    if kind == "keyed":
        return lambda scene: (scene.look != "photo") >= dressed
    return lambda scene: True


def is_calm(scene: Scene) -> bool:
    """Whether its subjects rest, and the camera comes closer or stands still where something moves by itself."""
    calm = scene.camera == CALM_CAMERA or (scene.camera == "static" and scene.place not in LIFELESS)
    return calm and not _acts(scene)


def _moves(scene: Scene) -> bool:
    return scene.camera != "static" or _acts(scene)


def _acts(scene: Scene) -> bool:
    return any(cast.motion != "still" for cast in scene.cast)


def shown_scene(rng: np.random.Generator, library: Library, still: bool, fits: Callable[[Scene], bool]) -> Scene:
    """A random scene for training that the library can show and that fits."""
    while True:
        scene = sample_scene(rng, still=still)
        if fits(scene) and all(library.shows(cast.subject) for cast in scene.cast):
            return scene


def _references(
    rng: np.random.Generator, library: Library, scene: Scene, shares: Sequence[float]
) -> tuple[Reference, ...]:
    """None to three pictures in the order the modes show them, subjects before the look."""
    count = int(rng.choice(len(shares), p=shares))
    pool = [Reference(_elsewhere(rng, scene), i, i) for i in range(len(scene.cast))]
    if len(scene.cast) == 1:
        pool.append(Reference(_elsewhere(rng, scene), 0))
    other = replace(shown_scene(rng, library, True, lambda _: True), look=scene.look)
    pool.append(Reference(other, LOOK))
    chosen = rng.permutation(len(pool))[: min(count, MAX_REFERENCES)]
    return tuple(sorted((pool[i] for i in chosen), key=lambda reference: reference.tells))


def _elsewhere(rng: np.random.Generator, scene: Scene) -> Scene:
    """The same subjects seen another time. Its detail is the scene's, which first of all chooses what stands for it."""
    while True:
        look = scene.look if rng.random() < 0.5 else LOOKS[0]
        cast = tuple(replace(cast, motion=str(rng.choice(("still", "spinning")))) for cast in scene.cast)
        other = replace(
            scene, cast=cast, place=str(rng.choice(PLACES)), light="day", camera="static", look=look
        )  # fmt: skip
        if not held_out(other):
            return other


def _one(rng: np.random.Generator, shares: dict[T, float]) -> T:
    total = sum(shares.values())
    return tuple(shares)[int(rng.choice(len(shares), p=[share / total for share in shares.values()]))]
