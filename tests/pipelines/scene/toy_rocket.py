"""The example of a 3D file, a toy rocket: `python -m tests.pipelines.scene.toy_rocket FILE.glb` makes it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import trimesh

SIDES = 40
HULL = (
    (0.0, 0.28), (0.24, 0.28), (0.36, 0.5), (0.43, 0.85), (0.44, 1.2), (0.38, 1.6),
    (0.27, 1.95), (0.13, 2.22), (0, 2.4),
)  # fmt: skip
NOZZLE = ((0.0, 0.1), (0.24, 0.1), (0.17, 0.3), (0.0, 0.3))
BAND = ((0.40, 1.52), (0.425, 1.52), (0.41, 1.6), (0.36, 1.6))
FIN = ((0.36, 0.95), (0.62, 0.5), (0.66, 0.0), (0.56, 0.0), (0.5, 0.3), (0.3, 0.42))
FINS, THICKNESS = 4, 0.07


def toy_rocket() -> trimesh.Trimesh:
    """One mesh, y up, about 2.4 high, its first window towards z."""
    parts = [_turned(_round(HULL)), _turned(NOZZLE), _turned(BAND)]
    parts += [_fin(np.pi / FINS + 2 * np.pi * index / FINS) for index in range(FINS)]
    parts += [_window(height) for height in (0.92, 1.27)]
    return trimesh.util.concatenate(parts)


def _round(profile: tuple[tuple[float, float], ...], steps: int = 6) -> np.ndarray:
    """A smooth line through the points of a profile (Catmull-Rom)."""
    points = np.array(profile)
    padded = np.vstack([points[0], points, points[-1]])
    found = [points[0]]
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for t in np.arange(1, steps + 1) / steps:
            found.append(
                0.5 * (2 * start + (end - before) * t + (2 * before - 5 * start + 4 * end - after) * t**2)
                + 0.5 * (3 * start - before - 3 * end + after) * t**3
            )
    line = np.array(found)
    line[:, 0] = np.maximum(line[:, 0], 0)
    return line


def _turned(profile: object) -> trimesh.Trimesh:
    """A profile of (radius, height) turned around the upright axis."""
    mesh = trimesh.creation.revolve(np.asarray(profile), sections=SIDES)
    return mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))


def _fin(angle: float) -> trimesh.Trimesh:
    outline = np.array(FIN)
    front = np.column_stack([outline, np.full(len(outline), THICKNESS / 2)])
    vertices = np.vstack([front, front * (1, 1, -1)])
    count = len(outline)
    fan = [(0, index, index + 1) for index in range(1, count - 1)]
    faces = [(a, c, b) for a, b, c in fan] + [(a + count, b + count, c + count) for a, b, c in fan]
    for index in range(count):
        after = (index + 1) % count
        faces += [(index, after, after + count), (index, after + count, index + count)]
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    return mesh.apply_transform(trimesh.transformations.rotation_matrix(angle, [0, 1, 0]))


def _window(height: float) -> trimesh.Trimesh:
    ring = trimesh.creation.torus(0.12, 0.035, major_sections=28, minor_sections=10)
    pane = trimesh.creation.icosphere(subdivisions=2, radius=0.11).apply_scale((1, 1, 0.35))
    return trimesh.util.concatenate([ring, pane]).apply_translation((0, height, 0.43))


def toy_rocket_file() -> bytes:
    """The same as a GLB, without normals or colours."""
    mesh = toy_rocket()
    return bytes(trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(file_type="glb"))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(toy_rocket_file())
