"""One triangle mesh from a GLB, OBJ, STL or PLY file, within limits, standing on the ground at a known size."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import MediaError
from pipelines.media.container import shown_name
from pipelines.scene.screening import MAX_FACES, check_amount

UpAxis = Literal["y", "z"]
UP_AXES: dict[str, UpAxis] = {"glb": "y", "obj": "y", "stl": "z", "ply": "z"}  # as the programs that write them do
MAX_BYTES = 64 << 20
_ONE_AT_A_TIME = Lock()  # a large file takes a gigabyte while it is unfolded
LARGEST_COORDINATE = 1e15  # squares and cubes of it are still finite


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in the renderer's own space: y is up, z comes towards the front view.

    vertices    (V, 3) float64; the lowest lies at y = 0, the middle of the bounding box above the origin, and half
                the diagonal of that box is 1 long
    faces       (F, 3) int64, none of them without area
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]

    @property
    def height(self) -> float:
        """How far the highest point lies above the ground."""
        return float(self.vertices[:, 1].max())

    @property
    def radius(self) -> float:
        """The farthest point from the upright axis it turns on."""
        return float(np.hypot(self.vertices[:, 0], self.vertices[:, 2]).max())


def load_mesh(path: Path | str, up_axis: UpAxis | None = None) -> Mesh:
    """The geometry of a 3D file and nothing else of it. `up_axis`: which way is up in it; None: as its kind has it.

    Raises MediaError for what cannot be read, is too large, has no surface or has points at infinity.
    """
    path = Path(path)
    try:
        facts = path.stat()
    except OSError as error:
        raise MediaError(f"The file {shown_name(path)} cannot be opened. Choose it again.") from error
    with _ONE_AT_A_TIME:
        return _loaded(path, (facts.st_size, facts.st_mtime_ns), up_axis)


@lru_cache(maxsize=1)  # asked at the door, and again for each look and for the picture of the first frame
def _loaded(path: Path, stamp: tuple[int, int], up_axis: UpAxis | None) -> Mesh:
    name = shown_name(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in UP_AXES:
        raise MediaError(f"{name} is no 3D file that is read here; give a .glb, .obj, .stl or .ply file.")
    if stamp[0] > MAX_BYTES:
        raise MediaError(
            f"{name} has {stamp[0] / 2**20:.0f} MB; the limit is {MAX_BYTES >> 20} MB. "
            "Simplify the mesh, or export it as .glb."
        )
    vertices, faces = _geometry(path, kind, name)
    check_amount(len(faces), MAX_FACES, "triangles", name)  # once more: an OBJ's face may be many of them
    if not len(faces):
        raise MediaError(f"{name} has no surface: there are no triangles in it. Export a mesh, not points or lines.")
    if not np.isfinite(vertices).all() or np.abs(vertices).max() > LARGEST_COORDINATE:
        raise MediaError(f"{name} has points at infinity. Remove them, and export the mesh again.")
    return _standing(vertices, faces, up_axis or UP_AXES[kind], name)


def _geometry(path: Path, kind: str, name: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points and triangles as the file has them, read apart; whoever reads damaged files for us is not believed."""
    from pipelines.scene.parsing import parsed

    with closing(parsed(path, kind)) as answers:
        vertices, faces = answers
    if vertices.dtype != np.float64 or faces.dtype != np.int64 or {vertices.shape[1:], faces.shape[1:]} != {(3,)}:
        raise MediaError(f"{name} cannot be read as a 3D file. Export it again.")
    if len(faces) and (faces.min() < 0 or faces.max() >= len(vertices)):
        raise MediaError(f"{name} cannot be read as a 3D file: a face names a corner that is not there.")
    return vertices, faces


def _standing(vertices: NDArray[np.float64], faces: NDArray[np.int64], up: UpAxis, name: str) -> Mesh:
    """The mesh turned upright, put on the ground, and brought to its size."""
    if up == "z":
        vertices = vertices @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # z becomes y, and y the far side
    used, inverse = np.unique(faces, return_inverse=True)
    vertices, faces = vertices[used], inverse.reshape(-1, 3)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    half = float(np.linalg.norm(high - low)) / 2
    middle = (low + high) / 2
    vertices = (vertices - (middle[0], low[1], middle[2])) / (half or 1.0)
    vertices, inverse = np.unique(vertices.astype(np.float32), axis=0, return_inverse=True)
    faces = inverse.reshape(-1)[faces]
    corners = vertices.astype(np.float64)[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    faces = faces[area > 1e-12]
    if not len(faces):
        raise MediaError(f"{name} has no surface: all its triangles are flattened to points or lines.")
    return Mesh(vertices.astype(np.float64), faces)
