"""Small 3D files for tests, made in code."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import trimesh


def box_file(folder: Path, name: str = "box.glb", extents: tuple[float, float, float] = (2.0, 1.0, 1.0)) -> Path:
    """A box; its file is of the kind its name says."""
    return save(trimesh.creation.box(extents), folder / name)


def ball_file(folder: Path, name: str = "ball.glb") -> Path:
    """A ball of 20480 triangles."""
    return save(trimesh.creation.icosphere(subdivisions=5), folder / name)


def save(mesh: trimesh.Trimesh, path: Path) -> Path:
    mesh.export(path)
    return path


def glb(tree: dict[str, Any], binary: bytes = b"") -> bytes:
    """A GLB file with any JSON in it."""
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<2I", len(binary), 0x004E4942) + binary if binary else b""
    head = struct.pack("<5I", 0x46546C67, 2, 20 + len(text) + len(chunk), len(text), 0x4E4F534A)
    return head + text + chunk


def triangle_tree(**changes: Any) -> tuple[dict[str, Any], bytes]:
    """The JSON and the buffer of a GLB with one triangle; `changes` replace parts of the JSON."""
    points = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteOffset": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    return tree | changes, points
