"""The one denoising loop: rectified flow from noise to a clip, solved with UniPC.

Pure: it knows tensors and a function that predicts velocity; no model, files, page or printing.
Convention: x_t = (1 - sigma) * clean + sigma * noise, velocity = noise - clean, timestep = 1000 * sigma.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import UniPCMultistepScheduler
from torch import Tensor

Predict = Callable[[Tensor, Tensor, float], Tensor]  # (latents, timestep, fraction of steps done) -> velocity
OnStep = Callable[[int, int, Tensor], None]  # (steps done, steps in all, clean latents as predicted now)


@dataclass(frozen=True)
class Sampling:
    """How carefully to denoise.

    guidance_interval: part of the steps (0..1, 0..1) during which classifier-free guidance is on; outside it the
    unconditional pass is saved (Kynkäänniemi et al. 2024, "Applying guidance in a limited interval").
    """

    num_inference_steps: int
    guidance_scale: float
    seed: int
    flow_shift: float
    guidance_interval: tuple[float, float] = (0.0, 1.0)

    def guided(self, done: float) -> bool:
        """Whether guidance is on when the fraction `done` (0..1) of the steps lies behind."""
        low, high = self.guidance_interval
        return self.guidance_scale != 1.0 and low <= done < high


def seeded_noise(shape: tuple[int, ...], seed: int) -> Tensor:
    """Standard normal noise that depends on the seed alone, not on the device."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32)


def evened(noise: Tensor) -> Tensor:
    """Noise (B, C, F, H, W) less the means of each frame's quarters, which go over into each other.

    A small model takes them for light and shade: a clip that goes on would become lighter, darker or harder than it
    was, as the seed has it.
    """
    frames = noise.transpose(1, 2).flatten(0, 1)
    broad = F.interpolate(F.adaptive_avg_pool2d(frames, 2), size=frames.shape[2:], mode="bilinear")
    return noise - broad.unflatten(0, (noise.shape[0], noise.shape[2])).transpose(1, 2)


def denoise(
    predict: Predict,
    noise: Tensor,
    sampling: Sampling,
    *,
    initial: Tensor | None = None,
    strength: float = 1.0,
    known: Tensor | None = None,
    known_at: int = 0,
    on_step: OnStep | None = None,
) -> Tensor:
    """Turn noise (B, C, F, H, W) into clean latents of the same shape.

    initial, strength   start from `initial` noised to the level that leaves `strength` (0..1] of the steps to do
                        (SDEdit, Meng et al. 2022)
    known, known_at     (B, C, K, H, W), latent frames given from index `known_at` on; they follow the straight line
                        from their noise to `known` whatever the model says, so that the rest forms around them

    `on_step` may raise to stop the loop. A fresh scheduler per call: its state is never shared between clips.
    """
    scheduler: Any = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=sampling.flow_shift
    )
    scheduler.set_timesteps(sampling.num_inference_steps, device=noise.device)
    total = len(scheduler.timesteps)
    first = 0 if initial is None else min(total - 1, total - max(1, round(total * strength)))
    scheduler.set_begin_index(first)
    latents = noise
    if initial is not None and first > 0:
        sigma = scheduler.sigmas[first].to(noise)
        latents = (1 - sigma) * initial + sigma * noise
    held = slice(known_at, known_at + (0 if known is None else known.shape[2]))

    for index in range(first, total):
        timestep, sigma = scheduler.timesteps[index], scheduler.sigmas[index].to(latents)
        velocity = predict(latents, timestep, (index - first) / (total - first))
        if known is not None:
            velocity[:, :, held] = noise[:, :, held] - known
        clean = latents - sigma * velocity
        latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
        if on_step is not None:
            on_step(index - first + 1, total - first, clean)
    if known is not None:
        latents[:, :, held] = known.to(latents)
    return latents
