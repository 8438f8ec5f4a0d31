"""From a scene's words to a stage: who stands where, from where it is seen, and all that is around."""

from __future__ import annotations

import numpy as np

from pipelines.starter.diorama.acting import Path, act, box_of, choose, height_of, perform, shadows, width_of
from pipelines.starter.diorama.cameras import moving_camera
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.places import build
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.diorama.site import Site
from pipelines.starter.diorama.stage import Floats, Stage
from pipelines.starter.diorama.subjects import KINDS
from pipelines.starter.diorama.weather import WEATHERS, falling

LEAST_BESIDE = 0.55  # of the larger subject
SLENDER = 0.76  # of the picture's height, at most
EMPTY_DISTANCE = 4.5  # metres to where a subject would be


def set_stage(scene: Scene, size: tuple[int, int], num_frames: int, library: Library) -> Stage:
    """The stage of a scene for frames of `size` (width, height); with one frame, any moment of it. The same scene,
    size, length and library give the same stage."""
    rng = np.random.default_rng(scene.detail)
    moments = np.linspace(-0.5, 0.5, num_frames) if num_frames > 1 else rng.uniform(-0.5, 0.5, 1)
    shown = [choose(rng, library, cast.subject) for cast in scene.cast]
    sizes = _sizes(scene)
    aspect = size[1] / size[0]
    focal = rng.uniform(0.82, 0.98) * max(1.0, 0.8 * aspect)
    high = [metres * height_of(thing) for metres, thing in zip(sizes, shown, strict=True)]
    wide = [metres * width_of(thing) for metres, thing in zip(sizes, shown, strict=True)]
    distance = _distance(rng, high, wide, focal, aspect)
    frame = distance / focal
    rests = _rests(rng, wide, distance)
    tall = max(high, default=1.2)
    space = scene.place == "space"
    eye = np.array([0.0, rng.uniform(0.42, 0.75) * tall + 0.1 * distance if not space else 0.5 * tall, 0.0])
    target = np.array([0.0, tall * 0.5 + rng.uniform(0.02, 0.07) * frame * aspect, distance])
    camera = moving_camera(scene.camera, scene.swing, moments, eye, target, focal)
    weather = WEATHERS[scene.light]
    site = Site(
        rng, library, camera, scene.light, weather, distance, max(0.3 * frame, 0.5, *(0.7 * w for w in wide)),
        not scene.cast,
    )  # fmt: skip
    build(scene.place, site)
    if site.floor.none:
        weather = WEATHERS["day"]
    boxed = bool(rng.random() < 0.5)
    for owner, (cast, thing, rest) in enumerate(zip(scene.cast, shown, rests, strict=True)):
        path = act(rng, cast, thing, moments, rest, sizes[owner], frame, site.floor)
        _lift(path, cast.subject, site, cast.motion, frame * aspect, sizes[owner] * height_of(thing))
        site.cards += shadows(thing, path, library, site.floor)
        card = perform(thing, path, camera, cast, owner, site.floor, boxed)
        site.cards += [box_of(card), card] if boxed else [card]
    site.cards += falling(rng, weather, library, camera, distance)
    if site.sky is None:
        raise AssertionError(f"{scene.place} has no sky")
    thickness = weather.thickness / (4 * distance) if scene.place not in ("space", "room") else 0.0
    return Stage(camera, site.sky, tuple(site.cards), weather.haze, thickness)


def _sizes(scene: Scene) -> list[float]:
    """Metres; of two subjects the smaller is never lost beside the larger."""
    metres = [KINDS[cast.subject].size for cast in scene.cast]
    return [max(size, LEAST_BESIDE * max(metres)) for size in metres]


def _distance(rng: np.random.Generator, high: list[float], wide: list[float], focal: float, aspect: float) -> float:
    """From how far the subjects fill about half of the picture; what is slender, most of its height."""
    if not high:
        return EMPTY_DISTANCE
    slender = max(1.0, max(high) / sum(wide))
    part = min(SLENDER, rng.uniform(0.5, 0.62) * slender**0.5)
    tall = max(high) / (part * aspect)
    broad = sum(wide) * (1.15 if len(wide) > 1 else 1.0) / (0.68 if len(wide) > 1 else 0.6)
    return float(focal * max(tall, broad))


def _rests(rng: np.random.Generator, wide: list[float], distance: float) -> list[Floats]:
    """Where subjects stand: in the middle, or side by side."""
    if len(wide) < 2:
        return [np.array([rng.uniform(-0.03, 0.03) * distance, 0.0, distance]) for _ in wide]
    side = float(rng.choice((-1.0, 1.0)))
    apart = 0.56 * sum(wide)
    return [
        np.array([way * side * apart * 0.55, 0.0, distance * (1 + rng.uniform(-0.06, 0.06))]) for way in (-1.0, 1.0)
    ]


def _lift(path: Path, subject: str, site: Site, motion: str, frame_height: float, height: float) -> None:
    """What flies hangs in the air; what floats lies a little in the water; in space nothing stands."""
    if site.floor.none:
        path.place[:, 1] += 0.0
        return
    if KINDS[subject].flies and motion not in ("rising", "falling"):
        path.place[:, 1] += 0.16 * frame_height
    elif site.floor.water and not KINDS[subject].flies:
        path.place[:, 1] -= (0.06 if KINDS[subject].sails else 0.16) * height
