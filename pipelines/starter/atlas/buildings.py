"""Buildings of our own, and the rocket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import trimesh

from pipelines.starter.atlas.modelling import DARK, RED, RGB, STONE, WHITE, WOOD, Model


def _rocket(m: Model) -> None:
    hull = [(0, 0.1), (0.2, 0.1), (0.3, 0.35), (0.34, 0.75), (0.3, 1.15), (0.23, 1.4)]
    m.turned(WHITE, hull)
    m.turned(RED, [(0.23, 1.4), (0.14, 1.65), (0.05, 1.82), (0, 1.86)])
    m.turned(DARK, [(0, 0), (0.22, 0), (0.16, 0.12), (0, 0.12)])
    for turn in range(4):
        fin = trimesh.Trimesh(
            [(0.2, 0.55, -0.03), (0.2, 0.55, 0.03), (0.62, -0.02, -0.03), (0.62, -0.02, 0.03), (0.2, 0.15, -0.03),
             (0.2, 0.15, 0.03)],
            [(0, 2, 1), (1, 2, 3), (0, 4, 2), (1, 3, 5), (2, 4, 3), (3, 4, 5), (0, 1, 4), (1, 5, 4)],
        )  # fmt: skip
        fin.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 4 + turn * np.pi / 2, (0, 1, 0)))
        m.add(fin, RED)
    for z in (0.3, -0.3):
        m.ball(DARK, (0, 1.0, z), (0.14, 0.14, 0.06))
        m.ball((0.55, 0.82, 0.98), (0, 1.0, z * 1.1), (0.1, 0.1, 0.05))


def _crenels(m: Model, colour: RGB, top: float, radius: float, count: int) -> None:
    for turn in np.linspace(0, 2 * np.pi, count, endpoint=False):
        m.box(colour, (radius * float(np.cos(turn)), top, radius * float(np.sin(turn))), (0.09, 0.12, 0.09))


def _castle(m: Model) -> None:
    m.box(STONE, (0, 0.35, 0), (1.5, 0.7, 1.1))
    for x in np.linspace(-0.66, 0.66, 8):
        for z in (-0.5, 0.5):
            m.box(STONE, (float(x), 0.75, z), (0.1, 0.12, 0.1))
    for x in (-0.78, 0.78):
        for z in (-0.56, 0.56):
            m.turned(STONE, [(0, 0), (0.24, 0), (0.24, 1.0), (0.28, 1.02), (0.28, 1.12), (0, 1.12)], (x, 0, z))
            m.turned(RED, [(0, 0), (0.33, 0), (0, 0.55)], (x, 1.12, z))
    m.turned(STONE, [(0, 0), (0.32, 0), (0.32, 1.45), (0.37, 1.48), (0.37, 1.6), (0, 1.6)])
    m.turned(RED, [(0, 0), (0.43, 0), (0, 0.7)], (0, 1.6, 0))
    for z in (-0.56, 0.56):
        m.box(WOOD, (0, 0.22, z), (0.32, 0.44, 0.04))
        m.ball(WOOD, (0, 0.44, z), (0.16, 0.16, 0.02))
        for x in (-0.4, 0.4):
            m.box(DARK, (x, 0.45, z), (0.08, 0.2, 0.02))


def _tower(m: Model) -> None:
    m.turned(STONE, [(0, 0), (0.42, 0), (0.36, 0.2), (0.33, 1.5), (0.43, 1.62), (0.43, 1.82), (0, 1.82)])
    _crenels(m, STONE, 1.88, 0.4, 10)
    for i, height in enumerate((0.55, 0.95, 1.35)):
        for turn in (0.3 + i, 3.4 + i):
            m.box(DARK, (0.34 * float(np.sin(turn)), height, 0.34 * float(np.cos(turn))), (0.1, 0.2, 0.1))
    m.box(WOOD, (0, 0.2, 0.38), (0.24, 0.4, 0.06))


def _stone_bridge(m: Model) -> None:
    """Three arches, each pier cut as a ring of boxes around its openings."""
    for x in np.linspace(-1.5, 1.5, 61):
        nearest = min(abs(float(x) - c) for c in (-1.0, 0.0, 1.0))
        under = float(np.sqrt(max(0.0, 0.4**2 - nearest**2))) * 1.25
        top = 0.78 - 0.06 * float(x) ** 2
        m.box(STONE, (float(x), (under + top) / 2, 0), (0.052, top - under, 0.5))
        for z in (-0.23, 0.23):
            m.box(STONE, (float(x), top + 0.05, z), (0.052, 0.12, 0.06))


def _house(m: Model) -> None:
    m.box(RED, (0, 0.4, 0), (1.2, 0.8, 0.9))
    gable = [(-0.72, 0.78), (0.72, 0.78), (0, 1.35)]
    roof = trimesh.Trimesh(
        [(x, y, z) for z in (-0.55, 0.55) for x, y in gable],
        [(0, 2, 1), (3, 4, 5), (0, 3, 2), (2, 3, 5), (1, 2, 4), (2, 5, 4), (0, 1, 3), (1, 4, 3)],
    )
    m.add(roof, (0.42, 0.24, 0.2))
    m.box(STONE, (0.36, 1.2, -0.15), (0.16, 0.5, 0.16))
    for z in (-0.46, 0.46):
        m.box(WOOD, (0, 0.25, z), (0.24, 0.5, 0.03))
        for x in (-0.38, 0.38):
            m.box(WHITE, (x, 0.45, z), (0.28, 0.3, 0.03))
            m.box((0.55, 0.78, 0.92), (x, 0.45, z * 1.03), (0.21, 0.23, 0.03))
    for x in (-0.61, 0.61):
        m.box(WHITE, (x, 0.45, 0), (0.03, 0.3, 0.3))
        m.box((0.55, 0.78, 0.92), (x * 1.01, 0.45, 0), (0.03, 0.23, 0.23))


BUILDINGS: dict[str, Callable[[Model], None]] = {
    "rocket": _rocket,
    "castle": _castle,
    "tower": _tower,
    "stone bridge": _stone_bridge,
    "house": _house,
}
