"""What the autoencoder learns from: small crops of photo-like pictures in motion and of clips of the world."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from pipelines.starter.exercises import awaited, load_exercises, wide_enough
from pipelines.starter.photos import Frames, invented_picture, load_pictures, moving, pyramid, recolour

# (frames, height, width, clips in a batch, share of the steps). Frames past the length a decoder was trained on lose
# their colours, so every length it must decode is here; small crops keep the long ones affordable.
SHAPES = ((9, 48, 48, 4, 0.5), (17, 40, 40, 3, 0.5))
# For the last stretch: the longest clips, and a field of view as wide as a real frame's.
LATE_SHAPES = ((25, 40, 40, 2, 0.08), (5, 96, 96, 2, 0.06))
TIMES = {"cpu": 1, "cuda": 12}  # as many clips in a batch
WORLDS = 400  # clips of the world at hand
REFRESHED = 20  # batches after which some of what is at hand is replaced
INVENTED = 60  # photo-like pictures at hand once a run is long
FEW = 6  # at its beginning: each takes a fifth of a second to paint


class PhotoClips:
    """Photo-like pictures under a moving camera: invented ones, a few at hand at a time, and those in a folder."""

    def __init__(self, rng: np.random.Generator, pictures: Path) -> None:
        self.rng = rng
        self.pool = deque((self._invented() for _ in range(FEW)), maxlen=INVENTED)
        self.real = load_pictures(pictures)

    def refresh(self) -> None:
        """Invent two more."""
        self.pool.extend(self._invented() for _ in range(2))

    def _invented(self) -> list[Frames]:
        return pyramid(invented_picture(self.rng, 256, 256))

    def clip(self, rng: np.random.Generator, frames: int, height: int, width: int) -> Frames:
        """(F, H, W, 3) uint8."""
        pool = list(self.pool)
        if self.real and rng.random() < 0.45:
            pool = [pyramid(recolour(rng, self.real[rng.integers(len(self.real))])), *pool[:8]]
            pool = pool[:1] if rng.random() < 0.7 else pool
        return moving(rng, pool, frames, height, width, cover=bool(rng.random() < 0.3))


class ClipSource:
    """Random training clips, cut from photo-like pictures in motion, some of them in the folder `pictures`, and from
    the exercises in the folder `drawn`."""

    def __init__(self, seed: int, pictures: Path, drawn: Path) -> None:
        self.rng = np.random.default_rng(seed)
        self.drawn = drawn
        self.photos = PhotoClips(self.rng, pictures)
        self.worlds: deque[Frames] = deque(maxlen=WORLDS)
        while not self.worlds:
            self._take_in()

    def refresh(self) -> None:
        """Change a few pictures and clips of the pool, so that a long run never learns them by heart."""
        self.photos.refresh()
        self._take_in()

    def _take_in(self) -> None:
        files = awaited(self.drawn)
        path = files[int(self.rng.integers(len(files)))]
        self.worlds.extend(wide_enough(load_exercises(path), max(height for _, height, *_ in SHAPES + LATE_SHAPES)))

    def clip(self, rng: np.random.Generator, frames: int, height: int, width: int) -> Frames:
        """(F, H, W, 3) uint8: half world, half photo-like; some changed as conditions are."""
        source = self._world_crop if rng.random() < 0.5 else self.photos.clip
        return as_condition(rng, source(rng, frames, height, width))

    def _world_crop(self, rng: np.random.Generator, frames: int, height: int, width: int) -> Frames:
        clip = self.worlds[rng.integers(len(self.worlds))]
        order = np.arange(frames)
        order = np.abs((order + rng.integers(len(clip)) + len(clip)) % (2 * len(clip) - 2) - (len(clip) - 1))
        spare_y, spare_x = clip.shape[1] - height, clip.shape[2] - width
        top, left = rng.integers(spare_y + 1), rng.integers(spare_x + 1)
        return np.ascontiguousarray(clip[order][:, top : top + height, left : left + width])


def as_condition(rng: np.random.Generator, clip: Frames) -> Frames:
    """Now and then the clip as the model's inputs show it: grey, edges, a part painted mid grey."""
    kind = rng.random()
    if kind < 0.10:
        grey = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in clip])
        return np.repeat(grey[..., None], 3, axis=3)
    if kind < 0.14:
        edges = np.stack([cv2.Canny(f, 80, 160) for f in clip])
        return np.repeat(edges[..., None], 3, axis=3)
    if kind < 0.24:
        mask = np.zeros(clip.shape[1:3], np.uint8)
        height, width = clip.shape[1:3]
        y, x = rng.integers(0, height), rng.integers(0, width)
        if rng.random() < 0.5:
            cv2.circle(mask, (int(x), int(y)), int(rng.integers(4, 30)), 1, -1)
        else:
            cv2.rectangle(mask, (int(x), int(y)), (int(x) + 30, int(y) + 24), 1, -1)
        if rng.random() < 0.5:
            mask = 1 - mask
        return np.where(mask[None, ..., None] > 0, np.uint8(127), clip)
    return clip


@dataclass(frozen=True)
class Crops(IterableDataset[Tensor]):
    """Endless batches (B, F, H, W, 3) uint8, `times` as many clips in each as the shapes say; from the batch `begin` on
    every process of a training sees shapes in the same order, so that none waits for another."""

    pictures: Path
    drawn: Path
    times: int
    late: bool
    seed: int
    begin: int

    def __iter__(self) -> Iterator[Tensor]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        source = ClipSource(self.seed + number, self.pictures, self.drawn)
        shapes = SHAPES + LATE_SHAPES if self.late else SHAPES
        shares = np.array([shape[4] for shape in shapes]) / sum(shape[4] for shape in shapes)
        for step in count(self.begin + number, workers):
            frames, height, width, clips, _ = shapes[np.random.default_rng(step).choice(len(shapes), p=shares)]
            dice = source.rng.spawn(self.times * clips)
            yield torch.from_numpy(np.stack([source.clip(rng, frames, height, width) for rng in dice]))
            if (step + 1) % REFRESHED < workers:
                source.refresh()

    def on(self, device: str, workers: int) -> Iterator[Tensor]:
        """(B, 3, F, H, W) float32 in [-1, 1] on a device; so many processes cut them out ahead, or, 0, this one does
        when their turn comes."""
        for clips in DataLoader(self, batch_size=None, num_workers=workers, pin_memory=device != "cpu"):
            yield normal(clips.to(device, non_blocking=True))


def normal(video: Tensor) -> Tensor:
    """(B, F, H, W, 3) uint8 -> (B, 3, F, H, W) float32 in [-1, 1], on the same device."""
    return video.permute(0, 4, 1, 2, 3).float().div_(127.5).sub_(1.0)
