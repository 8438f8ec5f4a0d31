"""3D files: every kind is read to the same geometry; what is broken, hostile or endless is refused, and quickly."""

from __future__ import annotations

import io
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import MediaError
from pipelines.scene import load_mesh, loading, parsing, screening
from pipelines.scene.parsing import parsed
from tests.pipelines.scene.shapes import box_file, glb, save, triangle_tree

KINDS = ("glb", "obj", "stl", "ply")
QUICK = 2.0  # seconds in which anything bad is refused


def extents(vertices: np.ndarray) -> np.ndarray:
    return vertices.max(axis=0) - vertices.min(axis=0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_box(kind: str, tmp_path: Path) -> None:
    mesh = load_mesh(box_file(tmp_path, f"box.{kind}", (4.0, 2.0, 2.0)))
    assert len(mesh.faces) == 12
    assert len(mesh.vertices) == 8
    assert extents(mesh.vertices) == pytest.approx(np.array([4, 2, 2]) / np.sqrt(6), abs=1e-6)


def test_a_mesh_stands_on_the_ground_in_the_middle_at_a_known_size(tmp_path: Path) -> None:
    far = trimesh.creation.box((30, 10, 20)).apply_translation((500, -80, 7))
    mesh = load_mesh(save(far, tmp_path / "far.obj"))
    assert mesh.vertices[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert mesh.vertices[:, [0, 2]].max(axis=0) == pytest.approx(-mesh.vertices[:, [0, 2]].min(axis=0), abs=1e-6)
    assert np.linalg.norm(extents(mesh.vertices)) / 2 == pytest.approx(1)


@pytest.mark.parametrize(("name", "up_axis", "tallest"), [
    ("box.stl", None, 2), ("box.ply", None, 2), ("box.obj", None, 1), ("box.glb", None, 1),
    ("box.stl", "y", 1), ("box.obj", "z", 2),
])  # fmt: skip
def test_up_is_where_the_kind_of_file_has_it_unless_told(name: str, up_axis, tallest: int, tmp_path: Path) -> None:
    given = box_file(tmp_path, name, (1.0, 2.0, 3.0))
    sizes = extents(load_mesh(given, up_axis).vertices)
    assert sizes[1] == pytest.approx((1, 2, 3)[tallest] / np.sqrt(14) * 2, abs=1e-6)


def test_the_front_of_a_file_with_z_up_is_its_near_side(tmp_path: Path) -> None:
    nose = trimesh.creation.cone(0.2, 1.0).apply_transform(trimesh.geometry.align_vectors([0, 0, 1], [0, -1, 0]))
    mesh = load_mesh(save(nose, tmp_path / "nose.stl"))
    tip = mesh.vertices[np.abs(mesh.vertices[:, 0]) < 1e-4]
    assert tip[:, 2].max() == pytest.approx(mesh.vertices[:, 2].max())


OBJ = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


@pytest.mark.parametrize(
    ("faces", "triangles"),
    [
        ("f 1 2 3 4\n", 2),
        ("f 1/1/1 2/2/2 3/3/3\n", 1),
        ("f 1//1 2//2 3//3 # a comment\n", 1),
        ("f -4 -3 -2\nf -1 -2 -4\n", 2),
        ("  f 1 2 \\\n 3\n", 1),
        ("o one\ng two\ns off\nusemtl red\nvn 0 0 1\nvt 0 0\nf 1 2 3\nl 1 2\n", 1),
        ("f 1 2 3\r\nf 1 3 4\r\n", 2),
    ],
)
def test_faces_of_an_obj_are_read_in_every_way_they_are_written(faces: str, triangles: int, tmp_path: Path) -> None:
    (tmp_path / "x.obj").write_bytes((OBJ + faces).encode())
    mesh = load_mesh(tmp_path / "x.obj")
    assert len(mesh.faces) == triangles
    assert np.ptp(mesh.vertices[:, 2]) == 0


def test_instances_of_a_mesh_are_all_there(tmp_path: Path) -> None:
    tree, points = triangle_tree(
        scenes=[{"nodes": [0]}],
        nodes=[{"children": [1, 2]}, {"mesh": 0}, {"mesh": 0, "translation": [5, 0, 0]}],
    )
    (tmp_path / "two.glb").write_bytes(glb(tree, points))
    assert len(load_mesh(tmp_path / "two.glb").faces) == 2


def test_materials_and_textures_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.mtl").write_text("newmtl red\nmap_Kd secret.png\n")
    (tmp_path / "box.obj").write_text(
        "mtllib secret.mtl\nmtllib http://127.0.0.1:9/x.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl red\nf 1 2 3\n"
    )
    tree, points = triangle_tree(
        images=[{"uri": "http://127.0.0.1:9/x.png"}],
        textures=[{"source": 0}],
        materials=[{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        extensionsUsed=["KHR_texture_basisu"],
    )
    tree["meshes"][0]["primitives"][0]["material"] = 0
    (tmp_path / "box.glb").write_bytes(glb(tree, points))
    opened: list[str] = []
    genuine = io.open

    def watched(path: Path, *rest: Any, **options: Any) -> Any:
        opened.append(Path(path).name)
        return genuine(path, *rest, **options)

    for where in ("io.open", "builtins.open"):
        monkeypatch.setattr(where, watched)
    monkeypatch.setattr(socket, "socket", lambda *_args, **_options: opened.append("the network"))
    for name in ("box.obj", "box.glb"):
        points, faces = parsed.__wrapped__(tmp_path / name, name[-3:])  # right here, where it can be watched
        assert (len(points), len(faces)) == (3, 1)
    assert opened == ["box.obj", "box.glb"]


def _tree(**changes) -> bytes:
    tree, points = triangle_tree(**changes)
    return glb(tree, points)


def _stl(count: int, triangles: bytes) -> bytes:
    return bytes(80) + struct.pack("<I", count) + triangles


def _flat(value: float) -> bytes:
    return _stl(1, struct.pack("<12fH", 0, 0, 1, *(value, 0, 0) * 3, 0))


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("x.glb", lambda: b"", "is empty"),
    "no 3D file": ("x.fbx", lambda: b"Kaydara", "no 3D file that is read"),
    "a picture by another name": ("x.glb", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "not a GLB file"),
    "text as GLB": ("x.glb", lambda: b"glTF", "not a GLB file"),
    "an older GLB": ("x.glb", lambda: b"glTF" + struct.pack("<4I", 1, 20, 0, 0), "not a GLB file"),
    "GLB cut off": ("x.glb", lambda: _tree()[:-20], "cannot be read|damaged"),
    "GLB without anything": ("x.glb", lambda: glb({"asset": {"version": "2.0"}}), "no surface"),
    "GLB that is a list": ("x.glb", lambda: glb([1, 2]), "not a GLB file"),
    "GLB nested without end": ("x.glb", lambda: glb({"a": []}).replace(b'{"a": []}', b'{"a": [}'), "not a GLB"),
    "geometry elsewhere": ("x.glb", lambda: _tree(buffers=[{"byteLength": 36, "uri": "a.bin"}]), "another file"),
    "compressed": ("x.glb", lambda: _tree(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco.* not read"),
    "points only": (
        "x.glb",
        lambda: _tree(meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "mode": 0}]}]),
        "no surface",
    ),
    "a node in itself": ("x.glb", lambda: _tree(nodes=[{"children": [1]}, {"children": [0], "mesh": 0}]), "damaged"),
    "a node in two places": ("x.glb", lambda: _tree(nodes=[{"children": [1, 1]}, {"mesh": 0}]), "damaged"),
    "a mesh that is not there": ("x.glb", lambda: _tree(nodes=[{"mesh": 9}]), "damaged"),
    "numbers from nowhere": (
        "x.glb",
        lambda: _tree(accessors=[{"componentType": 5126, "count": 10**9, "type": "VEC3"}]),
        "damaged",
    ),
    "a billion numbers": (
        "x.glb",
        lambda: _tree(accessors=[{"bufferView": 0, "componentType": 5126, "count": 10**9, "type": "VEC3"}]),
        "1000000000 numbers",
    ),
    "one buffer a thousand times": (
        "x.glb",
        lambda: _tree(bufferViews=[{"buffer": 0, "byteOffset": 0, "byteLength": 10**6}] * 1000),
        "damaged",
    ),
    "too many parts": ("x.glb", lambda: _tree(nodes=[{"mesh": 0}] * 6000), "6000 parts"),
    "a mesh unfolded": (
        "x.glb",
        lambda: _tree(
            nodes=[{"mesh": 0}] * 4000,
            accessors=[{"bufferView": 0, "componentType": 5126, "count": 3000, "type": "VEC3"}],
        ),
        "4000000 triangles",
    ),
    "STL that claims more than it has": ("x.stl", lambda: _stl(10**9, bytes(50)), "not a STL file"),
    "STL of nothing": ("x.stl", lambda: _stl(0, b""), "no surface"),
    "STL with too many": ("x.stl", lambda: _stl(1_000_001, bytes(50 * 1_000_001)), "1000001 triangles"),
    "STL in words without numbers": (
        "x.stl",
        lambda: b"solid x\nfacet normal a b c\nouter loop\nvertex q",
        "no surface",
    ),
    "flat": ("x.stl", lambda: _flat(1.0), "flattened"),
    "not a number": ("x.stl", lambda: _flat(float("nan")), "infinity"),
    "infinite": ("x.stl", lambda: _flat(float("inf")), "infinity"),
    "farther than can be squared": ("x.stl", lambda: _flat(3e38), "infinity"),
    "OBJ of nothing": ("x.obj", lambda: b"# nothing\n", "not a OBJ file"),
    "OBJ of points": ("x.obj", lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no surface|cannot be read"),
    "OBJ whose face has no corner": ("x.obj", lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "cannot be read"),
    "OBJ in another alphabet": ("x.obj", lambda: b"v 0 0 zero\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "cannot be read"),
    "OBJ with too many faces": ("x.obj", lambda: b"v 0 0 0\n" + b"f 1 1 1\n" * 1_000_001, "1000001 triangles"),
    "OBJ of two hundred thousand objects": (
        "x.obj",
        lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\n" + b"".join(b"o a%d\nusemtl m%d\n" % (i, i) for i in range(200_000)),
        "no surface",
    ),
    "OBJ whose face has no end": ("x.obj", lambda: b"v 0 0 0\nf" + b" 1" * 3_000_000, "cannot be read"),
    "OBJ with bytes": ("x.obj", lambda: b"v 0 0 0\n\0\0", "not a OBJ file"),
    "PLY without an end": ("x.ply", lambda: b"ply\nformat ascii 1.0\n", "not a PLY file"),
    "PLY that claims a billion": (
        "x.ply",
        lambda: b"ply\nformat binary_little_endian 1.0\nelement vertex 1000000000\nproperty float x\nend_header\n",
        "1000000000 corners",
    ),
    "PLY cut off": (
        "x.ply",
        lambda: b"ply\nformat binary_little_endian 1.0\nelement vertex 100\nproperty float x\nend_header\n",
        "cannot be read",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_quickly_and_named(what: str, tmp_path: Path) -> None:
    name, content, words = BAD[what]
    path = tmp_path / name
    path.write_bytes(content())
    began = time.perf_counter()
    with pytest.raises(MediaError, match=words) as refused:
        load_mesh(path)
    assert time.perf_counter() - began < QUICK
    assert str(refused.value).startswith(name)
    assert str(tmp_path) not in str(refused.value)


def test_a_file_too_large_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = box_file(tmp_path, "box.obj")
    monkeypatch.setattr(loading, "MAX_BYTES", path.stat().st_size - 1)
    monkeypatch.setattr(Path, "read_bytes", lambda _path: pytest.fail("read"))
    with pytest.raises(MediaError, match="the limit is"):
        load_mesh(path)


def test_a_face_of_many_corners_counts_as_its_triangles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_FACES", 4)
    corners = "".join(f"v {np.cos(turn)} {np.sin(turn)} 0\n" for turn in np.arange(0, 6, 0.5))
    (tmp_path / "x.obj").write_text(corners + "f " + " ".join(map(str, range(1, 13))))
    with pytest.raises(MediaError, match="10 triangles; 4 are the most"):
        load_mesh(tmp_path / "x.obj")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere files are read right here")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_read_in_a_process_of_its_own(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("read in the studio's own process")

    for name in ("screened", "_loaded", "read_obj"):
        monkeypatch.setattr(parsing, name, refuse)
    assert len(load_mesh(box_file(tmp_path, f"box.{kind}", (4.0, 2.0, 2.0))).faces) == 12


@pytest.mark.parametrize(
    ("points", "faces"),
    [
        (np.zeros((3, 3)), np.array([[0, 1, 3]])),  # a corner that is not there
        (np.zeros((3, 3)), np.array([[0, -1, 2]])),
        (np.zeros((3, 3), np.float32), np.array([[0, 1, 2]])),
        (np.zeros((3, 2)), np.array([[0, 1, 2]])),
        (np.zeros((3, 3)), np.array([0, 1, 2])),
    ],
)
def test_what_the_reading_process_says_is_not_believed(points, faces, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(parsing, "parsed", lambda _path, _kind: (each for each in (points, faces)))
    with pytest.raises(MediaError, match=r"box\.obj cannot be read as a 3D file"):
        load_mesh(box_file(tmp_path, "box.obj"))


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"The file gone\.glb cannot be opened"):
        load_mesh(tmp_path / "gone.glb")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused_but_nothing_else(kind: str, changes, tmp_path: Path) -> None:
    path = tmp_path / f"box.{kind}"
    whole = bytearray((path if path.is_file() else box_file(tmp_path, path.name)).read_bytes())
    for at, noise in changes:
        at %= len(whole)
        whole[at : at + len(noise)] = noise
    broken = tmp_path / f"broken.{kind}"
    broken.write_bytes(whole)
    try:
        mesh = load_mesh(broken)
    except MediaError:
        return
    assert np.isfinite(mesh.vertices).all()
    assert 0 < len(mesh.faces) <= screening.MAX_FACES
