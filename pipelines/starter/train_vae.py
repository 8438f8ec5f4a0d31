"""Training of the autoencoder on photo-like clips and renders of the world, and its latent statistics.

Everything a run needs is in one folder: `vae.pt` (weights, optimiser state, minutes spent) is rewritten every few
minutes, so a run may be stopped at any moment and started again with the same command.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan
from torch import Tensor

from pipelines.starter.crops import SHAPES, TIMES, Crops
from pipelines.starter.optim import Trainer
from pipelines.starter.photos import Frames
from pipelines.starter.runs import Checkpoint, half_precision, rank, ready, steps
from pipelines.starter.vae import build_vae, decode_sequence, encode_sequence, widened

MATRIX_LR, REST_LR = 6e-3, 1.5e-3
REPORTED = 20  # steps between two lines
FIRST = 0.25  # what a clip's first frame counts beside the whole: a given picture is to stay as it is


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


def train_vae(
    folder: Path, minutes: float, late: bool = False, device: str = "cpu", begin_with: Path | None = None,
    workers: int = 0,
) -> None:  # fmt: skip
    """Train for `minutes` in all (of processor time on a CPU) on crops of pictures in `folder/real` and of the
    exercises in `folder/drawn`, which so many `workers`, processes, cut out; from `folder/vae.pt` where it exists, else
    from the weights of the saved autoencoder in `begin_with`, else from nothing."""
    seed = time.time_ns() % 2**31 + rank()
    torch.manual_seed(0)  # processes of one training start alike where no checkpoint says how
    vae = (
        (build_vae() if begin_with is None else widened(AutoencoderKLWan.from_pretrained(begin_with)))
        .float()
        .to(device)
    )
    trainer = Trainer(vae, ("conv_in", "conv_out", "quant_conv"), matrix_lr=MATRIX_LR, rest_lr=REST_LR)
    checkpoint = Checkpoint(folder / "vae.pt", {"vae": vae, "trainer": trainer}, device)
    torch.manual_seed(seed)
    times = TIMES["cpu" if device == "cpu" else "cuda"]
    crops = ready(Crops(folder / "real", folder / "drawn", times, late, seed, trainer.steps).on(device, workers))
    for progress in steps(checkpoint, folder, minutes, device):
        video = next(crops)
        usual = tuple(video.shape[2:]) in {shape[:3] for shape in SHAPES}  # of others oneDNN's bfloat16 fails on some
        with half_precision(device) if usual or device != "cpu" else nullcontext():
            latents = encode_sequence(vae, video)
            output = decode_sequence(vae, latents + 0.05 * torch.randn_like(latents))
        output = output.float()
        loss = reconstruction_loss(output, video) + 1e-4 * latents.float().square().mean()
        loss = loss + FIRST * reconstruction_loss(output[:, :, :1], video[:, :, :1])
        loss.backward()  # type: ignore[no-untyped-call]
        norm = trainer.step(progress)
        if trainer.steps % REPORTED == 0 and rank() == 0:
            count, _, frames, height, width = video.shape
            print(
                f"{trainer.steps} {checkpoint.minutes:.2f}min {count}x{frames}x{height}x{width} norm {norm:.2f} "
                f"z {latents.float().std():.2f} {psnr(output, video):.2f} dB", flush=True,
            )  # fmt: skip


@torch.no_grad()
def latent_statistics(vae: AutoencoderKLWan, clips: Sequence[Frames]) -> tuple[list[float], list[float]]:
    """Per-channel mean and standard deviation of the latents of some clips (F, H, W, 3), all frames alike."""
    latents = []
    for clip in clips:
        video = torch.from_numpy(clip).to(vae.device).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
        latents.append(encode_sequence(vae, video).flatten(2)[0])
    values = torch.cat(latents, dim=1)
    return [round(v, 5) for v in values.mean(1).tolist()], [round(v, 5) for v in values.std(1).tolist()]
