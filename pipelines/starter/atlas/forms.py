"""Things we make ourselves, where no collection has them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import trimesh
from trimesh import creation

from pipelines.starter.atlas.buildings import BUILDINGS
from pipelines.starter.atlas.modelling import BLUE, DARK, GOLD, GREEN, RED, RGB, WHITE, WOOD, Model, arc
from pipelines.starter.atlas.painted import Painted


def _ball(m: Model) -> None:
    m.ball(RED, (0, 0, 0), 1.0)


def _part(mesh: trimesh.Trimesh, faces: np.ndarray) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces[faces], process=False)


def _beach_ball(m: Model) -> None:
    sphere = creation.icosphere(5)
    turn = np.arctan2(*sphere.triangles_center[:, [0, 2]].T)
    for i in range(6):
        part = _part(sphere, np.flatnonzero(((turn + np.pi) // (np.pi / 3)).astype(int) % 6 == i))
        m.add(part, RED if i % 2 == 0 else WHITE)


def _cube(m: Model) -> None:
    m.box(RED, (0, 0, 0), (1, 1, 1))


def _cone(m: Model) -> None:
    m.turned(RED, [(0, 0), (0.5, 0), (0.5, 0.02), (0, 1.2)])


def _ringed_cone(m: Model) -> None:
    for low, high, colour in ((0.0, 0.35, RED), (0.35, 0.5, WHITE), (0.5, 0.85, RED), (0.85, 1.0, WHITE)):
        m.turned(colour, [(0, low), (0.5 * (1 - low), low), (0.5 * (1 - high), high), (0, high)])


def _balloon(m: Model) -> None:
    skin = [(0, 0.62), (0.06, 0.64), (0.2, 0.8), (0.42, 1.12)]
    m.turned(RED, [*skin, *((x, 1.28 + y) for x, y in arc(0.5, -12, 90))])
    m.turned(RED, [(0.02, 0.63), (0.08, 0.55), (0, 0.56)])
    for i in range(6):
        m.rod(WHITE, (0.02 * (-1) ** i, 0.1 * i, 0), (0.02 * (-1) ** (i + 1), 0.1 * (i + 1), 0), 0.012)


def _air_balloon(m: Model) -> None:
    outer = [(0.14, 0.5), (0.3, 0.75), (0.52, 1.05), *((x, 1.3 + y) for x, y in arc(0.6, -10, 90))]
    mesh = creation.revolve(np.array(outer), sections=48)
    mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    turn = np.arctan2(*mesh.triangles_center[:, [0, 2]].T)
    for i in range(8):
        part = _part(mesh, np.flatnonzero(((turn + np.pi) // (np.pi / 4)).astype(int) % 8 == i))
        m.add(part, RED if i % 2 == 0 else GOLD)
    m.box(WOOD, (0, 0.12, 0), (0.26, 0.22, 0.26))
    for x in (-0.12, 0.12):
        for z in (-0.12, 0.12):
            m.rod(DARK, (x, 0.2, z), (x * 1.1, 0.55, z * 1.1), 0.01)


def _robot(m: Model) -> None:
    m.box(RED, (0, 0.85, 0), (0.7, 0.6, 0.45))
    m.box(RED, (0, 1.42, 0), (0.56, 0.42, 0.42))
    for x in (-0.13, 0.13):
        m.ball((0.4, 0.95, 1.0), (x, 1.47, 0.2), (0.09, 0.09, 0.05))
        m.box(DARK, (x * 1.3, 0.28, 0), (0.17, 0.56, 0.2))
        m.box(RED, (x * 1.3, 0.06, 0.05), (0.24, 0.12, 0.36))
        m.rod(DARK, (x * 3.0, 1.05, 0), (x * 3.5, 0.62, 0.08), 0.07)
        m.ball(DARK, (x * 3.0, 1.05, 0), 0.1)
        m.ball(RED, (x * 3.55, 0.56, 0.1), 0.12)
        m.rod(DARK, (x, 1.6, 0), (x * 1.3, 1.82, 0), 0.02)
        m.ball(GOLD, (x * 1.3, 1.84, 0), 0.05)
    m.box(DARK, (0, 1.3, 0.2), (0.3, 0.06, 0.04))
    m.box(WHITE, (0, 0.88, 0.22), (0.42, 0.3, 0.03))
    for x, colour in ((-0.1, GOLD), (0.0, GREEN), (0.1, BLUE)):
        m.ball(colour, (x, 0.88, 0.24), (0.04, 0.04, 0.02))
    m.box(DARK, (0, 1.18, 0), (0.2, 0.1, 0.2))


def _mushroom(m: Model) -> None:
    m.turned(WHITE, [(0, 0), (0.24, 0), (0.2, 0.25), (0.17, 0.6), (0, 0.6)])
    m.turned(RED, [(0, 0.55), (0.5, 0.5), (0.58, 0.56), *((x * 1.1, 0.56 + y * 0.95) for x, y in arc(0.52, 0, 90))])
    rng = np.random.default_rng(4)
    for height in (0.25, 0.5, 0.78):
        for turn in np.arange(5) * 2 * np.pi / 5 + rng.uniform(0, 2):
            low = float(np.arcsin(height))
            at = (0.57 * np.cos(low) * np.cos(turn), 0.56 + 0.5 * np.sin(low), 0.57 * np.cos(low) * np.sin(turn))
            m.ball(WHITE, (float(at[0]), float(at[1]), float(at[2])), 0.075)


def _cloud(m: Model) -> None:
    white: RGB = (0.97, 0.97, 0.98)
    for x, y, r in ((-0.75, 0.3, 0.32), (-0.35, 0.5, 0.45), (0.15, 0.58, 0.52), (0.6, 0.4, 0.4), (0.95, 0.26, 0.26)):
        for z in (-0.15, 0.15):
            m.ball(white, (x, y, z), (r, r * 0.92, r * 0.9))
    m.ball(white, (0.1, 0.22, 0), (1.0, 0.24, 0.35))


def _apple(m: Model) -> None:
    skin = [
        (0, 0.06),
        (0.12, 0.0),
        (0.3, 0.05),
        (0.46, 0.3),
        (0.52, 0.55),
        (0.47, 0.78),
        (0.34, 0.93),
        (0.18, 0.94),
        (0, 0.82),
    ]
    x, y = np.array(skin).T
    fine = np.linspace(0, len(skin) - 1, 33)
    m.turned(RED, [(float(np.interp(t, range(len(skin)), x)), float(np.interp(t, range(len(skin)), y))) for t in fine])
    m.rod(WOOD, (0, 0.8, 0), (0.05, 1.12, 0), 0.03)
    m.ball(GREEN, (0.2, 1.06, 0), (0.18, 0.06, 0.1))


def _mug(m: Model) -> None:
    m.turned(RED, [(0, 0), (0.36, 0), (0.4, 0.06), (0.4, 0.86), (0.36, 0.86), (0.36, 0.7), (0, 0.7)])
    m.turned((0.3, 0.17, 0.09), [(0, 0.71), (0.35, 0.71), (0.35, 0.72), (0, 0.72)])
    turn = np.radians(np.linspace(-100, 100, 16))
    ring = [(0.38 + 0.26 * float(np.cos(t)), 0.45 + 0.26 * float(np.sin(t)), 0.0) for t in turn]
    for start, end in pairwise(ring):
        m.rod(RED, start, end, 0.055)


def _book(m: Model) -> None:
    for z in (-0.1, 0.1):
        m.box(RED, (0, 0.6, z), (0.9, 1.2, 0.03))
    m.box(WHITE, (0.03, 0.6, 0), (0.84, 1.12, 0.18))
    m.box(RED, (-0.45, 0.6, 0), (0.04, 1.2, 0.23))
    for z in (-0.118, 0.118):
        m.box(GOLD, (0.02, 0.85, z), (0.55, 0.16, 0.01))
        m.box(GOLD, (0.02, 0.62, z), (0.4, 0.05, 0.01))


def _heart(m: Model) -> None:
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    outline = np.stack(
        [np.sin(t) ** 3, (13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16], 1
    )
    rings, faces = [], []
    levels = np.linspace(-np.pi / 2, np.pi / 2, 17)
    for level in levels:
        ring = outline * np.cos(level) ** 0.55
        rings.append(np.column_stack([ring, np.full(len(ring), 0.38 * np.sin(level))]))
    count = len(t)
    for i in range(len(levels) - 1):
        for j in range(count):
            a, b = i * count + j, i * count + (j + 1) % count
            faces += [(a, b, a + count), (b, b + count, a + count)]
    m.add(trimesh.Trimesh(np.concatenate(rings), faces, process=False), RED)


FORMS: dict[str, Callable[[Model], None]] = {
    **BUILDINGS,
    "ball": _ball,
    "beach ball": _beach_ball,
    "cube": _cube,
    "cone": _cone,
    "ringed cone": _ringed_cone,
    "balloon": _balloon,
    "air balloon": _air_balloon,
    "robot": _robot,
    "mushroom": _mushroom,
    "cloud": _cloud,
    "apple": _apple,
    "mug": _mug,
    "book": _book,
    "heart": _heart,
}


def made(name: str) -> Painted:
    """One of `FORMS`. Raises KeyError for another name."""
    model = Model()
    FORMS[name](model)
    return model.painted()
