"""Scenes to clips: stages set, drawn together, and dressed in their looks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from pipelines.starter.diorama.drawing import PASSES, Drawn, draw
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.looks import MOULDED, dressed
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.diorama.setting import set_stage
from pipelines.starter.diorama.stage import Camera


@dataclass(frozen=True, eq=False)
class Film:
    """A batch of clips: `video` (B, 3, F, H, W) in 0..1, each in its scene's look, and the passes that were asked for,
    whose colour is that of a photo; and the camera of each."""

    scenes: tuple[Scene, ...]
    video: Tensor
    passes: Drawn
    cameras: tuple[Camera, ...]


def film(
    scenes: Sequence[Scene], size: tuple[int, int], num_frames: int, library: Library,
    passes: Collection[str] = PASSES,
) -> Film:  # fmt: skip
    """Draw scenes as clips of `size` (width, height) on the device of the library's textures, with `passes` of PASSES
    and those the scenes' looks are made of. On a CPU the same scenes, size and library give the same pixels. Raises
    KeyError for a subject the library has nothing for."""
    stages = [set_stage(scene, size, num_frames, library) for scene in scenes]
    needed = {*passes, *(("clay",) if any(scene.look in MOULDED for scene in scenes) else ())}
    drawn = draw(stages, size, library.textures, needed)
    video = dressed(drawn, [scene.look for scene in scenes])
    return Film(tuple(scenes), video, drawn, tuple(stage.camera for stage in stages))


def restyled(made: Film, look: str) -> Film:
    """The same clips in one other look, for pairs of a source and its style. Raises LookupError where that look is made
    of a pass that was not drawn."""
    scenes = tuple(replace(scene, look=look) for scene in made.scenes)
    return replace(made, scenes=scenes, video=dressed(made.passes, [look] * len(scenes)))
