"""Training clips as latents: rendered, encoded once, kept in shards that a running training picks up.

A shard holds clips of one size. Latents are normalised, float16. A mask is kept as bits, because how the model reads it
depends on how many frames of the clip a training step uses.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan
from numpy.typing import NDArray
from torch import Tensor

from pipelines.starter.conditioning import Kind, Task, sample_task
from pipelines.starter.photos import Frame, Frames, invented_picture, load_pictures, recolour
from pipelines.starter.render import Rendered, render
from pipelines.starter.runs import half_precision, wait_while_paused
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR, encode_sequence
from pipelines.starter.world import PHOTO, Scene, sample_scene
from pipelines.vace import split_streams

NATIVE = (160, 96)
OTHER_SIZES = ((96, 160), (128, 128), (128, 96), (192, 80))


@dataclass(frozen=True)
class ClipLatents:
    """One clip: `clean` (z, T, h, w); `inactive`, `reactive` of that shape or None where that stream is empty;
    `mask` packed bits of (F, H, W) or None where all is to be made; `reference` (z, 1, h, w) or None; `cover`
    (T, h, w) in 0..1, how much of each latent cell the subject fills."""

    scene: Scene
    kind: Kind
    size: tuple[int, int]
    num_frames: int
    clean: Tensor
    inactive: Tensor | None
    reactive: Tensor | None
    mask: NDArray[np.uint8] | None
    reference: Tensor | None
    style: bool
    cover: Tensor

    def pixel_mask(self) -> Tensor:
        """(F, H, W) float in {0, 1}, 1 where pixels are to be made."""
        width, height = self.size
        if self.mask is None:
            return torch.ones(self.num_frames, height, width)
        bits = np.unpackbits(self.mask)[: self.num_frames * height * width]
        return torch.from_numpy(bits.reshape(self.num_frames, height, width)).float()


class LatentEncoder:
    """The trained autoencoder, asked in fixed batches; constant streams are encoded once per size."""

    def __init__(self, vae: AutoencoderKLWan, device: str = "cpu", compiled: bool = False) -> None:
        self.vae = vae.to(device).eval().requires_grad_(False)
        self.device = device
        shape = (1, vae.config.z_dim, 1, 1, 1)
        self.mean = torch.tensor(vae.config.latents_mean).view(shape)
        self.std = torch.tensor(vae.config.latents_std).view(shape)
        self._encode = torch.compile(encode_sequence, dynamic=False) if compiled else encode_sequence
        self._empty: dict[tuple[int, int, int], Tensor] = {}

    @torch.no_grad()
    def __call__(self, video: Tensor) -> Tensor:
        """(B, 3, F, H, W) in [-1, 1] -> normalised latents (B, z, T, h, w) float32 on the CPU."""
        with half_precision(self.device):
            latents = self._encode(self.vae, video.to(self.device))
        return (latents.float().cpu() - self.mean) / self.std

    def empty(self, num_frames: int, height: int, width: int) -> Tensor:
        """(z, T, h, w) of an all-grey video, what an unused stream holds."""
        key = (num_frames, height, width)
        if key not in self._empty:
            with torch.no_grad():
                grey = torch.zeros(1, 3, num_frames, height, width, device=self.device)
                latents = encode_sequence(self.vae, grey).float().cpu()
            self._empty[key] = ((latents - self.mean) / self.std)[0]
        return self._empty[key]


def to_tensor(frames: Frames) -> Tensor:
    """(F, H, W, 3) uint8 -> (3, F, H, W) float32 in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(frames)).permute(3, 0, 1, 2).float().div_(127.5).sub_(1.0)


class SceneSource:
    """Random scenes of the world and of photo-like pictures, rendered."""

    def __init__(self, seed: int, pictures: Path) -> None:
        self.rng = np.random.default_rng(seed)
        self.real = load_pictures(pictures)
        self.invented = [invented_picture(self.rng, 144, 224) for _ in range(12)]

    def picture(self) -> Frame:
        rng = self.rng
        if self.real and rng.random() < 0.4:
            picture = recolour(rng, self.real[rng.integers(len(self.real))])
            height, width = picture.shape[:2]
            part = rng.uniform(0.4, 1.0)
            top, left = int(rng.uniform(0, 1 - part) * height), int(rng.uniform(0, 1 - part) * width)
            return picture[top : top + int(part * height), left : left + int(part * width)]
        self.invented[rng.integers(len(self.invented))] = invented_picture(rng, 144, 224)
        return self.invented[rng.integers(len(self.invented))]

    def clip(self, width: int, height: int, num_frames: int) -> Rendered:
        photo = self.rng.random() < 0.08
        if not photo:
            return render(sample_scene(self.rng, still=num_frames == 1), width, height, num_frames)
        scene = sample_scene(self.rng, place=PHOTO, with_subject=bool(self.rng.random() < 0.4))
        scene = Scene(scene.subject, scene.colour, PHOTO, "day", scene.motion, scene.camera, scene.detail)
        return render(scene, width, height, num_frames, self.picture())


