"""Putting together things of our own: balls, boxes, rods and turned profiles, each of one colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import trimesh
from trimesh import creation

from pipelines.starter.atlas.painted import Material, Painted, merged, whole

RGB = tuple[float, float, float]
Vector = tuple[float, float, float]

RED: RGB = (0.84, 0.16, 0.14)
BLUE: RGB = (0.2, 0.42, 0.86)
WHITE: RGB = (0.94, 0.94, 0.92)
DARK: RGB = (0.13, 0.14, 0.18)
STONE: RGB = (0.68, 0.66, 0.63)
GOLD: RGB = (0.98, 0.78, 0.22)
GREEN: RGB = (0.26, 0.6, 0.27)
WOOD: RGB = (0.5, 0.33, 0.2)


class Model:
    """Parts put together, each of one colour; the first colour is the one a thing is known by."""

    def __init__(self) -> None:
        self.meshes: list[trimesh.Trimesh] = []
        self.colours: list[RGB] = []

    def add(self, mesh: trimesh.Trimesh, colour: RGB, at: Vector = (0, 0, 0), scale: Vector = (1, 1, 1)) -> None:
        mesh = mesh.copy()
        mesh.apply_scale(scale)
        mesh.apply_translation(at)
        self.meshes.append(mesh)
        self.colours.append(colour)

    def ball(self, colour: RGB, at: Vector, size: Vector | float) -> None:
        """`size` is a radius, or three."""
        scale = (size, size, size) if isinstance(size, int | float) else size
        self.add(creation.icosphere(4), colour, at, scale)

    def box(self, colour: RGB, at: Vector, size: Vector) -> None:
        """A box by its middle and its three sides."""
        self.add(creation.box(size), colour, at)

    def turned(
        self, colour: RGB, profile: Sequence[tuple[float, float]], at: Vector = (0, 0, 0), sides: int = 40
    ) -> None:
        """A profile of (radius, height) turned around the upright axis."""
        mesh = creation.revolve(np.array(profile), sections=sides)
        mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
        self.add(mesh, colour, at)

    def rod(self, colour: RGB, start: Vector, end: Vector, radius: float) -> None:
        self.add(creation.cylinder(radius, segment=np.array([start, end]), sections=12), colour)

    def painted(self) -> Painted:
        vertices, faces, material, count = [], [], [], 0
        for i, mesh in enumerate(self.meshes):
            vertices.append(np.asarray(mesh.vertices))
            faces.append(np.asarray(mesh.faces) + count)
            material.append(np.full(len(mesh.faces), i))
            count += len(mesh.vertices)
        points, corners = merged(np.concatenate(vertices), np.concatenate(faces))
        materials = tuple(Material(colour) for colour in self.colours)
        return whole(Painted(points, corners, np.zeros((len(corners), 3, 2)), np.concatenate(material), materials))


def arc(radius: float, low: float, high: float, count: int = 14) -> list[tuple[float, float]]:
    """Points of a circle from the angle `low` to `high`, degrees above the level."""
    turn = np.radians(np.linspace(low, high, count))
    return [(float(radius * np.cos(t)), float(radius * np.sin(t))) for t in turn]
