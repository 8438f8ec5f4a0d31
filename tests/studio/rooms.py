"""A studio without a worker, for tests of the web side: a model on paper, a real desk, jobs moved on by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from PIL import Image

from pipelines.types import Request
from studio.callers import CALLER
from studio.jobs.desk import JobDesk
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger
from studio.paths import DataFolder
from studio.person import LOCAL, Person
from studio.shelf import Shelf

NOBODY = "0" * 32
MADE = {"width": 96, "height": 64, "num_frames": 9, "frame_rate": "8", "seconds": {"denoise": 1.5, "decode": 0.5}}


def paper_model(folder: Path) -> Path:
    """The configuration of a WanVACE folder and no weights: everything the web side looks at."""
    parts: dict[str, dict[str, Any]] = {
        "model_index.json": {"_class_name": "WanVACEPipeline"},
        "vae/config.json": {"temperal_downsample": [False, True, True]},
        "transformer/config.json": {"patch_size": [1, 2, 2]},
        "scheduler/scheduler_config.json": {"flow_shift": 3.0},
        "septet.json": {
            "title": "Paper",
            "native_size": [96, 64],
            "num_frames": 9,
            "frame_rate": 8.0,
            "num_inference_steps": 4,
            "guidance_scale": 2.0,
        },
    }
    for name, content in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")
    return folder


def quiet_shelf(root: Path) -> Shelf:
    """A shelf over a desk that takes jobs in and never runs them."""
    return Shelf(JobDesk(DataFolder(root / "data"), str(paper_model(root / "paper")), "cpu"))


def finish(shelf: Shelf, request: Request, clip: bytes = b"not really a clip" * 100, person: Person = LOCAL) -> Job:
    """A job that is done, with files where a worker would have put them."""
    job = shelf.desk.submit(person, request)
    ledger = Ledger(shelf.desk.folder.ledger)
    claimed = ledger.claim("hand", job.model)
    assert claimed is not None
    folder = shelf.desk.folder.job(job.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clip.mp4").write_bytes(clip)
    (folder / "recipe.json").write_text(json.dumps(job.recipe), "utf-8")
    Image.new("RGB", (96, 64), (200, 120, 40)).save(folder / "poster.jpg")
    ledger.done(claimed, {**job.recipe, "made": MADE}, {"denoise": 1.5, "decode": 0.5})
    ledger.close()
    return shelf.desk.job(person, job.id)


def handler(page: gr.Blocks, name: str) -> Callable[..., Any]:
    """What the page calls by that name."""
    return next(fn.fn for fn in page.fns.values() if fn.fn is not None and getattr(fn.fn, "__name__", "") == name)


def called_by(person: Person = LOCAL) -> Any:
    """The request in which gradio hands a handler its caller."""
    return SimpleNamespace(request=SimpleNamespace(scope={CALLER: person}))
