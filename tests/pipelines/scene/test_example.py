"""The example's 3D file is what its script makes, and stands upright in the picture."""

from __future__ import annotations

import numpy as np

from pipelines.checkpoints import ASSETS
from pipelines.scene import load_mesh
from tests.pipelines.scene.toy_rocket import toy_rocket_file

FILE = ASSETS / "examples" / "toy-rocket.glb"


def test_the_toy_rocket_is_what_its_script_makes(tmp_path) -> None:
    (tmp_path / "made.glb").write_bytes(toy_rocket_file())
    made, kept = load_mesh(tmp_path / "made.glb"), load_mesh(FILE)
    assert len(made.faces) == len(kept.faces)
    assert np.allclose(np.sort(made.vertices, axis=0), np.sort(kept.vertices, axis=0), atol=1e-6)


def test_the_toy_rocket_stands_and_is_small() -> None:
    assert FILE.stat().st_size < 200_000
    assert load_mesh(FILE).height > 1.4 * 2 * load_mesh(FILE).radius * 0.8
