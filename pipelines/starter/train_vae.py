"""Training of the autoencoder on photo-like clips and renders of the world, and its latent statistics.

Everything a run needs is in one folder: `vae.pt` (weights, optimiser state, minutes spent) is rewritten every few
minutes, so a run may be stopped at any moment and started again with the same command.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan
from torch import Tensor

from pipelines.starter.optim import Trainer
from pipelines.starter.photos import Frames, invented_picture, load_pictures, moving, pyramid, recolour
from pipelines.starter.runs import Checkpoint, agree, half_precision, rank, spent, wait_while_paused
from pipelines.starter.vae import build_vae, decode_sequence, encode_sequence

# (frames, height, width, clips in a batch, share of the steps). Frames past the length a decoder was trained on lose
# their colours, so every length it must decode is here; small crops keep the long ones affordable.
SHAPES = ((9, 48, 48, 4, 0.5), (17, 40, 40, 3, 0.5))
TIMES = {"cpu": 1, "cuda": 12}  # as many clips in a batch
MANY = 16  # clips that are worth being cut out side by side
AT_ONCE = 8  # clips of the world drawn together
MATRIX_LR, REST_LR = 6e-3, 1.5e-3
# For the last stretch: the longest clips, and a field of view as wide as a real frame's.
LATE_SHAPES = ((25, 40, 40, 2, 0.08), (5, 96, 96, 2, 0.06))


class ClipSource:
    """Random training clips: crops of photo-like pictures in motion and of clips of the world, `worlds` of them at a
    time, which `draw` makes so many of."""

    def __init__(
        self, seed: int, pictures: Path, draw: Callable[[int], list[Frames]], worlds: int, invented: int = 60
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.pool = [pyramid(invented_picture(self.rng, 256, 256)) for _ in range(invented)]
        self.real = load_pictures(pictures)
        self.draw = draw
        self.worlds = deque((clip for _ in range(0, worlds, AT_ONCE) for clip in draw(AT_ONCE)), maxlen=worlds)

    def refresh(self) -> None:
        """Change a few pictures and clips of the pool, so that a long run never learns them by heart."""
        for _ in range(2):
            self.pool[self.rng.integers(len(self.pool))] = pyramid(invented_picture(self.rng, 256, 256))
        self.worlds.extend(self.draw(max(1, (self.worlds.maxlen or 0) // 100)))

    def clip(self, rng: np.random.Generator, frames: int, height: int, width: int) -> Frames:
        """(F, H, W, 3) uint8: half world, half photo-like; some changed as conditions are."""
        if rng.random() < 0.5:
            clip = self._world_crop(rng, frames, height, width)
        else:
            pool = self.pool
            if self.real and rng.random() < 0.45:
                pool = [pyramid(recolour(rng, self.real[rng.integers(len(self.real))])), *self.pool[:8]]
                pool = pool[:1] if rng.random() < 0.7 else pool
            clip = moving(rng, pool, frames, height, width, cover=bool(rng.random() < 0.3))
        return as_condition(rng, clip)

    def _world_crop(self, rng: np.random.Generator, frames: int, height: int, width: int) -> Frames:
        clip = self.worlds[rng.integers(len(self.worlds))]
        order = np.arange(frames)
        order = np.abs((order + rng.integers(len(clip)) + len(clip)) % (2 * len(clip) - 2) - (len(clip) - 1))
        spare_y, spare_x = clip.shape[1] - height, clip.shape[2] - width
        top, left = rng.integers(spare_y + 1), rng.integers(spare_x + 1)
        return np.ascontiguousarray(clip[order][:, top : top + height, left : left + width])

    def batch(self, frames: int, height: int, width: int, count: int) -> Tensor:
        """(B, 3, F, H, W) float32 in [-1, 1]."""
        dice = self.rng.spawn(count)
        if count < MANY:
            clips = np.stack([self.clip(rng, frames, height, width) for rng in dice])
        else:
            with ThreadPoolExecutor() as pool:
                clips = np.stack(list(pool.map(lambda rng: self.clip(rng, frames, height, width), dice)))
        return torch.from_numpy(clips).permute(0, 4, 1, 2, 3).float().div_(127.5).sub_(1.0)


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


def reconstruction_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1 on pixels, on their neighbours' differences (edges) and on a four times smaller picture, where colour (red
    against green, blue against yellow) counts more than brightness."""
    loss = F.l1_loss(output, target)
    for axis in (3, 4):
        loss = loss + 0.3 * F.l1_loss(output.diff(dim=axis), target.diff(dim=axis))
    error = F.avg_pool3d(output - target, (1, 4, 4))
    red, green, blue = error.unbind(1)
    colour = (red - green).abs().mean() + (blue - 0.5 * (red + green)).abs().mean()
    return loss + 0.5 * error.abs().mean() + 0.5 * colour


