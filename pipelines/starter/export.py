"""The trained parts as an ordinary diffusers folder, with what Septet wants to know about them beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanVACEPipeline

from pipelines.sampling import Sampling
from pipelines.starter.clips import ClipLatents, LatentEncoder
from pipelines.starter.diorama.captions import known_phrases
from pipelines.starter.exercises import NATIVE
from pipelines.starter.transformer import StarterModel
from pipelines.starter.vocabulary import shown_words

LARGEST_FILE = "15MB"  # what weights are split into: no hosting of repositories minds files of that size
APPROACH = 3.0  # of the camera to a picture of which nobody says how it moves: 1.12 times in a native clip
MOVED_STRENGTH = 0.25  # the more of it, the more this model loses of moved frames; two of eight steps
REDRAWN_STRENGTH = 0.15  # of frames redrawn in a style likewise: one of eight steps in render, two in stylization
PROMPTS = (
    "a red car moving left in the street",
    "a dog walking on the beach at sunset",
    "a white rocket rising in space",
    "a blue boat moving right on the sea, watercolour painting",
    "a robot coming closer in the mountains, in fog",
    "a yellow chair in a room, the camera orbits to the left",
    "a horse walking in a field, the camera pans right",
    "a woman in red and a cat in the snow",
    "a castle in the forest at night, pixel art",
    "waves roll in on the beach",
)


@dataclass(frozen=True)
class Defaults:
    """How the starter is best sampled; `guidance_interval` in fractions of the steps."""

    num_inference_steps: int = 8
    guidance_scale: float = 2.5
    flow_shift: float = 3.0
    guidance_interval: tuple[float, float] = (0.0, 1.0)

    def sampling(self, seed: int) -> Sampling:
        """One clip's."""
        return Sampling(
            self.num_inference_steps, self.guidance_scale, seed, self.flow_shift, self.guidance_interval
        )  # fmt: skip


GUIDED = Defaults()
DISTILLED = Defaults(guidance_scale=1.0)


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


def fit_preview(encoder: LatentEncoder, clips: Sequence[ClipLatents]) -> tuple[list[list[float]], list[float]]:
    """The linear map from normalised latents to RGB in -1..1 that fits small pictures of the clips best.

    Returns weight (z rows of 3) and bias (3), from what the decoder makes of their latents.
    """
    latents, colours = [], []
    for clip in clips:
        clean = clip.clean[None].float()
        with torch.inference_mode():
            frames = encoder.vae.decode(clean * encoder.std + encoder.mean).sample[0].transpose(0, 1)
        small = torch.nn.functional.avg_pool2d(frames, 8)
        # the first latent frame is one picture, each later one the four it stands for
        means = torch.stack([small[0], *(small[i : i + 4].mean(0) for i in range(1, len(small), 4))])
        latents.append(clean[0].transpose(0, 1).flatten(2).transpose(1, 2).flatten(0, 1).numpy())
        colours.append(means.flatten(2).transpose(1, 2).flatten(0, 1).numpy())
    x, y = np.concatenate(latents), np.concatenate(colours)
    solution, *_ = np.linalg.lstsq(np.concatenate([x, np.ones((len(x), 1))], 1), y, rcond=None)
    return np.round(solution[:-1], 4).tolist(), np.round(solution[-1], 4).tolist()


def export(
    encoder: LatentEncoder, model: StarterModel, clips: Sequence[ClipLatents], folder: Path, defaults: Defaults
) -> None:
    """Write the folder: safetensors in float16, configurations, `septet.json`; on a CPU."""
    preview_weight, preview_bias = fit_preview(encoder, clips)
    pipeline = assemble(encoder.vae, model, defaults)
    pipeline.to(dtype=torch.float16).save_pretrained(folder, max_shard_size=LARGEST_FILE)
    facts = {
        "title": "Septet starter",
        "native_size": list(NATIVE),
        "num_frames": 17,
        "frame_rate": 8,
        "upscale": 4,
        "delivery_rate": "24",
        "num_inference_steps": defaults.num_inference_steps,
        "guidance_scale": defaults.guidance_scale,
        "flow_shift": defaults.flow_shift,
        "guidance_interval": list(defaults.guidance_interval),
        "guides_by_frames": True,
        "approach": APPROACH,
        "moved_strength": MOVED_STRENGTH,
        "redrawn_strength": REDRAWN_STRENGTH,
        "preview": {"weight": preview_weight, "bias": preview_bias},
        "prompts": list(PROMPTS),
        "knows": known_phrases(),
        "known_words": shown_words(),
    }
    (folder / "septet.json").write_text(json.dumps(facts, indent=2) + "\n")
    index = folder / "model_index.json"
    parts = json.loads(index.read_text())
    parts["tokenizer"][1] = "PreTrainedTokenizerFast"  # older releases of transformers do not know its newer name
    index.write_text(json.dumps(parts, indent=2) + "\n")
