"""A small library made in seconds: three forms of our own, and the grounds and skies of the world."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import torch

from pipelines.starter.atlas.catalogue import Entry
from pipelines.starter.atlas.forms import made
from pipelines.starter.atlas.keeping import Thing, encoded, keep, things
from pipelines.starter.atlas.making import OWN
from pipelines.starter.atlas.views import turntable
from pipelines.starter.diorama.drawing import Drawn
from pipelines.starter.diorama.filming import film
from pipelines.starter.diorama.library import Library, library_of
from pipelines.starter.diorama.scenes import Cast, Scene

SIZE = (96, 64)
FORMS = {"cube": "cube", "rocket": "rocket", "ball": "beach ball"}
CUBE = Scene((Cast("cube", "red", "right", 0.8),), "field", "day", "static", 0.6, "photo", 7)


@functools.cache
def small_things(folder: str) -> tuple[Thing, ...]:
    """All three through the file they would be kept in."""
    import pathlib

    path = pathlib.Path(folder) / "small.zip"
    files: dict[str, bytes] = {}
    for subject, form in FORMS.items():
        name = Entry(subject, "form", form).name
        files |= encoded(name, subject, 0.0, False, turntable(made(form), 8, 48), OWN)
    keep(files.items(), path)
    return tuple(things(path))


def small_library(folder: str) -> Library:
    """What the tests' scenes are drawn from."""
    return library_of(small_things(folder), variants=1)


def drawn(library: Library, frames: int = 5, size: tuple[int, int] = SIZE, **changes: object) -> Drawn:
    """The passes of `CUBE`, changed as told."""
    return film([replace(CUBE, **changes)], size, frames, library).passes  # type: ignore[arg-type]


def middle(mask: torch.Tensor) -> np.ndarray:
    """(F, 2) where the middle of each frame's mask (F, H, W) lies, x and y in pixels."""
    weights = mask / mask.sum(dim=(1, 2), keepdim=True)
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in mask.shape[1:]), indexing="ij")
    return torch.stack([(weights * x).sum((1, 2)), (weights * y).sum((1, 2))], 1).numpy()
