"""Clips of which nothing is given but their words.

They take a tenth of an exercise's time. Single pictures are also what the looks of subjects are found from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.starter.clips import LatentEncoder, encode_clips
from pipelines.starter.diorama.filming import film
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.exercises import NATIVE, exercises, file_names
from pipelines.starter.orders import Order, shown_scene
from pipelines.starter.runs import save_whole
from pipelines.starter.shots import Shot, clip_origins, to_frames, to_masks

AT_ONCE = {True: 480, False: 24}  # clips in a file: of single pictures, and of more frames
DRAWN = 24  # clips drawn together, and encoded
MOVES = 0.5  # of clips: where the camera moves, in one of fourteen ways, which takes long to learn


class PlainSource:
    """Random shots of what the library can show, with nothing beside them; in place of a `ShotSource`."""

    def __init__(self, seed: int, library: Library) -> None:
        self.rng = np.random.default_rng(seed)
        self.library = library

    def shots(self, size: tuple[int, int], num_frames: int, count: int) -> list[Shot]:
        """So many, a few drawn at once."""
        found: list[Shot] = []
        while len(found) < count:
            found += self._drawn(size, num_frames, min(DRAWN, count - len(found)))
        return found

    def _drawn(self, size: tuple[int, int], num_frames: int, count: int) -> list[Shot]:
        scenes = [self._scene(still=num_frames == 1) for _ in range(count)]
        made = film(scenes, size, num_frames, self.library, ("masks",))
        frames, masks = to_frames(made.video), to_masks(made.passes.masks)
        return [
            Shot(Order(scene, "none"), frames[clip], masks[clip], frames[clip], origins=clip_origins(made, clip))
            for clip, scene in enumerate(scenes)
        ]

    def _scene(self, still: bool) -> Scene:
        moves = not still and bool(self.rng.random() < MOVES)
        return shown_scene(self.rng, self.library, still, lambda scene: moves == (scene.camera != "static"))


def film_plain(source: PlainSource, encoder: LatentEncoder, cache: Path, num_frames: int, minutes: float) -> None:
    """Write shards of clips of the native size into `cache` for so many minutes, one at least. May be started again,
    and in several processes."""
    for name in file_names(cache, minutes):
        found = exercises(source, (NATIVE, num_frames), AT_ONCE[num_frames == 1])
        shard = encode_clips(found, encoder, DRAWN)
        save_whole(shard, cache / f"{NATIVE[0]}x{NATIVE[1]}x{num_frames}-plain-{name}.pt")
