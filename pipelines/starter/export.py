"""The trained parts as an ordinary diffusers folder, with what Septet wants to know about them beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanVACEPipeline

from pipelines.starter.captions import known_phrases, known_words
from pipelines.starter.train_transformer import ClipBank
from pipelines.starter.transformer import StarterModel

PROMPTS = (
    "a red ball moving left in the desert",
    "a blue fish moving right at sea",
    "a white rocket rising in space",
    "a yellow star spinning in a studio",
    "a pink heart rising in a meadow",
    "a green cube moving right in the city",
    "an orange cone coming closer in the mountains",
    "a purple ring spinning on a plain background",
    "a red rocket rising in the city at night",
    "an empty scene at sea at sunset",
)
OBEYED = ("subjects", "colours", "places", "motions")  # kinds of words found obeyed in four cases of five and more


@dataclass(frozen=True)
class Defaults:
    """How the starter is best sampled; `guidance_interval` in fractions of the steps."""

    num_inference_steps: int = 14
    guidance_scale: float = 3.0
    flow_shift: float = 3.0
    guidance_interval: tuple[float, float] = (0.0, 0.7)


def assemble(vae: AutoencoderKLWan, model: StarterModel, defaults: Defaults) -> WanVACEPipeline:
    """The stock pipeline of the trained parts, float32."""
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=defaults.flow_shift
    )
    return WanVACEPipeline(
        tokenizer=model.tokenizer,
        text_encoder=model.text.eval(),
        vae=vae.eval(),
        scheduler=scheduler,
        transformer=model.transformer.eval(),
    )


def fit_preview(vae: AutoencoderKLWan, bank: ClipBank, clips: int = 24) -> tuple[list[list[float]], list[float]]:
    """The linear map from normalised latents to RGB in -1..1 that fits small pictures of the clips best.

    Returns weight (z rows of 3) and bias (3), from what the decoder makes of cached latents.
    """
    latents, colours = [], []
    mean, std = bank.encoder.mean, bank.encoder.std
    pool = [clip for group in bank.groups.values() for clip in group if clip.size[0] == 160 and clip.num_frames > 1]
    for i in bank.rng.permutation(len(pool))[:clips]:
        clean = pool[i].clean[None].float()
        with torch.inference_mode():
            frames = vae.decode(clean * std + mean).sample[0].transpose(0, 1)
        small = torch.nn.functional.avg_pool2d(frames, 8)
        # the first latent frame is one picture, each later one the four it stands for
        means = torch.stack([small[0], *(small[i : i + 4].mean(0) for i in range(1, len(small), 4))])
        latents.append(clean[0].transpose(0, 1).flatten(2).transpose(1, 2).flatten(0, 1).numpy())
        colours.append(means.flatten(2).transpose(1, 2).flatten(0, 1).numpy())
    x, y = np.concatenate(latents), np.concatenate(colours)
    solution, *_ = np.linalg.lstsq(np.concatenate([x, np.ones((len(x), 1))], 1), y, rcond=None)
    return np.round(solution[:-1], 4).tolist(), np.round(solution[-1], 4).tolist()


def export(vae: AutoencoderKLWan, model: StarterModel, bank: ClipBank, folder: Path, defaults: Defaults) -> None:
    """Write the folder: safetensors in float16, configurations, `septet.json`."""
    preview_weight, preview_bias = fit_preview(vae, bank)
    pipeline = assemble(vae, model, defaults)
    pipeline.to(dtype=torch.float16).save_pretrained(folder)
    facts = {
        "title": "Septet starter",
        "native_size": [160, 96],
        "num_frames": 17,
        "frame_rate": 8,
        "upscale": 4,
        "delivery_rate": "24",
        "num_inference_steps": defaults.num_inference_steps,
        "guidance_scale": defaults.guidance_scale,
        "flow_shift": defaults.flow_shift,
        "guidance_interval": list(defaults.guidance_interval),
        "preview": {"weight": preview_weight, "bias": preview_bias},
        "prompts": list(PROMPTS),
        "knows": {kind: known_phrases()[kind] for kind in OBEYED},
        "known_words": known_words(),
    }
    (folder / "septet.json").write_text(json.dumps(facts, indent=2) + "\n")
