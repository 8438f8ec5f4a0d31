"""The walls of the house: who may import whom, where torch may be loaded, and which tests stay together."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODES = "text_to_video text_image_to_video image_to_video stylization storyboard mask render".split()
TORCH_AT_IMPORT = {
    "model.py",
    "sampling.py",
    "vace.py",
    "autoencoder.py",
    "decoding.py",
    "encoding.py",
    "loading.py",
    "pixels.py",
}


def modules(package: str) -> list[Path]:
    return [path for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts]


def imported(path: Path, only_at_import: bool = False) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and only_at_import)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", modules("pipelines"), ids=lambda path: str(path.relative_to(ROOT)))
def test_pipelines_know_neither_the_page_nor_the_studio(path):
    assert not {name for name in imported(path) if name.split(".")[0] in ("gradio", "studio", "app")}


@pytest.mark.parametrize("path", modules("pipelines"), ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_is_loaded_only_where_the_model_is(path):
    heavy = {name for name in imported(path, True) if name.split(".")[0] in ("torch", "diffusers", "transformers")}
    assert not heavy or path.name in TORCH_AT_IMPORT or "starter" in path.parts


@pytest.mark.parametrize("mode", MODES)
def test_mode_files_never_import_each_other(mode):
    others = {f"pipelines.{other}" for other in MODES} - {f"pipelines.{mode}"}
    assert not imported(ROOT / "pipelines" / f"{mode}.py") & others


def test_there_is_one_denoising_loop():
    loops = [p for p in modules("pipelines") if "scheduler.step(" in p.read_text("utf-8")]
    assert [path.name for path in loops] == ["sampling.py"]


def test_media_files_are_opened_in_one_package_only():
    users = {
        p for p in modules("pipelines") + modules("studio") if {"av", "moviepy"} & imported(p) and p.name != "doctor.py"
    }
    assert all({"media", "starter"} & set(path.parts) for path in users)


def test_the_mode_files_stay_readable():
    for mode in MODES:
        assert len((ROOT / "pipelines" / f"{mode}.py").read_text("utf-8").splitlines()) <= 140, mode


def test_importing_the_model_touches_no_gpu():
    code = "import torch, pipelines.model, sys; sys.exit(torch.cuda.is_initialized())"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.xdist_group("kept")
def test_tests_that_share_a_studio_stay_in_one_worker(request):
    """A pytest too new for its xdist spreads groups over all workers; where they are kept, names end with them."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@kept")
