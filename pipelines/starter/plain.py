"""Clips of which nothing is given but their words, drawn and encoded by one process.

They take a tenth of an exercise's time. Single pictures are also what the looks of subjects are found from.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from pipelines.starter.clips import ClipLatents, LatentEncoder, Shard
from pipelines.starter.diorama.filming import film
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.exercises import NATIVE, latent_cover
from pipelines.starter.orders import shown_scene
from pipelines.starter.runs import save_whole, wait_while_paused
from pipelines.starter.shots import clip_origins, to_masks

AT_ONCE = {True: 480, False: 24}  # clips in a file: of single pictures, and of more frames
DRAWN = 24  # clips drawn together
MOVES = 0.5  # of clips: where the camera moves, in one of fourteen ways, which takes long to learn


def film_plain(library: Library, encoder: LatentEncoder, cache: Path, num_frames: int, minutes: float) -> None:
    """Write shards of clips of the native size into `cache` for so many minutes, one at least. May be started again,
    and in several processes."""
    cache.mkdir(parents=True, exist_ok=True)
    seed = (time.time_ns() + os.getpid()) % 2**31
    rng = np.random.default_rng(seed)
    deadline = time.monotonic() + 60 * minutes
    number = 0
    while number == 0 or time.monotonic() < deadline:
        wait_while_paused(cache.parent)
        shard = plain_clips(library, encoder, num_frames, AT_ONCE[num_frames == 1], rng)
        save_whole(shard, cache / f"{NATIVE[0]}x{NATIVE[1]}x{num_frames}-{seed}-plain-{number:04}.pt")
        number += 1


def plain_clips(
    library: Library, encoder: LatentEncoder, num_frames: int, count: int, rng: np.random.Generator
) -> Shard:
    """So many clips of random scenes that the library can show."""
    clips: list[ClipLatents] = []
    while len(clips) < count:
        scenes = [_scene(rng, library, num_frames == 1) for _ in range(min(DRAWN, count - len(clips)))]
        made = film(scenes, NATIVE, num_frames, library, ("masks",))
        latents, masks = encoder(made.video * 2 - 1).half().cpu(), to_masks(made.passes.masks)
        for clip, scene in enumerate(scenes):
            clean, cover = latents[clip].clone(), latent_cover(masks[clip])
            clips.append(ClipLatents(scene, "none", clean, None, None, None, 0, (), cover, clip_origins(made, clip)))
    return Shard(clips, encoder.empty(num_frames, NATIVE[1], NATIVE[0]).half().cpu())


def _scene(rng: np.random.Generator, library: Library, still: bool) -> Scene:
    moves = not still and bool(rng.random() < MOVES)
    return shown_scene(rng, library, still, lambda scene: moves == (scene.camera != "static"))
