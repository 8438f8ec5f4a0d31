"""The saved model with its recommended settings, asked in pixels: no request, no plan, nothing pasted back."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import WanVACEPipeline
from torch import Tensor

from pipelines.autoencoder import optimise_for_cpu
from pipelines.pixels import to_tensor
from pipelines.sampling import Sampling, denoise, seeded_noise
from pipelines.types import Frames, Mask
from pipelines.vace import control_tensor, pack_mask, split_streams

WIDTH, HEIGHT = 160, 96
FRAMES = 17


class Sampler:
    """The saved model with its recommended settings, asked in pixels."""

    def __init__(self, folder: Path) -> None:
        self.pipeline = WanVACEPipeline.from_pretrained(str(folder), dtype=torch.float32)
        self.pipeline.set_progress_bar_config(disable=True)
        facts = json.loads((folder / "septet.json").read_text())
        low, high = facts["guidance_interval"]
        self.settings = (facts["num_inference_steps"], facts["guidance_scale"], facts["flow_shift"], (low, high))
        self.vae = self.pipeline.vae
        optimise_for_cpu(self.vae)
        self.mean = torch.tensor(self.vae.config.latents_mean).view(1, -1, 1, 1, 1)
        self.std = torch.tensor(self.vae.config.latents_std).view(1, -1, 1, 1, 1)

    def encode(self, video: Tensor) -> Tensor:
        """(3, F, H, W) in [-1, 1] -> normalised latents (z, T, h, w)."""
        latents = self.vae.encode(video[None]).latent_dist.mode()
        return ((latents - self.mean) / self.std)[0]

    def decode(self, latents: Tensor) -> Frames:
        """(1, z, T, h, w) normalised -> (F, H, W, 3) uint8."""
        video = self.vae.decode(latents * self.std + self.mean).sample[0]
        return ((video.permute(1, 2, 3, 0) + 1) * 127.5).round().clamp(0, 255).byte().numpy()

    @torch.inference_mode()
    def __call__(
        self, prompt: str, seed: int, video: Frames | None = None, mask: Mask | None = None, held: int = 0
    ) -> Frames:
        """A clip of FRAMES frames; `held` latent frames of the given video are kept in place."""
        pixels = torch.zeros(3, FRAMES, HEIGHT, WIDTH) if video is None else to_tensor(video)
        region = torch.ones(FRAMES, HEIGHT, WIDTH) if mask is None else torch.from_numpy(mask).float() / 255
        inactive, reactive = (self.encode(stream) for stream in split_streams(pixels, region))
        control = control_tensor(inactive, reactive, pack_mask(region, 8, 4))[None]
        texts = [self._states(prompt), self._states("")]
        steps, guidance, shift, interval = self.settings
        sampling = Sampling(steps, guidance, seed, shift, interval)

        def predict(latents: Tensor, timestep: Tensor, done: float) -> Tensor:
            guided = sampling.guided(done)
            count = 2 if guided else 1
            answer: Tensor = self.pipeline.transformer(
                hidden_states=latents.expand(count, -1, -1, -1, -1),
                timestep=timestep.expand(count),
                encoder_hidden_states=torch.cat(texts[:count]),
                control_hidden_states=control.expand(count, -1, -1, -1, -1),
                return_dict=False,
            )[0]
            return answer[1:] + guidance * (answer[:1] - answer[1:]) if guided else answer

        noise = seeded_noise((1, inactive.shape[0], *control.shape[2:]), seed)
        known = inactive[None, :, :held] if held else None
        return self.decode(denoise(predict, noise, sampling, known=known))

    def _states(self, prompt: str) -> Tensor:
        states, _ = self.pipeline.encode_prompt(
            prompt,
            do_classifier_free_guidance=False,
            max_sequence_length=self.pipeline.tokenizer.model_max_length,
            device=torch.device("cpu"),
        )
        return torch.as_tensor(states)
