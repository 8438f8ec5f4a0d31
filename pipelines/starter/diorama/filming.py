"""Scenes to clips: stages set, drawn together, and dressed in their looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from pipelines.starter.diorama.drawing import Drawn, draw
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.looks import dressed
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.diorama.setting import set_stage


@dataclass(frozen=True, eq=False)
class Film:
    """A batch of clips: `video` (B, 3, F, H, W) in 0..1, each in its scene's look, and all passes, whose colour is that
    of a photo."""

    scenes: tuple[Scene, ...]
    video: Tensor
    passes: Drawn


def film(scenes: Sequence[Scene], size: tuple[int, int], num_frames: int, library: Library) -> Film:
    """Draw scenes as clips of `size` (width, height) on the device of the library's textures. On a CPU the same scenes,
    size and library give the same pixels. Raises KeyError for a subject the library has nothing for."""
    drawn = draw([set_stage(scene, size, num_frames, library) for scene in scenes], size, library.textures)
    return Film(tuple(scenes), dressed(drawn, [scene.look for scene in scenes]), drawn)


def restyled(made: Film, look: str) -> Film:
    """The same clips in one other look, for pairs of a source and its style."""
    scenes = tuple(replace(scene, look=look) for scene in made.scenes)
    return Film(scenes, dressed(made.passes, [look] * len(scenes)), made.passes)