def psnr(output: Tensor, target: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of two tensors in [-1, 1]."""
    error = F.mse_loss(output.float().clamp(-1, 1), target.float()).item()
    return float(10 * np.log10(4.0 / max(error, 1e-10)))


def _autoencode(vae: AutoencoderKLWan, video: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    latents = encode_sequence(vae, video)
    return decode_sequence(vae, latents + noise), latents


def train_vae(
    folder: Path,
    pictures: Path,
    draw: Callable[[int], list[Frames]],
    worlds: int,
    minutes: float,
    late: bool = False,
    device: str = "cpu",
    compiled: bool = True,
    begin_with: Path | None = None,
) -> None:
    """Train for `minutes` in all (of processor time on a CPU), from `folder/vae.pt` where it exists, else from the
    weights of the saved autoencoder in `begin_with`, else from nothing. `draw` makes clips of the world, `worlds` are
    at hand."""
    seed = time.time_ns() % 2**31 + rank()
    torch.manual_seed(0)  # processes of one training start alike where no checkpoint says how
    vae = (build_vae() if begin_with is None else AutoencoderKLWan.from_pretrained(begin_with)).float().to(device)
    trainer = Trainer(vae, ("conv_in", "conv_out", "quant_conv"), matrix_lr=MATRIX_LR, rest_lr=REST_LR)
    checkpoint = Checkpoint(folder / "vae.pt", {"vae": vae, "trainer": trainer}, device)
    autoencode = torch.compile(_autoencode, dynamic=False) if compiled else _autoencode
    torch.manual_seed(seed)
    source = ClipSource(seed, pictures, draw, worlds)
    common_dice = np.random.default_rng(trainer.steps)  # all processes take the same shape, so none waits for another
    shapes = SHAPES + LATE_SHAPES if late else SHAPES
    shares = np.array([shape[4] for shape in shapes]) / sum(shape[4] for shape in shapes)
    seen: set[int] = set()
    recent: dict[int, float] = {}
    while checkpoint.minutes < minutes:
        wait_while_paused(folder)
        started = spent(device)
        choice = int(common_dice.choice(len(shapes), p=shares))
        frames, height, width, count, _ = shapes[choice]
        count *= TIMES["cpu" if device == "cpu" else "cuda"]
        video = source.batch(frames, height, width, count).to(device)
        noise = 0.05 * torch.randn(count, vae.config.z_dim, (frames - 1) // 4 + 1, height // 8, width // 8)
        common = choice < len(SHAPES)  # rare shapes are not worth compiling, and oneDNN's bfloat16 fails on some
        run = autoencode if common else _autoencode
        with half_precision(device) if common or device != "cpu" else nullcontext():
            output, latents = run(vae, video, noise.to(device))
        output = output.float()
        loss = reconstruction_loss(output, video) + 1e-4 * latents.float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = trainer.step(checkpoint.minutes / minutes)
        elapsed = spent(device) - started
        if choice in seen:  # the first step of a shape is its compilation, which the schedule should not count
            checkpoint.minutes += elapsed / 60
        checkpoint.minutes = agree(checkpoint.minutes)
        seen.add(choice)
        recent[choice] = 0.95 * recent.get(choice, psnr(output, video)) + 0.05 * psnr(output, video)
        if trainer.steps % 20 == 0:
            source.refresh()
        if trainer.steps % 20 == 0 and rank() == 0:
            smooth = " ".join(f"{shapes[i][0]}x{shapes[i][1]}:{v:.2f}" for i, v in sorted(recent.items()))
            std = latents.float().std().item()
            print(f"{trainer.steps} {checkpoint.minutes:.2f}min {elapsed:.2f}s loss {loss.item():.4f} norm {norm:.2f} "
                  f"z {std:.2f} dB {smooth}", flush=True)  # fmt: skip
        checkpoint.keep(over=checkpoint.minutes >= minutes)


@torch.no_grad()
def latent_statistics(vae: AutoencoderKLWan, clips: list[Frames]) -> tuple[list[float], list[float]]:
    """Per-channel mean and standard deviation of the latents of some clips (F, H, W, 3), all frames alike."""
    latents = []
    for clip in clips:
        video = torch.from_numpy(clip).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
        latents.append(encode_sequence(vae, video).flatten(2)[0])
    values = torch.cat(latents, dim=1)
    return [round(v, 5) for v in values.mean(1).tolist()], [round(v, 5) for v in values.std(1).tolist()]
