"""A mesh that has colours, and how one is read from Wavefront files or cut out of a picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]  # (H, W, 4) RGBA
Corner = tuple[int, int]  # a point's number and that of its place in a picture, -1 for none

SEE_THROUGH = 0.35  # a material less opaque than that is glass that is not drawn
RELIEF_CELLS = 160  # squares along a cut-out's side
RELIEF_ROUND = 0.42  # how far from its rim a cut-out is rounded, a part of its thickest half
_LINE = re.compile(rb"(?m)^[ \t]*(v|vt|f|usemtl)[ \t]+([^\r\n#]*)")


@dataclass(frozen=True, eq=False)
class Material:
    """`colour` RGB in 0..1, or a picture (H, W, 4) uint8 that is repeated; `opacity` 0..1."""

    colour: tuple[float, float, float] = (0.7, 0.7, 0.7)
    picture: Picture | None = None
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class Painted:
    """Triangles with colours: y is up, the front looks along z.

    vertices (V, 3) float64; faces (F, 3) int64; places (F, 3, 2) where each corner lies in its material's picture, in
    parts of it, y upwards; material (F,) which of `materials` each face has.
    """

    vertices: Floats
    faces: NDArray[np.int64]
    places: Floats
    material: NDArray[np.int64]
    materials: tuple[Material, ...] = field(repr=False)


def read_wavefront(obj: bytes, mtl: bytes, open_picture: Callable[[str], Picture | None]) -> Painted:
    """An OBJ file with the materials of its MTL file. `open_picture` gives the picture of a name in it, None where
    there is none. Raises ValueError for a file without faces."""
    materials = _materials(mtl, open_picture)
    names = {name: i for i, name in enumerate(materials)}
    points: list[bytes] = []
    places: list[bytes] = []
    corners: list[Corner] = []
    owner: list[int] = []
    current = -1
    for kind, rest in _LINE.findall(obj.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")):
        words = rest.split()
        if kind == b"v":
            points += words[:3]
        elif kind == b"vt":
            places += words[:2]
        elif kind == b"usemtl":
            current = names.get(rest.strip().decode("latin-1"), -1)
        else:
            first, *others = [_corner(word, len(points) // 3, len(places) // 2) for word in words]
            for second, third in pairwise(others):
                corners += (first, second, third)
                owner.append(current)
    if not owner:
        raise ValueError("An OBJ file without faces has nothing to show.")
    index = np.array(corners, np.int64).reshape(-1, 3, 2)
    where = np.array([*map(float, places), 0.0, 0.0]).reshape(-1, 2)[index[..., 1]]
    vertices, faces = merged(np.fromiter(map(float, points), np.float64, len(points)).reshape(-1, 3), index[..., 0])
    material = np.array(owner) % (len(materials) + 1)  # -1 becomes the last one, plain grey
    return whole(Painted(vertices, faces, where, material, (*materials.values(), Material())))


def _corner(word: bytes, points: int, places: int) -> Corner:
    point, _, rest = word.partition(b"/")
    place = rest.partition(b"/")[0]
    at, spot = int(point), int(place) if place else 0
    return at - 1 if at > 0 else points + at, spot - 1 if spot > 0 else places + spot if spot < 0 else -1


def _materials(mtl: bytes, open_picture: Callable[[str], Picture | None]) -> dict[str, Material]:
    found: dict[str, Material] = {}
    for block in re.split(r"(?m)^[ \t]*newmtl[ \t]+", mtl.decode("latin-1"))[1:]:
        name, _, body = block.partition("\n")
        told = {
            key: rest.strip() for key, rest in re.findall(r"(?m)^[ \t]*(Kd|d|Tr|map_Kd|map_d)[ \t]+([^\r\n]*)", body)
        }
        picture = open_picture(told["map_Kd"].split()[-1]) if told.get("map_Kd") else None
        colour = [float(value) for value in told.get("Kd", "0.7 0.7 0.7").split()[:3]]
        opacity = float(told["d"].split()[-1]) if "d" in told else 1 - float(told.get("Tr", "0").split()[-1])
        found[name.strip()] = Material((colour[0], colour[1], colour[2]), picture, opacity)
    return found


def merged(vertices: Floats, faces: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """The same triangles with each point there once, so that neighbours know each other."""
    low = vertices.min(axis=0)
    size = float((vertices.max(axis=0) - low).max()) or 1.0
    _, first, inverse = np.unique(
        np.round((vertices - low) / size * 2e5).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    return vertices[first], inverse.reshape(-1)[faces]


def whole(mesh: Painted) -> Painted:
    """The mesh without its glass and without triangles that have no area, standing on the ground above the origin,
    its longest side 1."""
    corners = mesh.vertices[mesh.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    seen = np.array([material.opacity >= SEE_THROUGH for material in mesh.materials])[mesh.material]
    size = float(np.ptp(mesh.vertices, axis=0).max()) or 1.0
    kept = (area > 1e-10 * size**2) & seen
    if not kept.any():
        raise ValueError("Nothing of the mesh can be seen: it is flat or made of glass.")
    used, inverse = np.unique(mesh.faces[kept], return_inverse=True)
    vertices = mesh.vertices[used]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    middle = (low + high) / 2
    vertices = (vertices - (middle[0], low[1], middle[2])) / float((high - low).max())
    return Painted(vertices, inverse.reshape(-1, 3), mesh.places[kept], mesh.material[kept], mesh.materials)


def relief(picture: Picture, thickness: float = 0.3) -> Painted:
    """A picture's cut-out (H, W, 4) as a rounded body, the same from behind. `thickness` is a part of its longer side;
    the body is thin where the cut-out is."""
    alpha = picture[..., 3]
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 127), np.flatnonzero(alpha.max(axis=0) > 127)
    picture = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = picture.shape[:2]
    solid = np.pad((picture[..., 3] > 127).astype(np.uint8), 1)
    rim = cv2.distanceTransform(solid, cv2.DIST_L2, 5)[1:-1, 1:-1]
    inner = np.clip(rim / max(RELIEF_ROUND * float(rim.max()), 1.0), 0, 1)
    swell = cv2.GaussianBlur(np.sqrt(1 - (1 - inner) ** 2), (0, 0), max(height, width) / 90)
    swell = swell * np.clip((rim - 1) / 2, 0, 1)  # front and back meet at the rim
    side = max(height, width)
    y, x = np.meshgrid(np.linspace(0, height - 1, height * RELIEF_CELLS // side + 1),
                       np.linspace(0, width - 1, width * RELIEF_CELLS // side + 1), indexing="ij")  # fmt: skip
    deep, cover = (
        cv2.remap(plane.astype(np.float32), x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR).astype(
            np.float64
        )
        for plane in (swell * thickness / 2, solid[1:-1, 1:-1])
    )
    front = np.stack([(x - width / 2) / side, (height - y) / side, deep + 1e-4], -1).reshape(-1, 3)
    number = np.arange(x.size).reshape(x.shape)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    faces = faces[cover.reshape(-1)[faces].mean(axis=1) > 0.5]
    picture = np.dstack([spread(picture[..., :3], picture[..., 3] > 200), np.full((height, width), 255, np.uint8)])
    places = np.stack([(x + 0.5) / width, 1 - (y + 0.5) / height], -1).reshape(-1, 2)
    both = np.concatenate([faces, faces[:, ::-1] + x.size])
    vertices = np.concatenate([front, front * (1, 1, -1)])
    material = np.zeros(len(both), np.int64)
    return whole(
        Painted(vertices, both, np.concatenate([places, places])[both], material, (Material(picture=picture),))
    )


def spread(values: NDArray, seen: NDArray[np.bool_]) -> NDArray:
    """Pictures (H, W, C) whose pixels that are not `seen` take what the nearest seen one has."""
    if not seen.any():
        return values
    _, labels = cv2.distanceTransformWithLabels(
        (~seen).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    lookup = np.zeros(labels.max() + 1, np.int64)
    lookup[labels[seen]] = np.flatnonzero(seen)
    return values.reshape(-1, values.shape[-1])[lookup[labels]]
