"""Small pictures beside a job: the preview while it forms, the poster when it is done."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from pipelines.types import Frame

PREVIEW_SIDE = 480  # pixels
POSTER_SIDE = 960


def save_jpeg(frame: Frame, path: Path, longest: int, quality: int = 80) -> None:
    """Write an (H, W, 3) uint8 picture, no side longer than `longest`, replacing `path` in one step."""
    picture = Image.fromarray(frame)
    picture.thumbnail((longest, longest))
    partial = path.with_name(f".{path.name}.partial")
    picture.save(partial, "JPEG", quality=quality)
    os.replace(partial, path)