def _streams(task: Task) -> tuple[Tensor | None, Tensor | None]:
    """The two pixel streams (3, F, H, W), None where a stream is all grey."""
    if task.video is None or task.mask is None:
        return None, None
    streams = split_streams(to_tensor(task.video), torch.from_numpy(task.mask).float() / 255)
    grey = 0.01  # painted grey (127) is not quite zero; a stream of nothing else is still an empty one
    return tuple(stream if stream.abs().max() > grey else None for stream in streams)  # type: ignore[return-value]


def latent_cover(mask: NDArray[np.uint8]) -> Tensor:
    """(F, H, W) uint8 -> (T, h, w) float16 in 0..1: means over 8x8 pixels and, past the first frame, four frames."""
    small = F.avg_pool2d(torch.from_numpy(mask).float()[:, None] / 255, SPATIAL_FACTOR)[:, 0]
    return torch.cat([small[:1], small[1:].unflatten(0, (-1, TEMPORAL_FACTOR)).mean(1)]).half()


def encode_clips(rendered: list[Rendered], tasks: list[Task], encoder: LatentEncoder, batch: int) -> list[ClipLatents]:
    """Encode clips and their conditions, `batch` videos at a time (the last batch is padded: one compiled shape)."""
    streams = [_streams(task) for task in tasks]
    videos = [to_tensor(r.frames) for r in rendered]
    flat = [*videos, *(s for pair in streams for s in pair if s is not None)]
    encoded: list[Tensor] = []
    for start in range(0, len(flat), batch):
        group = flat[start : start + batch]
        padded = group + [group[-1]] * (batch - len(group))
        encoded += list(encoder(torch.stack(padded)))[: len(group)]
    pending = iter(encoded[len(videos) :])
    clips = []
    for item, task, pair, clean in zip(rendered, tasks, streams, encoded, strict=False):
        inactive, reactive = (next(pending).half() if s is not None else None for s in pair)
        reference = None
        if task.reference is not None:
            reference = encoder_reference(encoder, task.reference)
        mask = None if task.mask is None or task.mask.min() > 127 else np.packbits(task.mask > 127)
        frames, height, width = item.frames.shape[:3]
        clips.append(
            ClipLatents(item.scene, task.kind, (width, height), frames, clean.half(), inactive, reactive, mask,
                        reference, task.style, latent_cover(item.mask))
        )  # fmt: skip
    return clips


def encoder_reference(encoder: LatentEncoder, reference: Frame) -> Tensor:
    """(z, 1, h, w) of one picture, never through the compiled path (another shape)."""
    with torch.no_grad(), half_precision(encoder.device):
        latents = encode_sequence(encoder.vae, to_tensor(reference[None])[None].to(encoder.device))
    return ((latents.float().cpu() - encoder.mean) / encoder.std)[0].half()


def produce(
    vae: AutoencoderKLWan, folder: Path, pictures: Path, minutes: float, size: tuple[int, int] = NATIVE,
    num_frames: int = 17, shard: int = 48, batch: int | None = None, compiled: bool = False,
) -> None:  # fmt: skip
    """Write shards of one size into `folder` for so many minutes. May be started again, and beside a training.
    Clips are encoded one by one and pictures by the eight unless `batch` says otherwise: fastest on a CPU."""
    batch = batch or (1 if num_frames > 1 else 8)
    folder.mkdir(parents=True, exist_ok=True)
    encoder = LatentEncoder(vae, compiled=compiled)
    seed = time.time_ns() % 2**31
    source = SceneSource(seed, pictures)
    deadline = time.monotonic() + 60 * minutes
    number = 0
    while time.monotonic() < deadline:
        wait_while_paused(folder.parent)
        started = time.monotonic()
        rendered = [source.clip(*size, num_frames) for _ in range(shard)]
        tasks = [sample_task(item, source.rng) for item in rendered]
        drawn = time.monotonic() - started
        clips = encode_clips(rendered, tasks, encoder, batch)
        path = folder / f"{size[0]}x{size[1]}x{num_frames}-{seed}-{number:04}.pt"
        torch.save(clips, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)
        number += 1
        print(f"{path.name} {shard / (time.monotonic() - started):.2f} clips/s, drawing {drawn:.1f}s", flush=True)


def load_shard(path: Path) -> list[ClipLatents]:
    clips: Any = torch.load(path, weights_only=False)
    return list(clips)
