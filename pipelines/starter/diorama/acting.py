"""Subjects on their paths: which view of a thing the camera sees, where it stands, and the shadow it casts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.starter.atlas.views import axes as view_axes
from pipelines.starter.diorama.library import Library, Shown
from pipelines.starter.diorama.scenes import Cast
from pipelines.starter.diorama.stage import BOX, FALLEN, NOBODY, RGB, SHADE, VEIL, Camera, Card, Floats
from pipelines.starter.diorama.subjects import COLOURS, KINDS, Kind

TAU = 2 * np.pi
SHADOW = 0.5  # how dark what stands under the sun makes the ground
THIN = 0.22  # how far a cut-out reaches to the front at most
TURNS = np.radians(18)  # how far from its best side a thing is shown at rest: a form is learnt from few sides
WIDEST = (np.radians(50), np.radians(68))  # how far a thin and any other body turns from its broad side on its way
STRIDE = 0.075  # how far feet swing, a part of a thing's size


@dataclass(eq=False)
class Path:
    """For each frame: `place` (F, 3) of its foot, `heading` (F,) radians from straight away towards the right, `lean`
    (F,) to the left, `size` (F,) metres, and `gait` (F,)."""

    place: Floats
    heading: Floats
    lean: Floats
    size: Floats
    gait: Floats


@dataclass(frozen=True)
class Floor:
    """What a place does to who stands there: the `light` on them, the `sun` (x, z) it comes from with its `slant`
    (shadow's length over height, 0: no sun), whether it is `water`, or there is `none`."""

    light: RGB
    sun: tuple[float, float] = (0.0, 1.0)
    slant: float = 0.0
    water: bool = False
    none: bool = False


def height_of(shown: Shown) -> float:
    """A thing's height, in parts of its longest side."""
    return shown.facts.rect[3]


def width_of(shown: Shown) -> float:
    """How wide its widest view is, in parts of its longest side."""
    return shown.facts.rect[1] - shown.facts.rect[0]


def choose(rng: np.random.Generator, library: Library, subject: str) -> Shown:
    """One of the things that stand for a word. Raises KeyError for a word that no thing stands for."""
    kinds = ("man", "woman", "child", "person") if subject == "person" else (subject,)
    pool = [shown for kind in kinds for shown in library.things.get(kind, ())]
    if not pool:
        raise KeyError(f"No thing stands for “{subject}”.")
    return pool[int(rng.integers(len(pool)))]


def act(
    rng: np.random.Generator, cast: Cast, shown: Shown, moments: Floats, rest: Floats, size: float, frame: float,
    floor: Floor,
) -> Path:  # fmt: skip
    """The path of a subject `size` metres long, at `rest` (3,) half-way; `frame` is how many metres wide the picture
    is there."""
    kind, u, count = KINDS[cast.subject], moments, len(moments)
    amount = 0.35 + 0.65 * cast.amount
    place = np.repeat(rest[None], count, axis=0)
    lean, sizes, gait = np.zeros(count), np.full(count, size), np.zeros(count)
    best = np.radians(270 if kind.sideways else 180 - shown.facts.facing)
    heading = np.full(count, best + rng.uniform(-TURNS, TURNS))
    way = {"left": -1.0, "right": 1.0}.get(cast.motion, float(rng.choice((-1.0, 1.0))))
    phase = (u + 0.5) * TAU
    if cast.motion in ("left", "right", "walking"):
        reach = frame * (0.62 if cast.motion != "walking" else 0.42) * amount
        place[:, 0] += way * u * reach
        heading = _headed(heading, way * np.pi / 2 + np.radians(rng.uniform(-14, 14)), kind, shown, best)
        if kind.walks:
            steps = phase * (2 + 2 * amount)
            gait, lean = STRIDE * np.sin(steps), 0.035 * np.sin(steps)
            place[:, 1] += size * 0.02 * np.abs(np.sin(steps))
    elif cast.motion in ("towards", "away"):
        sign = -1.0 if cast.motion == "towards" else 1.0
        nearness = np.exp(sign * u * (0.45 + 0.6 * amount))
        place[:, 2], place[:, 0] = rest[2] * nearness, rest[0] * nearness
        heading = _headed(heading, (np.pi if sign < 0 else 0.0) + np.radians(rng.uniform(-22, 22)), kind, shown, best)
        if kind.walks:
            lean = 0.04 * np.sin(phase * 3)
            place[:, 1] += size * 0.02 * np.abs(np.sin(phase * 3))
    elif cast.motion == "jumping":
        hops = 1 + round(amount * 1.6)
        place[:, 1] += size * (0.2 + 0.2 * amount) * np.abs(np.sin(phase * hops / 2))
    elif cast.motion == "spinning":
        heading = heading + way * (u + 0.5) * TAU * (0.35 + 0.75 * amount)
    elif cast.motion in ("rising", "falling"):
        sign = 1.0 if cast.motion == "rising" else -1.0
        place[:, 1] += frame * 0.16 * amount + sign * u * frame * 0.36 * amount
    elif cast.motion == "growing":
        sizes = size * np.exp((u - 0.25) * (0.6 + 0.7 * amount))
    _drift(rng, place, lean, u, kind.flies or floor.none, floor, size)
    return Path(place, heading, lean, sizes, gait)


def _headed(rest: Floats, goal: float, kind: Kind, shown: Shown, best: float) -> Floats:
    """Where it looks on its way: ahead, if it is of those that do, but never so that only its narrow side is seen."""
    if not (kind.walks or kind.heads):
        return rest
    thin = shown.facts.relief < THIN
    broad = best if thin else np.pi / 2  # the heading from which its broad side is seen
    side = broad if np.cos(goal - broad) >= 0 else broad + np.pi
    off = (goal - side + np.pi) % TAU - np.pi
    widest = WIDEST[0 if thin else 1]
    return np.full(len(rest), side + float(np.clip(off, -widest, widest)))


def _drift(
    rng: np.random.Generator, place: Floats, lean: Floats, u: Floats, flies: bool, floor: Floor, size: float
) -> None:
    """What stands in the air or on water is never quite at rest."""
    wave = np.sin(TAU * (u * rng.uniform(0.6, 1.1) + rng.random()))
    if flies or floor.water:
        place[:, 1] += size * 0.025 * wave
        lean += 0.03 * np.roll(wave, 2)


def perform(
    shown: Shown, path: Path, camera: Camera, cast: Cast | None, owner: int, floor: Floor, boxed: bool = False
) -> Card:
    """The card that shows a thing on its path to the camera."""
    view, axes, later = _seen(shown, path, camera.eye)
    facts = shown.facts
    colour = COLOURS[cast.colour] if cast is not None and cast.colour is not None else None
    flat = np.array(colour if colour is not None else facts.flat) * floor.light
    return Card(
        middle=path.place,
        axes=axes,
        picture=shown.picture + view,
        rect=facts.rect,
        relief=facts.relief,
        light=floor.light,
        tint=colour or (0.0, 0.0, 0.0),
        tinted=0.0 if colour is None else 1.0,
        tone=facts.tone,
        owner=owner,
        flat=(float(flat[0]), float(flat[1]), float(flat[2])),
        boxed=boxed,
        gait=path.gait if path.gait.any() else None,
        later=later,
    )


def box_of(card: Card) -> Card:
    """What a boxed card is in the mock-up: its whole rectangle, flat."""
    return replace(card, relief=0.0, tinted=0.0, role=BOX, boxed=False, owner=NOBODY, gait=None)


def _seen(shown: Shown, path: Path, eye: Floats) -> tuple[np.ndarray, Floats, Floats]:
    """For each frame the number of the view nearest to what an eye there sees, its axes in space, and where these point
    one frame later."""
    turn = path.heading + np.radians(shown.facts.facing)
    towards = eye - path.place
    ahead = np.stack([np.sin(turn), np.zeros_like(turn), np.cos(turn)], 1)
    side = np.stack([-np.cos(turn), np.zeros_like(turn), np.sin(turn)], 1)
    angle = np.arctan2((towards * side).sum(1), (towards * ahead).sum(1))
    count = shown.facts.views
    view = np.rint(angle / TAU * count).astype(np.int64) % count
    frames = np.stack([view_axes(TAU * int(v) / count) for v in view])
    after = np.minimum(np.arange(len(turn)) + 1, len(turn) - 1)
    return view, _in_space(frames, turn, path, np.arange(len(turn))), _in_space(frames, turn, path, after)


def _in_space(frames: Floats, turn: Floats, path: Path, at: np.ndarray) -> Floats:
    """(F, 3, 3) rows: a view's right, up and front in space, of a thing as it is turned, leant and sized at `at`."""
    turn, lean, size = turn[at], path.lean[at, None], path.size[at]
    zero, one = np.zeros_like(turn), np.ones_like(turn)
    body = np.stack([
        np.stack([-np.cos(turn), zero, np.sin(turn)], 1),
        np.stack([zero, one, zero], 1),
        np.stack([np.sin(turn), zero, np.cos(turn)], 1),
    ], axis=1)  # fmt: skip
    space = frames @ body
    right = space[:, 0] * np.cos(lean) + space[:, 1] * np.sin(lean)
    up = space[:, 1] * np.cos(lean) - space[:, 0] * np.sin(lean)
    return np.stack([right, up, space[:, 2]], axis=1) * size[:, None, None]


def shadows(shown: Shown, path: Path, library: Library, floor: Floor) -> list[Card]:
    """What a thing does to the light on the floor, or to what the water mirrors."""
    if floor.none:
        return []
    lift = np.maximum(path.place[:, 1], 0)
    near = float(np.exp(-2.2 * lift.mean() / path.size.mean()))
    if floor.water:
        return [_mirrored(shown, path)]
    foot = path.place * (1, 0, 1) + np.array((0, 0.012, 0))
    radius = path.size * width_of(shown) * 0.42
    flat = np.array([(1.0, 0, 0), (0, 0, 0.7), (0, 1.0, 0)])
    disc = Card(
        foot, flat * radius[:, None, None], np.full(len(foot), library.pictures["disc"][0]), (-1, 1, -1, 1),
        opacity=0.62 * near, role=SHADE, layer=FALLEN,
    )  # fmt: skip
    if floor.slant <= 0:
        return [disc]
    away = -np.array([floor.sun[0], 0, floor.sun[1]])
    across = np.array([-away[2], 0, away[0]])
    view, _, _ = _seen(shown, path, path.place - away * 50)
    rows = np.stack([-across, away * floor.slant, np.array([0, 1.0, 0])])
    cast = Card(
        foot + lift[:, None] * away * floor.slant, rows[None] * path.size[:, None, None], shown.picture + view,
        shown.facts.rect, opacity=SHADOW, role=SHADE, layer=FALLEN,
    )  # fmt: skip
    return [cast, disc]


def _mirrored(shown: Shown, path: Path) -> Card:
    view, axes, _ = _seen(shown, path, path.place - np.array((0, 0, 50)))
    turned = axes * np.array([1, -1, 1])
    return Card(
        path.place * (1, -1, 1), turned, shown.picture + view, shown.facts.rect, opacity=0.28,
        role=VEIL, light=(0.55, 0.7, 0.8), layer=FALLEN, owner=NOBODY,
    )  # fmt: skip
