"""Training clips as latents: exercises encoded once, kept in shards that a running training picks up.

A shard holds clips of one size. Latents are normalised, float16. A mask is kept as bits, because how the model reads it
depends on how many frames of the clip a training step uses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from pipelines.pixels import to_tensor
from pipelines.starter.conditioning import Task
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.exercises import Exercise, drawn, load_exercises
from pipelines.starter.runs import half_precision, save_whole, wait_while_paused
from pipelines.starter.vae import encode_sequence
from pipelines.types import Mask
from pipelines.vace import split_streams

AT_ONCE = 16  # videos a GPU encodes together


@dataclass(frozen=True, eq=False)
class ClipLatents:
    """One clip: `clean` (z, T, h, w); `inactive`, `reactive` of that shape or None where that stream is empty;
    `mask` (F, H, W / 8) uint8, its bits along each row, or None where all is to be made; `hold` leading frames held in
    place; `references` what each tells, and (z, 1, h, w); `cover` (T, h, w) in 0..1, how much of each latent cell the
    subjects fill; `origins` (2, T, h / 2, w / 2, 2) as `origins.origins` says, or None where nobody knows."""

    scene: Scene | None
    kind: str
    clean: Tensor
    inactive: Tensor | None
    reactive: Tensor | None
    mask: Tensor | None
    hold: int
    references: tuple[tuple[int, Tensor], ...]
    cover: Tensor
    origins: Tensor | None = None

    @property
    def latent_size(self) -> tuple[int, int, int]:
        """Latent frames, rows and columns."""
        frames, height, width = self.clean.shape[1:]
        return frames, height, width

    def cpu(self) -> ClipLatents:
        """The same in main memory, each part with memory of its own."""

        def moved(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.cpu().clone()

        return replace(
            self,
            clean=self.clean.cpu().clone(),
            inactive=moved(self.inactive),
            reactive=moved(self.reactive),
            references=tuple((tells, picture.cpu().clone()) for tells, picture in self.references),
        )


@dataclass(frozen=True, eq=False)
class Shard:
    """Clips of one size, and `empty` (z, T, h, w): what their unused streams hold."""

    clips: list[ClipLatents]
    empty: Tensor


def packed_bits(mask: Mask) -> Tensor:
    """(F, H, W) uint8 -> (F, H, W / 8) uint8, a bit for each pixel, set where it is brighter than 127."""
    return torch.from_numpy(np.packbits(mask > 127, axis=2))


def unpacked_bits(bits: Tensor) -> Tensor:
    """(..., W / 8) uint8 -> (..., W) float in {0, 1}, on the same device."""
    order = torch.arange(7, -1, -1, device=bits.device, dtype=torch.uint8)
    return ((bits[..., None] >> order) & 1).flatten(-2).float()


class LatentEncoder:
    """The trained autoencoder on a device; latents of nothing are made once for each size."""

    def __init__(self, vae: AutoencoderKLWan, device: str = "cpu") -> None:
        self.vae = vae.to(device).eval().requires_grad_(False)
        self.device = device
        shape = (1, vae.config.z_dim, 1, 1, 1)
        self.mean = torch.tensor(vae.config.latents_mean, device=device).view(shape)
        self.std = torch.tensor(vae.config.latents_std, device=device).view(shape)
        self._empty: dict[tuple[int, int, int], Tensor] = {}

    @torch.no_grad()
    def __call__(self, video: Tensor) -> Tensor:
        """(B, 3, F, H, W) in [-1, 1] -> normalised latents (B, z, T, h, w) float32 on its device."""
        with half_precision(self.device):
            latents = encode_sequence(self.vae, video.to(self.device))
        return (latents.float() - self.mean) / self.std

    def each(self, videos: Sequence[Tensor], batch: int) -> Iterator[Tensor]:
        """Latents (z, T, h, w) float16 of (3, F, H, W) videos of one shape, `batch` at a time."""
        for start in range(0, len(videos), batch):
            yield from self(torch.stack(list(videos[start : start + batch]))).half()

    def empty(self, num_frames: int, height: int, width: int) -> Tensor:
        """(z, T, h, w) of an all-grey video, what an unused stream holds; in full precision, as in use."""
        key = (num_frames, height, width)
        if key not in self._empty:
            with torch.no_grad():
                grey = torch.zeros(1, 3, num_frames, height, width, device=self.device)
                latents = encode_sequence(self.vae, grey).float()
            self._empty[key] = ((latents - self.mean) / self.std)[0]
        return self._empty[key]


def frozen_encoder(folder: Path, device: str = "cpu") -> LatentEncoder:
    """That of the autoencoder which the stage `freeze` saves in a training's folder, as soon as it is there."""
    while not (folder / "vae").exists():
        time.sleep(1)
    return LatentEncoder(AutoencoderKLWan.from_pretrained(folder / "vae"), device)


def encode_clips(exercises: Sequence[Exercise], encoder: LatentEncoder, batch: int) -> Shard:
    """Encode exercises of one size and length, what is given and their references, `batch` videos at a time."""
    streams = [_streams(exercise.task) for exercise in exercises]
    videos = [to_tensor(exercise.frames) for exercise in exercises]
    given = [stream for pair in streams for stream in pair if stream is not None]
    encoded = encoder.each([*videos, *given], batch)
    clean = [next(encoded) for _ in videos]
    shown = encoder.each([to_tensor(picture[None]) for e in exercises for _, picture in e.task.references], 4 * batch)
    clips = []
    for exercise, pair, latents in zip(exercises, streams, clean, strict=True):
        task = exercise.task
        inactive, reactive = (None if stream is None else next(encoded) for stream in pair)
        bits = None if task.mask is None or task.mask.min() > 127 else packed_bits(task.mask)
        references = tuple((tells, next(shown)) for tells, _ in task.references)
        clips.append(
            ClipLatents(
                exercise.scene, task.kind, latents, inactive, reactive, bits, task.hold, references, exercise.cover,
                exercise.origins,
            ).cpu()
        )  # fmt: skip
    return Shard(clips, encoder.empty(*exercises[0].frames.shape[:3]).half().cpu())


def _streams(task: Task) -> tuple[Tensor | None, Tensor | None]:
    """The two pixel streams (3, F, H, W), None where a stream is all grey."""
    if task.video is None:
        return None, None
    video = to_tensor(task.video)
    made = torch.ones(video.shape[1:]) if task.mask is None else torch.from_numpy(task.mask).float() / 255
    inactive, reactive = split_streams(video, made)
    return (inactive if inactive.any() else None), (reactive if reactive.any() else None)


def encode_drawn(folder: Path, encoder: LatentEncoder, cache: Path, minutes: float) -> None:
    """Turn the files of exercises in `folder`, also those still to come, into shards in `cache`, for so many minutes
    and until none is left. May be started again, and beside a training."""
    cache.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * minutes
    count, number = 0, 0
    while time.monotonic() < deadline or drawn(folder):
        wait_while_paused(folder.parent)
        if not (waiting := drawn(folder)):
            time.sleep(1)
            continue
        path = waiting[0]
        shard = encode_clips(load_exercises(path), encoder, 1 if encoder.device == "cpu" else AT_ONCE)
        save_whole(shard, cache / path.name)
        path.unlink()
        count, number = count + len(shard.clips), number + 1
        if number % 10 == 0:
            print(f"{count} clips encoded, {len(waiting) - 1} files wait", flush=True)


def load_shard(path: Path) -> Shard:
    """What `encode_drawn` wrote."""
    shard: Shard = torch.load(path, weights_only=False)
    return shard
