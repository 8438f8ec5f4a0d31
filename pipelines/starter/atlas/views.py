"""A painted mesh seen from all around: colour, outline, depth and clay of each view, anti-aliased.

A view is orthographic. Its axes: x right, y up in the picture, and depth towards the viewer; all in units of the mesh's
longest side. `drawing` turns the mesh by the view it is nearest to and mends the rest by its depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.scene.baking import ray_scene, sky_seen, smooth_normals
from pipelines.scene.loading import Mesh
from pipelines.starter.atlas.painted import Material, Painted, spread

Plane = NDArray[np.float32]  # (H, W)

CELL = 128  # pixels along the longer side of a view
VIEWS = 16  # azimuths around a thing
ELEVATION = np.radians(10.0)  # how far above the level the viewer stands
SAMPLES = 3  # rays along a pixel's side
THROUGH = 6  # layers of leaves a ray may pass between
LAMP = (-0.5, 0.7, 0.6)  # where the lamp stands as the viewer sees it: left, above, and in front


@dataclass(frozen=True, eq=False)
class View:
    """One view: `colour` (h, w, 3) of the paint alone, `light` (h, w) what reaches it (about 1 where lit fully),
    `alpha` and `depth` (h, w); where nothing is, colour and depth are those of the nearest part."""

    colour: NDArray[np.float32]
    alpha: Plane
    depth: Plane
    light: Plane


@dataclass(frozen=True, eq=False)
class Turntable:
    """All views of a mesh. (left, right, bottom, top) is the part of the view's plane that the pictures show."""

    views: tuple[View, ...]
    left: float
    right: float
    bottom: float
    top: float


def axes(azimuth: float) -> NDArray[np.float64]:
    """(3, 3) rows: right, up and towards the viewer, who stands at that angle from the front, to the right of it."""
    side, ahead = np.sin(azimuth), np.cos(azimuth)
    rise, level = np.sin(ELEVATION), np.cos(ELEVATION)
    return np.array([(ahead, 0, -side), (-side * rise, level, -ahead * rise), (side * level, rise, ahead * level)])


def turntable(mesh: Painted, count: int = VIEWS, cell: int = CELL) -> Turntable:
    """`count` views at even angles, the first from the front. Raises ModelMissing without embreex."""
    normals, light, rays = _lit(mesh)
    frames = [axes(2 * np.pi * i / count) for i in range(count)]
    reach = np.concatenate([mesh.vertices @ frame[:2].T for frame in frames])
    margin = 1.5 / cell
    (left, bottom), (right, top) = reach.min(axis=0) - margin, reach.max(axis=0) + margin
    pixel = max(right - left, top - bottom) / cell
    size = (int(np.ceil((right - left) / pixel)), int(np.ceil((top - bottom) / pixel)))
    right, bottom = left + size[0] * pixel, top - size[1] * pixel
    views = tuple(_view(mesh, normals, light, rays, frame, (left, top, pixel), size) for frame in frames)
    return Turntable(views, float(left), float(right), float(bottom), float(top))


def _lit(mesh: Painted) -> tuple[NDArray[np.float32], NDArray[np.float32], Any]:
    """Each corner's (F, 3, 3) normal and (F, 3) light from the sky, and what rays are cast into."""
    points, normals, faces = smooth_normals(Mesh(mesh.vertices, mesh.faces))
    rays = ray_scene(points, faces)
    sky = np.maximum(*(sky_seen(rays, points, side * normals, None) for side in (1, -1)))
    return normals[faces], sky[faces], rays


def _view(
    mesh: Painted, normals: NDArray[np.float32], light: NDArray[np.float32], rays: Any, frame: NDArray[np.float64],
    origin: tuple[float, float, float], size: tuple[int, int],
) -> View:  # fmt: skip
    width, height = size
    left, top, pixel = origin
    x = left + (np.arange(width * SAMPLES) + 0.5) / SAMPLES * pixel
    y = top - (np.arange(height * SAMPLES) + 0.5) / SAMPLES * pixel
    plane = x[None, :, None] * frame[0] + y[:, None, None] * frame[1] + 4.0 * frame[2]
    face, weights, distance, paint = _cast(mesh, rays, plane.reshape(-1, 3), -frame[2])
    seen = face >= 0
    hit, share = face[seen], weights[seen]
    facing = (normals[hit] * share[..., None]).sum(axis=1)
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-6)
    facing *= np.where((facing @ frame[2]) < 0, -1.0, 1.0)[:, None]
    lamp = np.asarray(LAMP) @ frame / np.linalg.norm(LAMP)
    sky = np.minimum((light[hit] * share).sum(axis=1), 1.1)
    lit = np.clip((facing @ lamp + 0.35) / 1.35, 0, 1)
    shade = 0.6 * (0.4 + 0.6 * sky) + 0.55 * lit * (0.5 + 0.5 * sky)
    samples = np.zeros((len(face), 6), np.float32)
    samples[seen, :3], samples[seen, 3], samples[seen, 4], samples[seen, 5] = (
        paint[seen],
        1,
        4.0 - distance[seen],
        shade,
    )
    total = samples.reshape(height, SAMPLES, width, SAMPLES, 6).sum(axis=(1, 3))
    alpha = total[..., 3] / SAMPLES**2
    mean = total / np.maximum(total[..., 3:4], 1e-6)
    filled = spread(mean, alpha > 0)
    return View(filled[..., :3], alpha, filled[..., 4], filled[..., 5])


def _cast(
    mesh: Painted, rays: Any, origins: NDArray[np.float64], direction: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """What parallel rays meet: (n,) face or -1, (n, 3) its corners' shares, (n,) how far away, (n, 3) its paint."""
    count = len(origins)
    face, distance = np.full(count, -1), np.zeros(count)
    weights, paint = np.zeros((count, 3)), np.zeros((count, 3), np.float32)
    going, start = np.arange(count), np.zeros(count)
    for _ in range(THROUGH):
        begin = (origins[going] + start[going, None] * direction).astype(np.float32)
        ways = np.tile(direction.astype(np.float32), (len(going), 1))
        found = rays.run(begin, ways, query="INTERSECT", output=True)
        met = found["primID"] >= 0
        going, prim = going[met], found["primID"][met]
        if not len(going):
            break
        share = np.stack([1 - found["u"][met] - found["v"][met], found["u"][met], found["v"][met]], axis=1)
        far = start[going] + found["tfar"][met]
        rgba = _paint(mesh, prim, (mesh.places[prim] * share[..., None]).sum(axis=1))
        solid = rgba[:, 3] > 0.5
        here = going[solid]
        face[here], weights[here], distance[here], paint[here] = prim[solid], share[solid], far[solid], rgba[solid, :3]
        start[going] = far + 2e-4
        going = going[~solid]
        if not len(going):
            break
    return face, weights, distance, paint


def _paint(mesh: Painted, faces: NDArray[np.intp], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, 4) RGBA in 0..1 at places of the faces' pictures, which repeat."""
    rgba = np.ones((len(faces), 4), np.float32)
    owner = mesh.material[faces]
    for number in np.unique(owner):
        here = owner == number
        rgba[here] = _of_material(mesh.materials[number], places[here])
    return rgba


def _of_material(material: Material, places: NDArray[np.float64]) -> NDArray[np.float32]:
    picture = material.picture
    if picture is None:
        return np.array([*material.colour, 1.0], np.float32)
    height, width = picture.shape[:2]
    x = np.floor(places[:, 0] % 1 * width).astype(int) % width
    y = np.floor((1 - places[:, 1]) % 1 * height).astype(int) % height
    return picture[y, x].astype(np.float32) / 255
