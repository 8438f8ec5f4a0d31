"""A baked mesh seen by a camera: clay on a plain ground, or exact depth, frame by frame and anti-aliased."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.scene.baking import Baked, bake, ground_at
from pipelines.scene.camera import CameraMove, View
from pipelines.scene.loading import Mesh, UpAxis, load_mesh
from pipelines.types import Frame, Frames

Plane = NDArray[np.float32]  # (H, W)
Levels = NDArray[np.floating]  # (n,)

BACKGROUND = 172.0  # grey level of the plain ground, and of everything behind
AMBIENT, KEY = 122.0, 124.0  # grey levels that a surface gets from all around, and from the one lamp
LAMP = (-0.45, 0.65, 0.62)  # where the lamp stands as the camera sees it: left, above, and in front
SAMPLES = 1_600_000  # rays a frame is worth; a small picture gets more of them for each pixel
FEWEST, MOST = 2, 4  # samples along a pixel's side
# What is white in a depth pass, a part of the distance to the nearest point: the ground in front is nearer still.
# What is black, in distances from the camera to the middle of the mesh.
NEAREST, FARTHEST = 0.88, 2.5
CHUNK = 8


@dataclass(frozen=True)
class Hits:
    """Points of the mesh: (n,) depth along the view, (n, 3) unit normals towards the camera, (n,) ambient light."""

    depth: Levels
    normals: NDArray[np.float32]
    ambient: Levels


Value = Callable[[Hits], Levels]


@dataclass(frozen=True)
class Scene:
    """One mesh, baked. Its frames are (H, W, 3) uint8 with equal channels."""

    mesh: Mesh
    baked: Baked

    def clay(self, move: CameraMove, num_frames: int, size: tuple[int, int]) -> Iterator[Frames]:
        """Chunks of a clay pass: soft light, a lamp that goes with the camera, the mesh's shade on plain ground."""
        views = move.views(self.mesh, num_frames, size[0] / size[1])
        return _chunks(self._clay(view, size) for view in views)

    def depth(self, move: CameraMove, num_frames: int, size: tuple[int, int]) -> Iterator[Frames]:
        """Chunks of a depth pass: one over the distance, on one scale for the whole move.

        White is a little nearer than the nearest point of all frames, black the background and ground far behind.
        """
        views = move.views(self.mesh, num_frames, size[0] / size[1])
        scale = self._depth_range(views)
        return _chunks(self._depth(view, size, scale) for view in views)

    def clay_frame(self, move: CameraMove, size: tuple[int, int]) -> Frame:
        """The frame a clay pass begins with."""
        return self._clay(move.views(self.mesh, 2, size[0] / size[1])[0], size)

    def _depth_range(self, views: Sequence[View]) -> tuple[float, float]:
        """(black, white) in one over distance."""
        points = self.mesh.vertices
        nearest = min(float(((points - view.eye) @ view.forward).min()) for view in views)
        middle = np.array([0.0, self.mesh.height / 2, 0.0])
        away = max(float((middle - view.eye) @ view.forward) for view in views)
        return 1 / (FARTHEST * away), 1 / max(NEAREST * nearest, 0.05)

    def _clay(self, view: View, size: tuple[int, int]) -> Frame:
        ground, _depth = self._ground(view, size)
        light = (BACKGROUND * ground).astype(np.float32)
        lamp = LAMP[0] * view.right + LAMP[1] * view.up - LAMP[2] * view.forward
        lamp = (lamp / np.linalg.norm(lamp)).astype(np.float32)

        def shade(hits: Hits) -> Levels:
            facing = hits.normals @ lamp
            # wrapped around the edge between light and dark, as from a large lamp
            lit = np.clip((facing + 0.35) / 1.35, 0, 1)
            return AMBIENT * hits.ambient + KEY * lit * (0.4 + 0.6 * np.minimum(hits.ambient, 1.0))

        return _as_frame(self._over(light, view, shade))

    def _depth(self, view: View, size: tuple[int, int], scale: tuple[float, float]) -> Frame:
        black, white = scale
        _light, inverse = self._ground(view, size)

        def level(one_over: Levels) -> Levels:
            return 255 * np.clip((one_over - black) / (white - black), 0, 1)

        return _as_frame(
            self._over(level(inverse).astype(np.float32), view, lambda hits: level(1 / np.maximum(hits.depth, 1e-6)))
        )

    def _ground(self, view: View, size: tuple[int, int]) -> tuple[Plane, Plane]:
        """(how much light the ground keeps, one over its distance) at every pixel; 1 and 0 above the horizon."""
        width, height = size
        rays = _directions(view, size, (0, 0, width, height), 1)
        falls = (rays[:, 1] < -1e-4) & (view.eye[1] > 0)
        depth = np.where(falls, view.eye[1] / np.where(falls, -rays[:, 1], 1), np.inf)
        spot = np.where(falls[:, None], view.eye[[0, 2]] + np.where(falls, depth, 0)[:, None] * rays[:, (0, 2)], 1e6)
        light = ground_at(self.baked.ground, spot[:, 0].reshape(height, width), spot[:, 1].reshape(height, width))
        return light, (1 / depth).reshape(height, width).astype(np.float32)

    def _over(self, plane: Plane, view: View, value: Value) -> Plane:
        """The mesh drawn over a picture: `value` tells the grey level of each point that is hit."""
        height, width = plane.shape
        left, top, right, bottom = self._box(view, (width, height))
        if left >= right or top >= bottom:
            return plane
        samples = int(np.clip(round((SAMPLES / (width * height)) ** 0.5), FEWEST, MOST))
        shape = (bottom - top, samples, right - left, samples)
        hits, where = self._cast(view, (width, height), (left, top, right, bottom), samples)
        levels = np.zeros(shape[0] * samples * shape[2] * samples, np.float32)
        covered = np.zeros_like(levels)
        if len(where):
            levels[where], covered[where] = value(hits), 1
        part = plane[top:bottom, left:right]
        drawn = part * (1 - covered.reshape(shape).mean(axis=(1, 3))) + levels.reshape(shape).mean(axis=(1, 3))
        result = plane.copy()
        result[top:bottom, left:right] = drawn
        return result

    def _box(self, view: View, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) of the pixels the mesh may cover."""
        width, height = size
        low, high = self.mesh.vertices.min(axis=0), self.mesh.vertices.max(axis=0)
        corners = np.stack(np.meshgrid(*zip(low, high, strict=True)), axis=-1).reshape(-1, 3)
        seen = view.project(corners)
        if (seen[:, 2] < 0.01).any():
            return 0, 0, width, height
        x, y = width / 2 + seen[:, 0] * height / 2, height / 2 - seen[:, 1] * height / 2
        left, right = np.clip([np.floor(x.min()) - 1, np.ceil(x.max()) + 1], 0, width).astype(int)
        top, bottom = np.clip([np.floor(y.min()) - 1, np.ceil(y.max()) + 1], 0, height).astype(int)
        return int(left), int(top), int(right), int(bottom)

    def _cast(
        self, view: View, size: tuple[int, int], box: tuple[int, int, int, int], samples: int
    ) -> tuple[Hits, NDArray[np.intp]]:
        """What rays through a part of the picture hit, and which of them hit anything."""
        directions = _directions(view, size, box, samples)
        origins = np.tile(view.eye.astype(np.float32), (len(directions), 1))
        found = self.baked.rays.run(origins, directions, query="INTERSECT", output=True)
        where = np.flatnonzero(found["primID"] >= 0)
        corners = self.baked.faces[found["primID"][where]]
        second, third = found["u"][where], found["v"][where]
        weights = np.stack([1 - second - third, second, third], axis=1)
        normals = (self.baked.normals[corners] * weights[..., None]).sum(axis=1)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        away = (normals * directions[where]).sum(axis=1) > 0  # the back of an open surface
        normals[away] *= -1
        ambient = (self.baked.ambient[corners] * weights).sum(axis=1)
        return Hits(found["tfar"][where], normals, ambient), where


def open_scene(path: Path | str, up_axis: UpAxis | None = None) -> Scene:
    """A 3D file ready to be seen; the last one is kept. Raises MediaError as `load_mesh` does, or ModelMissing."""
    return _scene(load_mesh(path, up_axis))


@lru_cache(maxsize=1)
def _scene(mesh: Mesh) -> Scene:
    return Scene(mesh, bake(mesh))


def _directions(view: View, size: tuple[int, int], box: tuple[int, int, int, int], samples: int) -> NDArray[np.float32]:
    """A ray for each sample of the pixels in a box, row by row; 1 long along the view, so that lengths are depths."""
    width, height = size
    left, top, right, bottom = box
    x = (left + (np.arange((right - left) * samples) + 0.5) / samples - width / 2) / (height / 2) * view.tangent
    y = (height / 2 - top - (np.arange((bottom - top) * samples) + 0.5) / samples) / (height / 2) * view.tangent
    rays = view.forward + x[None, :, None] * view.right + y[:, None, None] * view.up
    return rays.reshape(-1, 3).astype(np.float32)


def _as_frame(plane: Plane) -> Frame:
    return np.repeat(np.clip(np.rint(plane), 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def _chunks(frames: Iterator[Frame]) -> Iterator[Frames]:
    while chunk := list(islice(frames, CHUNK)):
        yield np.stack(chunk)
