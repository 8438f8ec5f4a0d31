"""Shots of the small library, for the tests of what training sees."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from pipelines.starter.clips import LatentEncoder, Shard
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.orders import Kind, Order, Reference, Source
from pipelines.starter.shots import Shot, ShotSource
from pipelines.starter.vae import build_vae
from tests.pipelines.starter.diorama.stages import CUBE, small_library

NOWHERE = Path("no pictures here")


@cache
def small_source() -> ShotSource:
    """What draws cubes, rockets and balls."""
    return ShotSource(7, small_library(tempfile.mkdtemp(prefix="small-things-")), NOWHERE)


def small_encoder() -> LatentEncoder:
    """An untrained autoencoder of four channels, always the same."""
    torch.manual_seed(0)
    vae = build_vae(8, 8, 4)
    vae.register_to_config(latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    return LatentEncoder(vae)


def shot(
    kind: Kind, source: Source = "own", frames: int = 9, size: tuple[int, int] = (96, 64), seed: int = 3,
    scene: Scene = CUBE, references: tuple[Reference, ...] = (),
) -> Shot:  # fmt: skip
    """A shot of one order."""
    return small_source().taken([Order(scene, kind, source, references, seed)], size, frames)[0]


def still_cube() -> Scene:
    """A cube at rest."""
    return replace(CUBE, cast=(replace(CUBE.cast[0], motion="still"),))


class Kept:
    """A feed of clips that are there already."""

    def __init__(self, *shards: Shard) -> None:
        self.shards = list(shards)

    def fresh(self) -> list[Shard]:
        given, self.shards = self.shards, []
        return given
