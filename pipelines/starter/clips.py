"""Training clips as latents: drawn, encoded once, kept in shards that a running training picks up, or on the device.

A shard holds clips of one size. Latents are normalised, float16. A mask is kept as bits, because how the model reads it
depends on how many frames of the clip a training step uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan
from torch import Tensor

from pipelines.pixels import to_tensor
from pipelines.starter.conditioning import Task, task_for
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.runs import half_precision, wait_while_paused
from pipelines.starter.shots import Shot, ShotSource
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR, encode_sequence
from pipelines.types import Mask
from pipelines.vace import split_streams

NATIVE = (160, 96)
# and what the studio asks for at its six aspect ratios
SIZES = (NATIVE, (176, 96), (96, 176), (128, 128), (128, 96), (96, 128), (192, 80))
NATIVE_SHARE = 0.5
LENGTHS = {1: 0.3, 17: 0.5, 25: 0.2}  # shorter clips are the beginnings of these


@dataclass(frozen=True, eq=False)
class ClipLatents:
    """One clip: `clean` (z, T, h, w); `inactive`, `reactive` of that shape or None where that stream is empty;
    `mask` (F, H, W / 8) uint8, its bits along each row, or None where all is to be made; `hold` leading frames held in
    place; `references` what each tells, and (z, 1, h, w); `cover` (T, h, w) in 0..1, how much of each latent cell the
    subjects fill."""

    scene: Scene | None
    kind: str
    clean: Tensor
    inactive: Tensor | None
    reactive: Tensor | None
    mask: Tensor | None
    hold: int
    references: tuple[tuple[int, Tensor], ...]
    cover: Tensor

    @property
    def latent_size(self) -> tuple[int, int, int]:
        """Latent frames, rows and columns."""
        frames, height, width = self.clean.shape[1:]
        return frames, height, width

    def to(self, device: str) -> ClipLatents:
        """The same on another device."""

        def moved(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.to(device)

        return replace(
            self,
            clean=self.clean.to(device),
            inactive=moved(self.inactive),
            reactive=moved(self.reactive),
            mask=moved(self.mask),
            references=tuple((tells, picture.to(device)) for tells, picture in self.references),
            cover=self.cover.to(device),
        )


def packed_bits(mask: Mask) -> Tensor:
    """(F, H, W) uint8 -> (F, H, W / 8) uint8, a bit for each pixel, set where it is brighter than 127."""
    return torch.from_numpy(np.packbits(mask > 127, axis=2))


def unpacked_bits(bits: Tensor) -> Tensor:
    """(..., W / 8) uint8 -> (..., W) float in {0, 1}, on the same device."""
    order = torch.arange(7, -1, -1, device=bits.device, dtype=torch.uint8)
    return ((bits[..., None] >> order) & 1).flatten(-2).float()


class LatentEncoder:
    """The trained autoencoder on a device; latents of nothing are made once for each size."""

    def __init__(self, vae: AutoencoderKLWan, device: str = "cpu", compiled: bool = False) -> None:
        self.vae = vae.to(device).eval().requires_grad_(False)
        self.device = device
        shape = (1, vae.config.z_dim, 1, 1, 1)
        self.mean = torch.tensor(vae.config.latents_mean, device=device).view(shape)
        self.std = torch.tensor(vae.config.latents_std, device=device).view(shape)
        self._encode = torch.compile(encode_sequence, dynamic=False) if compiled else encode_sequence
        self._empty: dict[tuple[int, int, int], Tensor] = {}

    @torch.no_grad()
    def __call__(self, video: Tensor) -> Tensor:
        """(B, 3, F, H, W) in [-1, 1] -> normalised latents (B, z, T, h, w) float32 on its device."""
        encode = self._encode if video.shape[2] > 1 else encode_sequence  # a picture's shape is not worth compiling
        with half_precision(self.device):
            latents = encode(self.vae, video.to(self.device))
        return (latents.float() - self.mean) / self.std

    def each(self, videos: Sequence[Tensor], batch: int) -> Iterator[Tensor]:
        """Latents (z, T, h, w) float16 of (3, F, H, W) videos of one shape, `batch` at a time (the last is padded: one
        compiled shape)."""
        for start in range(0, len(videos), batch):
            group = list(videos[start : start + batch])
            yield from self(torch.stack(group + [group[-1]] * (batch - len(group))))[: len(group)].half()

    def empty(self, num_frames: int, height: int, width: int) -> Tensor:
        """(z, T, h, w) of an all-grey video, what an unused stream holds; in full precision, as in use."""
        key = (num_frames, height, width)
        if key not in self._empty:
            with torch.no_grad():
                grey = torch.zeros(1, 3, num_frames, height, width, device=self.device)
                latents = encode_sequence(self.vae, grey).float()
            self._empty[key] = ((latents - self.mean) / self.std)[0]
        return self._empty[key]


def latent_cover(masks: Mask) -> Tensor:
    """(2, F, H, W) uint8 -> (T, h, w) float16 in 0..1: how much of each cell any subject fills, means over 8x8 pixels
    and, past the first frame, four frames."""
    small = F.avg_pool2d(torch.from_numpy(masks).float().amax(dim=0)[:, None] / 255, SPATIAL_FACTOR)[:, 0]
    return torch.cat([small[:1], small[1:].unflatten(0, (-1, TEMPORAL_FACTOR)).mean(1)]).half()


def encode_clips(shots: Sequence[Shot], tasks: Sequence[Task], encoder: LatentEncoder, batch: int) -> list[ClipLatents]:
    """Encode clips of one size and length, their conditions and their references, `batch` videos at a time."""
    streams = [_streams(task) for task in tasks]
    videos = [to_tensor(shot.frames) for shot in shots]
    given = [stream for pair in streams for stream in pair if stream is not None]
    encoded = encoder.each([*videos, *given], batch)
    clean = [next(encoded) for _ in videos]
    pictures = encoder.each([to_tensor(p[None]) for task in tasks for _, p in task.references], batch=8)
    clips = []
    for shot, task, pair, latents in zip(shots, tasks, streams, clean, strict=True):
        inactive, reactive = (None if stream is None else next(encoded) for stream in pair)
        bits = None if task.mask is None or task.mask.min() > 127 else packed_bits(task.mask).to(encoder.device)
        references = tuple((tells, next(pictures)) for tells, _ in task.references)
        cover = latent_cover(shot.masks).to(encoder.device)
        clips.append(
            ClipLatents(shot.order.scene, task.kind, latents, inactive, reactive, bits, task.hold, references, cover)
        )
    return clips


def _streams(task: Task) -> tuple[Tensor | None, Tensor | None]:
    """The two pixel streams (3, F, H, W), None where a stream is all grey."""
    if task.video is None:
        return None, None
    video = to_tensor(task.video)
    made = torch.ones(video.shape[1:]) if task.mask is None else torch.from_numpy(task.mask).float() / 255
    inactive, reactive = split_streams(video, made)
    return (inactive if inactive.any() else None), (reactive if reactive.any() else None)


Shape = tuple[tuple[int, int], int]  # (width, height), frames


def sample_shape(rng: np.random.Generator) -> Shape:
    """A size and a length, the native size most often."""
    others = len(SIZES) - 1
    size = SIZES[int(rng.choice(len(SIZES), p=(NATIVE_SHARE, *[(1 - NATIVE_SHARE) / others] * others)))]
    return size, int(rng.choice(tuple(LENGTHS), p=tuple(LENGTHS.values())))


def make_clips(source: ShotSource, encoder: LatentEncoder, shape: Shape, count: int) -> list[ClipLatents]:
    """So many new clips of one shape. On a GPU, where cores stand idle, requests are made side by side, and more are
    encoded at once."""
    size, num_frames = shape
    shots = source.shots(size, num_frames, count)
    if encoder.device == "cpu":
        return encode_clips(shots, [task_for(shot) for shot in shots], encoder, 1 if num_frames > 1 else 8)
    with ThreadPoolExecutor() as pool:
        tasks = list(pool.map(task_for, shots))
    return encode_clips(shots, tasks, encoder, 16 if num_frames > 1 else 64)


def produce(
    source: ShotSource, encoder: LatentEncoder, folder: Path, minutes: float,
    shapes: Callable[[np.random.Generator], Shape] = sample_shape, shard: int = 48,
) -> None:  # fmt: skip
    """Write shards into `folder` for so many minutes, one at least. May be started again, and beside a training."""
    folder.mkdir(parents=True, exist_ok=True)
    run = time.time_ns() % 2**31
    deadline = time.monotonic() + 60 * minutes
    number = 0
    while number == 0 or time.monotonic() < deadline:
        wait_while_paused(folder.parent)
        started = time.monotonic()
        shape = shapes(source.rng)
        clips = make_clips(source, encoder, shape, shard)
        (width, height), frames = shape
        path = folder / f"{width}x{height}x{frames}-{run}-{number:04}.pt"
        torch.save([clip.to("cpu") for clip in clips], path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)
        number += 1
        print(f"{path.name} {shard / (time.monotonic() - started):.2f} clips/s", flush=True)


def load_shard(path: Path) -> list[ClipLatents]:
    """The clips of one shard, on the CPU."""
    clips: Any = torch.load(path, weights_only=False)
    return list(clips)
