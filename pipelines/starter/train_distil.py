"""The last stage: a student that needs no second pass for its guidance, and therefore few.

The teacher, the trained model, is sampled as it would be in use, guided and in many steps. At any point of its way the
student learns to say with one pass what the teacher said with two (Meng et al. 2023, their first stage). The student's
way is the teacher's then, and the studio's solver, of higher order, follows it well in 8 steps (docs/training.md).
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipelines.sampling import denoise
from pipelines.starter.bank import Batches
from pipelines.starter.batch import Batch
from pipelines.starter.export import DISTILLED, GUIDED, Defaults
from pipelines.starter.optim import Trainer
from pipelines.starter.runs import Checkpoint, Stateful, half_precision, rank, ready, steps
from pipelines.starter.text import Tokens
from pipelines.starter.train_transformer import (
    Report,
    attention,
    clip_channels,
    compile_blocks,
    trained,
    update_average,
)
from pipelines.starter.transformer import StarterModel

TOKENS = {"cpu": 1600, "cuda": 48_000}  # in a batch
MATRIX_LR, REST_LR = 0.004, 5e-4
TAUGHT = Defaults(num_inference_steps=14)  # more than in use, so that the student may be asked for more or fewer
LESSONS = 10  # steps of the student for every way of the teacher


@dataclass(frozen=True, eq=False)
class Way:
    """A teacher's way from noise to clips: `sigmas` (N,) falling from about 1, the `points` (N, B, z, R + T, h, w) it
    was at, and the `velocities`, as those, that it left them with; `end` (B, z, R + T, h, w) is where it arrived."""

    sigmas: Tensor
    points: Tensor
    velocities: Tensor
    end: Tensor


def taught_way(teacher: StarterModel, batch: Batch, settings: Defaults, seed: int) -> Way:
    """How the teacher makes a batch's clips from noise, with what is held in place held, as in use."""
    device = batch.clean.device
    noise = torch.randn(batch.clean.shape, generator=torch.Generator().manual_seed(seed)).to(device)
    known, nothing = _held(batch), teacher.tokens([""] * len(batch.clean))
    sampling = settings.sampling(seed)
    sigmas, points, velocities = [], [], []

    def predict(latents: Tensor, timestep: Tensor, done: float) -> Tensor:
        sigma = (timestep.float() / 1000).to(device).expand(len(latents))
        sigmas.append(sigma[0])
        points.append(latents)
        scale = sampling.guidance_scale if sampling.guided(done) else 1.0
        wanted = guided_velocity(teacher, latents, sigma, (batch.tokens, nothing), batch.control, scale)
        velocities.append(torch.where(known, noise - batch.clean, wanted))
        return velocities[-1]

    with torch.no_grad():
        end = denoise(predict, noise, sampling)
    return Way(torch.stack(sigmas), torch.stack(points), torch.stack(velocities), end)


def guided_velocity(
    model: StarterModel, latents: Tensor, sigma: Tensor, tokens: tuple[Tokens, Tokens], control: Tensor, scale: float
) -> Tensor:
    """What a model says, guided from the second tokens' answer to the first's; at `scale` 1 those alone are asked."""
    device = latents.device.type
    with half_precision(device), attention(device):
        wanted = model(latents, sigma, tokens[0], control).float()
        if scale != 1.0:
            unwanted = model(latents, sigma, tokens[1], control).float()
            wanted = unwanted + scale * (wanted - unwanted)
    return wanted


def _held(batch: Batch) -> Tensor:
    """(B, 1, R + T, 1, 1) bool: the latent frames that are known from the beginning."""
    frame = torch.arange(batch.clean.shape[2], device=batch.clean.device) - batch.references
    return ((frame >= 0) & (frame < batch.held[:, None]))[:, None, :, None, None]


def student_loss(student: StarterModel, batch: Batch, way: Way) -> Tensor:
    """(B,) how far the student's velocity is from the teacher's, each clip's at a random point of its way; of what is
    not held in place, for that is not the student's to make."""
    clip = torch.arange(len(batch.clean), device=batch.clean.device)
    at = torch.randint(len(way.sigmas), (len(clip),)).to(clip.device)
    with half_precision(clip.device.type), attention(clip.device.type):
        said = student(way.points[at, clip], way.sigmas[at], batch.tokens, batch.control).float()
    made = (~_held(batch)).float()
    error = (said - way.velocities[at, clip]).square() * made
    return error.mean(dim=(1, 2, 3, 4)) / made.mean(dim=(1, 2, 3, 4)).clamp_min(1e-6)


def distil(
    folder: Path, device: str, minutes: float, compiled: bool = True, begin_with: Path | None = None,
    workers: int = 0,
) -> None:  # fmt: skip
    """Train for `minutes` in all, counted as the transformer's; goes on from `folder/distilled.pt` where that exists.
    The teacher is the average in `folder/transformer.pt`, or the saved starter in `begin_with`, sampled as TAUGHT says;
    the student begins as its copy."""
    seed = time.time_ns() % 2**31 + rank()
    teacher = trained(folder) if begin_with is None else StarterModel.load(begin_with, clip_channels(folder))
    teacher.to(device)
    student, average = copy.deepcopy(teacher), copy.deepcopy(teacher).requires_grad_(False)
    trainer = Trainer(student, StarterModel.PLAIN, MATRIX_LR, REST_LR)
    parts: dict[str, Stateful] = {"model": student, "average": average, "trainer": trainer}
    checkpoint = Checkpoint(folder / "distilled.pt", parts, device)
    if compiled:
        for model in (teacher, student):
            compile_blocks(model)
    torch.manual_seed(seed)
    batches = Batches(folder / "cache", student.tokenizer, TOKENS["cpu" if device == "cpu" else "cuda"], 0.2, 0.25)
    made, report, rng = ready(batches.on(device, workers)), Report(), np.random.default_rng(seed)
    for progress in steps(checkpoint, folder, minutes, device):
        batch = next(made)
        way = taught_way(teacher, batch, TAUGHT, int(rng.integers(2**31)))
        for _ in range(LESSONS):
            losses = student_loss(student, batch, way)
            losses.mean().backward()  # type: ignore[no-untyped-call]
            norm = trainer.step(progress, warmup=40)
            update_average(average, student, trainer.steps)
        report.add(batch, losses, f"{trainer.steps} {checkpoint.minutes:.2f}min norm {norm:.2f}")


def to_export(folder: Path) -> tuple[StarterModel, Defaults]:
    """The student where there is one, else what it would learn from, each with the settings it is best sampled with."""
    if not (folder / "distilled.pt").exists():
        return trained(folder), GUIDED
    return StarterModel.of_state(torch.load(folder / "distilled.pt", map_location="cpu")["average"]), DISTILLED
