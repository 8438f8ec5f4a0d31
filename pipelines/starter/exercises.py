"""Clips and what is given of them, in pixels: drawn by any number of processes, in files the other stages read.

A file holds exercises of one size and length. Drawing keeps processor cores busy, learning a GPU; so each does its part
at its own pace.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.starter.conditioning import Task, task_for
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.photos import Frames
from pipelines.starter.runs import save_whole, wait_while_paused
from pipelines.starter.shots import Shot
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR
from pipelines.types import Mask

NATIVE = (160, 96)
# and what the studio asks for at its six aspect ratios
SIZES = (NATIVE, (176, 96), (96, 176), (128, 128), (128, 96), (96, 128), (192, 80))
NATIVE_SHARE = 0.75
LENGTHS = {1: 0.6, 17: 0.36, 25: 0.04}  # shorter clips are the beginnings of these
BACKLOG = 400  # files that nobody has encoded yet; then drawing waits

Shape = tuple[tuple[int, int], int]  # (width, height), frames


class Source(Protocol):
    """Where shots come from: a `ShotSource`, or one of plain clips."""

    rng: np.random.Generator

    def shots(self, size: tuple[int, int], num_frames: int, count: int) -> list[Shot]: ...


@dataclass(frozen=True, eq=False)
class Exercise:
    """`frames` (F, H, W, 3) uint8 are the right answer to `task`; `cover` (T, h, w) float16 in 0..1 is how much of each
    latent cell the subjects fill; `origins` as in `ClipLatents`."""

    scene: Scene | None
    frames: Frames
    task: Task
    cover: Tensor
    origins: Tensor | None = None


def sample_shape(rng: np.random.Generator) -> Shape:
    """A size and a length, the native size most often."""
    others = len(SIZES) - 1
    size = SIZES[int(rng.choice(len(SIZES), p=(NATIVE_SHARE, *[(1 - NATIVE_SHARE) / others] * others)))]
    return size, int(rng.choice(tuple(LENGTHS), p=tuple(LENGTHS.values())))


def exercises(source: Source, shape: Shape, count: int) -> list[Exercise]:
    """So many random ones of one shape."""
    size, num_frames = shape
    return [
        Exercise(shot.order.scene, shot.frames, task_for(shot), latent_cover(shot.masks), shot.origins)
        for shot in source.shots(size, num_frames, count)
    ]


def latent_cover(masks: Mask) -> Tensor:
    """(2, F, H, W) uint8 -> (T, h, w) float16 in 0..1: how much of each cell any subject fills, means over 8x8 pixels
    and, past the first frame, four frames."""
    small = F.avg_pool2d(torch.from_numpy(masks).float().amax(dim=0)[:, None] / 255, SPATIAL_FACTOR)[:, 0]
    return torch.cat([small[:1], small[1:].unflatten(0, (-1, TEMPORAL_FACTOR)).mean(1)]).half()


def draw(
    source: Source, folder: Path, minutes: float,
    shapes: Callable[[np.random.Generator], Shape] = sample_shape, count: int = 24,
) -> None:  # fmt: skip
    """Write files of `count` exercises into `folder` for so many minutes, one file at least. May be started again, and
    in several processes."""
    for name in file_names(folder, minutes, lambda: len(drawn(folder)) < BACKLOG):
        shape = shapes(source.rng)
        (width, height), frames = shape
        save_whole(exercises(source, shape, count), folder / f"{width}x{height}x{frames}-{name}.pt")


def file_names(folder: Path, minutes: float, has_room: Callable[[], bool] = lambda: True) -> Iterator[str]:
    """What tells a new file in `folder` from those of any process, one after the other for so many minutes, one at
    least; while there is no room for more, or a pause, none."""
    folder.mkdir(parents=True, exist_ok=True)
    run = f"{time.time_ns() % 2**31}-{os.getpid()}"
    deadline = time.monotonic() + 60 * minutes
    number = 0
    while number == 0 or time.monotonic() < deadline:
        wait_while_paused(folder.parent)
        if not has_room():
            time.sleep(1)
            continue
        yield f"{run}-{number:04}"
        number += 1


def drawn(folder: Path) -> list[Path]:
    """The files there are, roughly in the order they were drawn."""
    return sorted(folder.glob("*.pt"), key=lambda path: path.stem.split("-")[::-1])


def awaited(folder: Path) -> list[Path]:
    """The same, as soon as there is one."""
    while not (found := drawn(folder)):
        time.sleep(1)
    return found


def load_exercises(path: Path) -> list[Exercise]:
    """What `draw` wrote."""
    found: Any = torch.load(path, weights_only=False)
    return list(found)


def wide_enough(found: list[Exercise], side: int) -> Iterator[Frames]:
    """Those that move and from which squares of so many pixels can be cut, and what structure is given of them: what an
    autoencoder has to know of the world."""
    for exercise in found:
        if len(exercise.frames) > 1 and min(exercise.frames.shape[1:3]) >= side:
            yield exercise.frames
            if exercise.task.kind in ("structure", "keyed") and exercise.task.video is not None:
                yield exercise.task.video
