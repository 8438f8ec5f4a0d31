"""The cheap look at a 3D file before a loader unfolds it: what it claims is counted, what is no geometry is cut out.

A few kilobytes can claim a billion triangles, or name one mesh a million times; both are refused from the claim.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines.errors import MediaError

MAX_FACES = 1_000_000
MAX_VERTICES = 3 * MAX_FACES  # every triangle with corners of its own
MAX_PARTS = 5_000  # nodes and primitives of a GLB
MAX_HEADER = 64 << 10  # bytes of a PLY's header

_GLB, _JSON = 0x46546C67, 0x4E4F534A
_UNREAD = ("compression", "quantization")  # in the names of glTF extensions that change how geometry is stored
_PLACING = ("mesh", "children", "matrix", "translation", "rotation", "scale")


def screened(data: bytes, kind: str, name: str) -> bytes:
    """The bytes a loader may have. `name` is for the message. Raises MediaError."""
    if not data:
        raise MediaError(f"{name} is empty. Export the mesh again.")
    try:
        return _SCREENS[kind](data, name)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, struct.error) as error:
        raise MediaError(f"{name} is not a {kind.upper()} file, or it is damaged. Export it again.") from error


def _stl(data: bytes, name: str) -> bytes:
    if len(data) >= 84 and len(data) == 84 + 50 * int.from_bytes(data[80:84], "little"):
        check_amount(int.from_bytes(data[80:84], "little"), MAX_FACES, "triangles", name)
        return data
    if not data.lstrip().startswith(b"solid"):
        raise ValueError
    check_amount(data.count(b"vertex") // 3, MAX_FACES, "triangles", name)
    return data


def _obj(data: bytes, name: str) -> bytes:
    if b"\0" in data or not re.search(rb"(?m)^[ \t]*v[ \t]", data):
        raise ValueError
    check_amount(len(re.findall(rb"(?m)^[ \t]*f[ \t]", data)), MAX_FACES, "triangles", name)
    return data


def _ply(data: bytes, name: str) -> bytes:
    end = data.find(b"end_header", 0, MAX_HEADER)
    if not data.startswith(b"ply") or end < 0:
        raise ValueError
    counts = {}
    for line in data[:end].decode("ascii").splitlines():
        if line.startswith("element "):
            _element, what, count = line.split()
            counts[what] = int(count)
    if min(counts.values(), default=0) < 0:
        raise ValueError
    check_amount(counts.get("face", 0), MAX_FACES, "triangles", name)
    check_amount(max(counts.values(), default=0), MAX_VERTICES, "corners", name)
    return data


def _glb(data: bytes, name: str) -> bytes:
    """The same file with nothing in it but surfaces and where they stand."""
    magic, version, _length, size, kind = struct.unpack_from("<5I", data)
    if (magic, version, kind) != (_GLB, 2, _JSON) or size > len(data) - 20:
        raise ValueError
    tree = json.loads(data[20 : 20 + size])
    _check_stored(tree, len(data), name)
    kept = {key: tree[key] for key in ("buffers", "bufferViews", "accessors") if key in tree}
    kept |= {"asset": {"version": "2.0"}, "scene": 0}
    kept["meshes"] = [{"primitives": [*map(_surface, mesh["primitives"])]} for mesh in tree.get("meshes", ())]
    kept["nodes"] = [{key: node[key] for key in _PLACING if key in node} for node in tree.get("nodes", ())]
    kept["scenes"] = [{"nodes": _roots(kept["nodes"])}]
    _check_unfolded(kept, name)
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 4)
    binary = data[20 + size :]
    return struct.pack("<5I", _GLB, 2, 20 + len(text) + len(binary), len(text), _JSON) + text + binary


def _surface(primitive: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a glTF mesh without its material, colours and normals."""
    kept = {key: primitive[key] for key in ("indices", "mode") if key in primitive}
    return kept | {"attributes": {"POSITION": primitive["attributes"]["POSITION"]}}


def _roots(nodes: Sequence[Mapping[str, Any]]) -> list[int]:
    """The nodes no other one holds. Raises ValueError unless they form trees, as glTF asks."""
    held = [child for node in nodes for child in node.get("children", ())]
    roots = [index for index in range(len(nodes)) if index not in set(held)]
    seen, pending = 0, list(roots)
    while pending:
        pending += nodes[pending.pop()].get("children", ())
        seen += 1
        if seen > len(nodes):
            break
    if len(set(held)) != len(held) or seen != len(nodes):
        raise ValueError
    return roots


def _check_stored(tree: Mapping[str, Any], size: int, name: str) -> None:
    """Is all its geometry inside the file, plainly stored, and no more than the file can hold?"""
    for extension in tree.get("extensionsRequired", ()):
        if any(word in extension for word in _UNREAD):
            raise MediaError(f"{name} is stored with {extension}, which is not read. Export it without compression.")
    if any("uri" in buffer for buffer in tree.get("buffers", ())):
        raise MediaError(f"{name} keeps its geometry in another file. Export it as one self-contained .glb file.")
    if sum(abs(view["byteLength"]) for view in tree.get("bufferViews", ())) > 4 * size:
        raise ValueError
    accessors = tree.get("accessors", ())
    if any("bufferView" not in accessor or accessor["count"] < 0 for accessor in accessors):
        raise ValueError
    check_amount(sum(accessor["count"] for accessor in accessors), 6 * MAX_VERTICES, "numbers", name)
    check_amount(len(tree.get("nodes", ())), MAX_PARTS, "parts", name)
    check_amount(sum(len(mesh["primitives"]) for mesh in tree.get("meshes", ())), MAX_PARTS, "parts", name)


def _check_unfolded(tree: Mapping[str, Any], name: str) -> None:
    """How many triangles and corners there are once every node has its copy of its mesh."""

    def count(accessor: int) -> int:
        return int(tree["accessors"][accessor]["count"])

    faces, vertices = [], []
    for mesh in tree["meshes"]:
        corners = [count(part["attributes"]["POSITION"]) for part in mesh["primitives"]]
        indices = [
            count(part["indices"]) if "indices" in part else many
            for part, many in zip(mesh["primitives"], corners, strict=True)
        ]
        vertices.append(sum(corners))
        faces.append(sum(indices) // 3)
    placed = [node["mesh"] for node in tree["nodes"] if "mesh" in node]
    check_amount(sum(faces[mesh] for mesh in placed), MAX_FACES, "triangles", name)
    check_amount(sum(vertices[mesh] for mesh in placed) + sum(vertices), 2 * MAX_VERTICES, "corners", name)


def check_amount(amount: int, most: int, what: str, name: str) -> None:
    if amount > most:
        raise MediaError(f"{name} has {amount} {what}; {most} are the most. Simplify the mesh before exporting it.")


_SCREENS: dict[str, Callable[[bytes, str], bytes]] = {"glb": _glb, "obj": _obj, "stl": _stl, "ply": _ply}
