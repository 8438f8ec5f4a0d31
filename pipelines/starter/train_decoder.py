"""Training of the autoencoder's decoder, alone, on latents as the transformer makes them, too (`pairs.py`).

What it makes of them is held to the clips themselves; in the second half a critic has its say, for what is not known is
blurred otherwise. The encoder stays, and with it all that was taught of latents.
"""

from __future__ import annotations

import copy
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from pipelines.starter.clips import frozen_encoder
from pipelines.starter.critic import Critic
from pipelines.starter.crops import TIMES, normal
from pipelines.starter.optim import Trainer
from pipelines.starter.pairs import Pairs
from pipelines.starter.runs import Checkpoint, Stateful, half_precision, rank, steps
from pipelines.starter.train_distil import to_export
from pipelines.starter.train_transformer import update_average
from pipelines.starter.train_vae import FIRST, REPORTED, psnr, reconstruction_loss
from pipelines.starter.vae import decode_sequence

MATRIX_LR, REST_LR = 2e-3, 5e-4
EMA = 0.99
REFRESHED = 70  # steps after which some more is taken in
JOINS, JOINING = 0.5, 0.1  # of the training: when the critic begins to learn, and how long until it is fully heard
CRITICAL = 0.4  # how long the critic's gradient is beside that of the pixels


def train_decoder(folder: Path, minutes: float, device: str = "cpu") -> None:
    """Train for `minutes` in all (of processor time on a CPU), from `folder/decoder.pt` where it exists, else from the
    decoder of the stage `freeze`, on what is in `folder/drawn` and pictures in `folder/real`."""
    seed = time.time_ns() % 2**31 + rank()
    encoder = frozen_encoder(folder, device)
    vae = encoder.vae
    average = copy.deepcopy(vae)
    for part in (vae.post_quant_conv, vae.decoder):
        part.requires_grad_(True)
    trainer = Trainer(vae, ("conv_in", "conv_out", "quant_conv"), matrix_lr=MATRIX_LR, rest_lr=REST_LR)
    torch.manual_seed(0)  # processes of one training have one critic
    critic = Critic().to(device)
    parts: dict[str, Stateful] = {
        "vae": vae,
        "average": average,
        "trainer": trainer,
        "critic": critic,
        "lessons": critic.optimiser,
    }
    checkpoint = Checkpoint(folder / "decoder.pt", parts, device)
    model, defaults = to_export(folder)
    pairs = Pairs(folder, model.to(device).eval().requires_grad_(False), defaults, encoder, seed)
    times = TIMES["cpu" if device == "cpu" else "cuda"]
    for progress in steps(checkpoint, folder, minutes, device):
        latents, frames = pairs.batch(times)
        video = normal(frames.to(device))
        with half_precision(device):
            output = decode_sequence(vae, latents.to(device).float() * encoder.std + encoder.mean)
        heard = CRITICAL * min(1.0, max(0.0, progress - JOINS) / JOINING)
        gradient, quality = asked_of(output.detach().float(), video, critic if progress > JOINS else None, heard)
        output.backward(gradient.to(output.dtype))  # type: ignore[no-untyped-call]
        norm = trainer.step(progress)
        update_average(average, vae, trainer.steps, EMA)
        if trainer.steps % REFRESHED == 0:
            pairs.refresh()
        if trainer.steps % REPORTED == 0 and rank() == 0:
            shape = "x".join(map(str, frames.shape[:4]))
            print(f"{trainer.steps} {checkpoint.minutes:.2f}min {shape} norm {norm:.2f} {quality}", flush=True)


def asked_of(decoded: Tensor, video: Tensor, critic: Critic | None, heard: float) -> tuple[Tensor, str]:
    """How decoded clips (B, 3, F, H, W) should change, as a gradient: towards the true ones and, with a length `heard`
    times that of this, towards what the critic takes for true, after a lesson of its own. And how good they are, in
    words."""
    decoded = decoded.requires_grad_(True)
    loss = reconstruction_loss(decoded, video) + FIRST * reconstruction_loss(decoded[:, :, :1], video[:, :, :1])
    (gradient,) = torch.autograd.grad(loss, decoded)
    quality = f"{psnr(decoded, video):.2f} dB"
    if critic is None:
        return gradient, quality
    quality += f" critic {critic.learn(video, decoded):.2f}"
    wish = critic.wish(decoded)
    return gradient + heard * gradient.norm() / wish.norm().clamp_min(1e-12) * wish, quality


def best_autoencoder(folder: Path) -> AutoencoderKLWan:
    """That of the stage `freeze`, with the decoder of this one where there is one."""
    vae = frozen_encoder(folder).vae
    if (folder / "decoder.pt").exists():
        vae.load_state_dict(torch.load(folder / "decoder.pt", map_location="cpu")["average"])
    return vae
