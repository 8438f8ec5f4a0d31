"""How long a 3D file takes to be read, shaded and drawn, in seconds of one processor core."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trimesh

from pipelines.checkpoints import ASSETS
from pipelines.scene import CameraMove, Scene, load_mesh
from pipelines.scene.baking import bake
from tests.pipelines.scene.shapes import save

pytestmark = pytest.mark.benchmark
SHOTS = ((17, (160, 96)), (81, (832, 480)))


def test_reading_shading_and_drawing(tmp_path: Path) -> None:
    large = save(trimesh.creation.icosphere(subdivisions=7), tmp_path / "ball.obj")
    for path in (ASSETS / "examples" / "toy-rocket.glb", large):
        read, mesh = _timed(lambda path=path: load_mesh(path))
        shaded, baked = _timed(lambda mesh=mesh: bake(mesh))
        print(f"{path.name}, {len(mesh.faces)} triangles: read {read:.2f} s, shaded {shaded:.2f} s")
        scene = Scene(mesh, baked)
        for count, size in SHOTS:
            for name, frames in (("clay", scene.clay), ("depth", scene.depth)):
                took, _ = _timed(lambda frames=frames, count=count, size=size: list(frames(CameraMove(), count, size)))
                print(f"  {name}, {count} frames of {size[0]}x{size[1]}: {took:.2f} s")


def _timed(work):
    began = time.process_time()
    result = work()
    return time.process_time() - began, result
