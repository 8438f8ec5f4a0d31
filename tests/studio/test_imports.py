"""The web side stays light: it never loads what only a worker needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "diffusers", "transformers", "accelerate", "moviepy", "matplotlib", "ncnn", "spandrel")
PROGRAM = f"""
import pkgutil, sys, importlib
import app, pipelines, studio.server
from studio.fetches import Fetches
from studio.server import build_app
from tests.studio.rooms import quiet_shelf
from pathlib import Path
build_app(quiet_shelf(Path(sys.argv[1])))
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_building_the_whole_web_side_loads_no_heavy_library(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip().splitlines()[-1] == "[]"


def test_importing_app_makes_no_folder_and_parses_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import app, sys; print('gradio' in sys.modules)", "--nonsense"],
        cwd=ROOT,
        env={"SEPTET_DATA": str(tmp_path / "data"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.strip() == "False", ran.stderr
    assert not (tmp_path / "data").exists()
