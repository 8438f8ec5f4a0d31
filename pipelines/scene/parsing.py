"""What lies in a 3D file, read where files are decoded: in a process that can do nothing else."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from pipelines.errors import MediaError
from pipelines.media.confined import confined_stream
from pipelines.media.container import open_bytes
from pipelines.scene.screening import screened
from pipelines.scene.wavefront import read_obj

# What trimesh, numpy and struct raise for a file that is not what it says; anything else is a bug
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


@confined_stream
def parsed(path: Path, kind: str) -> Iterator[NDArray[Any]]:
    """Points (V, 3) float64, then triangles (F, 3) int64 of their numbers, as the file has them.

    `kind`: glb, obj, stl or ply. Raises MediaError for what is too large, is no such file, or is damaged.
    """
    with open_bytes(path) as file:
        data = screened(file.read(), kind, path.name)
    try:
        points, triangles = read_obj(data) if kind == "obj" else _loaded(data, kind)
        yield np.asarray(points, np.float64).reshape(-1, 3)
        yield np.asarray(triangles, np.int64).reshape(-1, 3)
    except _BROKEN as error:
        raise MediaError(
            f"{path.name} cannot be read as a 3D file; it is damaged or not what its name says."
        ) from error


def _loaded(data: bytes, kind: str) -> tuple[Any, Any]:
    """As trimesh reads it. It is given bytes and no resolver: it can open no other file."""
    options: dict[str, Any] = {"skip_materials": True} if kind == "glb" else {}
    with np.errstate(all="ignore"):  # numbers that are none are looked for afterwards
        scene = trimesh.load_scene(io.BytesIO(data), file_type=kind, process=False, **options)
        mesh: trimesh.Trimesh = scene.to_mesh()
    return mesh.vertices, mesh.faces
