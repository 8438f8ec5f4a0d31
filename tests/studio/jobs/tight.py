"""The tiny real model in a worker whose memory runs out where a file says: `<point> <times>` in data/tight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from studio.jobs.worker import Loaded
from studio.jobs.worker import load as really_load

LOADER = "tests.studio.jobs.tight:load"


def load(model: str, models_dir: Path, device: str) -> Loaded:
    """The model, with something before each of its three kinds of work that may be too much for the machine."""
    loaded = really_load(model, models_dir, device)
    heart: Any = loaded.pipelines["text-to-video"].model
    order = models_dir.parent / "tight"
    pipeline = heart._pipeline
    pipeline.vae._encode = _tight("encode", pipeline.vae._encode, order)
    pipeline.transformer.forward = _tight("denoise", pipeline.transformer.forward, order)
    pipeline.vae.decoder.forward = _tight("decode", pipeline.vae.decoder.forward, order)
    return loaded


def _tight(point: str, work: Callable[..., Any], order: Path) -> Callable[..., Any]:
    def first(*given: Any, **named: Any) -> Any:
        where, _, times = order.read_text().partition(" ") if order.exists() else ("", "", "0")
        if where == point and int(times) > 0:
            order.write_text(f"{point} {int(times) - 1}")
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return work(*given, **named)

    return first
