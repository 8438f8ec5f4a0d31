"""What light does to a mesh that stands still, worked out once: smooth normals, and how much sky each point sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ModelMissing
from pipelines.scene.loading import Mesh

Floats = NDArray[np.float32]

CREASE = np.cos(np.radians(40.0))  # a sharper edge than that stays an edge
FINE_ENOUGH = 60_000  # triangles; a mesh of fewer is divided, so that shade can change within a wall
RAYS = 3_000_000  # for all points together
RAYS_PER_POINT = (8, 96)
NEARLY = 2e-3  # how far off its surface a ray begins
SKY = (0.55, 1.0)  # light from the horizon and from above
BOUNCE = 0.55  # light from the ground where nothing stands on it
GROUND_REACH, GROUND_CELLS = 3.0, 120  # half the side of the square whose shade is kept, and its cells


@dataclass(frozen=True)
class Baked:
    """A mesh ready to be seen.

    vertices, normals   (V, 3) float32; corners on a sharp edge are there once for each side
    faces               (F, 3) int32
    ambient             (V,) float32, 0 (in a hole) to about 1 (under open sky)
    ground              (GROUND_CELLS, GROUND_CELLS) float32, the same of the ground, 1 where nothing is near;
                        rows go along z, columns along x, from -GROUND_REACH to GROUND_REACH
    rays                the scene rays are cast into
    """

    vertices: Floats
    normals: Floats
    faces: NDArray[np.int32]
    ambient: Floats
    ground: Floats
    rays: Any


def bake(mesh: Mesh) -> Baked:
    """Shade a mesh. The same mesh gives the same numbers every time. Raises ModelMissing without embreex."""
    vertices, normals, faces = _divided(*smooth_normals(mesh))
    rays = ray_scene(vertices, faces)
    ground = _ground_light(rays)
    ambient = np.maximum(*(sky_seen(rays, vertices, side * normals, ground) for side in (1, -1)))
    return Baked(vertices, normals, faces, _evened(ambient, faces), ground, rays)


def smooth_normals(mesh: Mesh) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """(vertices, normals, faces), corners split where faces meet at more than the crease angle.

    Corners of faces that meet gently, from face to face around a vertex, share one normal: their mean by area.
    """
    corners = mesh.vertices[mesh.faces]
    weighted = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    here, there = _gentle_edges(mesh.faces, facing)
    groups = _joined(mesh.faces.size, here, there)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    of_corner = np.repeat(weighted, 3, axis=0)
    total = np.stack([np.bincount(group, of_corner[:, axis], len(first)) for axis in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    normals = np.where(length > 1e-12, total / np.maximum(length, 1e-12), facing[first // 3])
    vertices = mesh.vertices[mesh.faces.reshape(-1)[first]]
    return vertices.astype(np.float32), normals.astype(np.float32), group.reshape(-1, 3).astype(np.int32)


def _gentle_edges(faces: NDArray[np.int64], facing: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Pairs of corners (face * 3 + 0..2) at the same vertex of two faces that share a gentle edge."""
    begin = np.arange(faces.size)
    end = begin // 3 * 3 + (begin + 1) % 3
    flat = faces.reshape(-1)
    key = np.minimum(flat[begin], flat[end]) * (flat.max() + 1) + np.maximum(flat[begin], flat[end])
    order = np.argsort(key, kind="stable")
    shared = key[order][1:] == key[order][:-1]
    one, two = order[:-1][shared], order[1:][shared]
    gentle = (facing[one // 3] * facing[two // 3]).sum(axis=1) > CREASE
    one, two = one[gentle], two[gentle]
    same_way = flat[begin[one]] == flat[begin[two]]
    here = np.concatenate([begin[one], end[one]])
    there = np.concatenate([np.where(same_way, begin[two], end[two]), np.where(same_way, end[two], begin[two])])
    return here, there


def _joined(count: int, here: NDArray, there: NDArray) -> NDArray:
    """The smallest member of the group each of `count` things is in, when the pairs are joined."""
    group = np.arange(count)
    while True:
        low = np.minimum(group[here], group[there])
        nearer = group.copy()
        np.minimum.at(nearer, group[here], low)
        np.minimum.at(nearer, group[there], low)
        nearer = nearer[nearer]
        if np.array_equal(nearer, group):
            return group
        group = nearer


def _divided(vertices: Floats, normals: Floats, faces: NDArray[np.int32]) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Triangles cut into four, the largest first, while there are few of them."""
    from trimesh.remesh import subdivide

    edge = 0.5
    while edge > 0.05:
        long = np.flatnonzero(_longest_edge(vertices, faces) > edge)
        if len(faces) + 3 * len(long) > FINE_ENOUGH:
            break
        if not len(long):
            edge /= 2
            continue
        points, faces, carried = subdivide(vertices, faces, face_index=long, vertex_attributes={"normal": normals})
        vertices, normals = points.astype(np.float32), carried["normal"]
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return vertices.astype(np.float32), normals.astype(np.float32), faces.astype(np.int32)


def _longest_edge(vertices: Floats, faces: NDArray[np.int32]) -> NDArray:
    corners = vertices[faces]
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)


def ray_scene(vertices: Floats, faces: NDArray[np.int32]) -> Any:
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError as error:
        raise ModelMissing(
            "A 3D file is drawn by embreex, which is not installed here. Install it with “pip install embreex”, or "
            "render the file elsewhere and give the video."
        ) from error
    scene = EmbreeScene()
    TriangleMesh(scene, vertices, faces)
    return scene


def sky_seen(rays: Any, points: Floats, normals: Floats, ground: Floats | None) -> Floats:
    """(n,) light that reaches each point from sky and ground, 1 for a level one under open sky.

    A fixed spiral of directions, denser towards the normal as light counts more there, turned from point to point.
    """
    count = int(np.clip(RAYS / 2 // max(1, len(points)), *RAYS_PER_POINT))
    steps = (np.arange(count) + 0.5) / count
    golden = np.pi * (3 - np.sqrt(5))
    room = max(1, (1 << 19) // count)
    seen = [
        _seen_from(rays, points[at : at + room], normals[at : at + room], steps, golden, at, ground)
        for at in range(0, len(points), room)
    ]
    return np.concatenate(seen)


def _seen_from(
    rays: Any, points: Floats, normals: Floats, steps: NDArray, golden: float, first: int, ground: Floats | None
) -> Floats:
    count = len(steps)
    turn = golden * np.arange(count) + 2.4 * (first + np.arange(len(points)))[:, None]
    side = np.where(np.abs(normals[:, 1:2]) < 0.9, np.array([0, 1, 0]), np.array([1, 0, 0]))
    across = np.cross(side, normals)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(normals, across)
    radius, height = np.sqrt(steps), np.sqrt(1 - steps)
    directions = (
        (np.cos(turn) * radius)[..., None] * across[:, None]
        + (np.sin(turn) * radius)[..., None] * along[:, None]
        + height[:, None] * normals[:, None]
    ).astype(np.float32)
    origins = np.repeat(points + NEARLY * normals, count, axis=0).astype(np.float32)
    directions = directions.reshape(-1, 3)
    free = rays.run(origins, directions, query="INTERSECT") < 0
    light = SKY[0] + (SKY[1] - SKY[0]) * np.maximum(directions[:, 1], 0)
    if ground is not None:
        down = directions[:, 1] < 0
        reach = np.where(down, origins[:, 1] / np.maximum(-directions[:, 1], 1e-6), 0)
        spot = origins[:, (0, 2)] + reach[:, None] * directions[:, (0, 2)]
        light = np.where(down, BOUNCE * ground_at(ground, spot[:, 0], spot[:, 1]), light)
    level = SKY[0] + (SKY[1] - SKY[0]) * 2 / 3  # the mean over a level point's sky
    return ((light * free).reshape(-1, count).mean(axis=1) / level).astype(np.float32)


def _ground_light(rays: Any) -> Floats:
    """How much of its light the ground keeps under and around the mesh."""
    line = (np.arange(GROUND_CELLS) + 0.5) / GROUND_CELLS * 2 * GROUND_REACH - GROUND_REACH
    x, z = np.meshgrid(line, line)
    points = np.stack([x, np.zeros_like(x), z], axis=-1).reshape(-1, 3).astype(np.float32)
    upward = np.tile(np.array([0, 1, 0], np.float32), (len(points), 1))
    light = sky_seen(rays, points, upward, None).reshape(x.shape)
    soft = np.asarray(cv2.GaussianBlur(np.minimum(light, 1.0), (0, 0), 1.5), np.float32)
    fade = np.clip((GROUND_REACH - np.maximum(np.abs(x), np.abs(z))) / 0.6, 0, 1)
    return (1 - fade * (1 - soft)).astype(np.float32)


def ground_at(ground: Floats, x: NDArray, z: NDArray) -> Floats:
    """The ground's light at any points; 1 beyond the square that is kept."""
    columns, rows = (
        ((value + GROUND_REACH) / (2 * GROUND_REACH) * GROUND_CELLS - 0.5).clip(-4, GROUND_CELLS + 4)
        for value in (x, z)
    )
    shape = (-1, 1) if columns.ndim == 1 else columns.shape
    # OpenCV maps pictures of at most 32767 rows
    parts = [
        cv2.remap(
            ground, part[0].astype(np.float32), part[1].astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT, borderValue=1.0,
        )
        for part in zip(_rows(columns.reshape(shape)), _rows(rows.reshape(shape)), strict=True)
    ]  # fmt: skip
    found: Floats = np.concatenate(parts).reshape(columns.shape)
    return found


def _rows(values: NDArray) -> list[NDArray]:
    return [values[at : at + 30_000] for at in range(0, len(values), 30_000)]


def _evened(light: Floats, faces: NDArray[np.int32]) -> Floats:
    """Each point's light and its neighbours': what few rays left grainy becomes smooth."""
    count = np.bincount(faces.reshape(-1), minlength=len(light))
    mean = np.bincount(faces.reshape(-1), np.repeat(light[faces].mean(axis=1), 3), minlength=len(light))
    return np.where(count > 0, mean / np.maximum(count, 1), light).astype(np.float32)
