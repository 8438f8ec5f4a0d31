"""Claims held against what is here."""

from pathlib import Path

import pytest

from pipelines.checkpoints import model_info
from pipelines.registry import PIPELINES
from studio import recipes, verify
from studio.jobs.inputs import InputStore
from studio.paths import DataFolder
from studio.verify import findings
from tests.studio.jobs.fakes import model_folder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data").create()


@pytest.fixture
def recipe(folder: DataFolder, tmp_path: Path) -> dict:
    (tmp_path / "face.png").write_bytes(b"a face")
    stored = InputStore(folder.inputs).add(tmp_path / "face.png")
    request = PIPELINES["image-to-video"].request_type(image=str(tmp_path / "face.png"), seed=4)
    info = model_info(model_folder(tmp_path), folder.models)
    written = recipes.write_recipe(request, info, {str(tmp_path / "face.png"): stored})
    return written | {"made": {"version": "0.1.0", "device": "cpu", "libraries": {"torch": "1.0"}}}


def text(found: list[verify.Finding]) -> str:
    return "\n".join(finding.text for finding in found)


def test_what_matches_and_what_is_missing_is_said(recipe: dict, folder: DataFolder) -> None:
    found = findings(recipe, folder)
    assert "image (face.png) is here and matches" in text(found)
    assert "is not in the catalogue" in text(found)
    assert "torch                1.0 (here:" in text(found)
    assert not any(finding.differs for finding in found)
    (kept,) = folder.inputs.iterdir()
    kept.unlink()
    assert "image (face.png) is not here" in text(findings(recipe, folder))


def test_an_input_that_changed_differs(recipe: dict, folder: DataFolder) -> None:
    (kept,) = folder.inputs.iterdir()
    kept.write_bytes(b"another face")
    found = findings(recipe, folder)
    (differing,) = (finding.text for finding in found if finding.differs)
    assert differing.startswith("input          image (face.png) differs")


def test_a_model_of_the_catalogue_is_compared_by_its_fingerprint(
    recipe: dict, folder: DataFolder, tmp_path: Path
) -> None:
    recipe["model"]["name"] = "wan2.1-vace-1.3b"
    assert "python -m studio fetch wan2.1-vace-1.3b" in text(findings(recipe, folder))
    model_folder(folder.models, "wan2.1-vace-1.3b")
    assert "is here and matches" in text(findings(recipe, folder))
    (folder.models / "wan2.1-vace-1.3b" / "more.safetensors").write_bytes(b"other weights")
    assert any(finding.differs and "differ from those used" in finding.text for finding in findings(recipe, folder))


@pytest.mark.parametrize("odd", [{}, {"septet": 1, "mode": 4, "request": 5, "inputs": [1], "model": "x", "made": 0}])
def test_odd_content_is_no_crash(odd: dict, folder: DataFolder) -> None:
    assert any(finding.differs for finding in findings(odd, folder))
