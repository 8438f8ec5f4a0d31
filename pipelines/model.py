"""The resident model: one WanVACE folder in memory, shared by all seven modes.

It answers a `Conditioning` in three steps that can be cached, watched and cancelled apart: encode, denoise, decode.
It knows nothing of modes, requests, jobs or files other than its own weights, and no caller may change it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipelines.adapters import adapted
from pipelines.autoencoder import optimise_for_cpu
from pipelines.caching import Cache
from pipelines.checkpoints import ModelInfo
from pipelines.decoding import decode
from pipelines.encoding import encode
from pipelines.errors import InputError, OutOfMemory
from pipelines.loading import load_within_memory
from pipelines.pixels import on_white, principal_colours, to_frames, to_tensor
from pipelines.placement import choose_placement, place
from pipelines.progress import Pace
from pipelines.sampling import OnStep, Sampling, denoise, evened, seeded_noise
from pipelines.types import Conditioning, Frame, Frames
from pipelines.vace import control_tensor, pack_mask, split_streams


@dataclass(frozen=True)
class Encoded:
    """A conditioning as the transformer takes it.

    control        (1, 2z + s*s, R + T, h, w): what is given, what is to be made, and the mask; R references first
    known          (1, z, K, h, w) clean latents held in place, or None
    initial        (1, z, T, h, w) latents to start from, or None
    prompt         (1, L, D) text states
    unwanted       text states and control that guidance leads away from; None where they would be the same
    """

    control: Tensor
    prompt: Tensor
    unwanted: tuple[Tensor, Tensor] | None
    references: int
    scale: float
    known: Tensor | None = None
    initial: Tensor | None = None
    strength: float = 1.0


class LatentVideoModel:
    """Loads once, lives as long as its process. Not thread-safe: one worker, one job at a time."""

    def __init__(self, info: ModelInfo, device: str = "auto") -> None:
        """Load the folder. `device`: "auto", "cpu", "cuda", "cuda:1", "mps". Raises ModelMissing, OutOfMemory."""
        self.info = info
        self.placement, self._pipeline = load_within_memory(info, choose_placement(info.folder, device))
        self._pipeline.set_progress_bar_config(disable=True)
        self._vae: Any = self._pipeline.vae
        optimise_for_cpu(self._vae)
        self._mean, self._std = (
            torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1, 1)
            for values in (self._vae.config.latents_mean, self._vae.config.latents_std)
        )
        self.max_prompt_tokens = info.max_prompt_tokens
        self._prompts: Cache[Tensor] = Cache(64)
        self._latents: Cache[Tensor] = Cache(24)
        self._empty: Cache[Tensor] = Cache(16)
        self.encoder_calls = 0
        self.pace = Pace()

    def own_sampling(self, seed: int) -> Sampling:
        """As its folder recommends."""
        info = self.info
        return Sampling(
            info.num_inference_steps, info.guidance_scale, seed, info.flow_shift, info.guidance_interval
        )  # fmt: skip

    def release_memory(self) -> None:
        """Let go of everything that can be computed again, before a second try in too little memory."""
        for cache in (self._prompts, self._latents, self._empty):
            cache.clear()
        self._vae.clear_cache()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def shrink(self) -> bool:
        """Keep less of the model on the device from now on; False where nothing more can leave it."""
        placement = self.placement.smaller()
        if placement is None:
            return False
        self.placement = placement
        place(self._pipeline, placement)
        self.release_memory()
        return True

    @contextmanager
    def adapted(self, adapter: Path | None, weight: float) -> Iterator[None]:
        """The model with an adapter on it while the block lasts. Raises InputError for one that does not fit."""
        with adapted(self._pipeline, adapter, weight):
            yield

    # --- encode ---------------------------------------------------------------------------------------------

    def encode(self, conditioning: Conditioning) -> Encoded:
        """Everything the transformer needs to know, encoded or taken from the cache. Raises InputError."""
        video, mask = self._pixels(conditioning)
        with torch.inference_mode():
            start = video if conditioning.start_from is None else to_tensor(conditioning.start_from)
            inactive, reactive = split_streams(video, mask)
            hold = conditioning.hold
            if hold > conditioning.num_frames or (hold and (hold - 1) % self.info.temporal_factor):
                raise InputError(f"hold is {hold}; only 1, {self.info.temporal_factor + 1}, … frames can be held.")
            inactive_latents = self._encode_video(inactive)
            held = (hold - 1) // self.info.temporal_factor + 1 if hold else 0
            size = (conditioning.width, conditioning.height)
            references = [
                self._encode_video(to_tensor(on_white(image, *size)[None])) for image in conditioning.reference_images
            ]
            control = self._control(inactive_latents, self._encode_video(reactive), mask, references)
            prompt = self.encode_prompt(conditioning.prompt)
            unwanted = None
            if conditioning.prompt != conditioning.negative_prompt:
                unwanted = self.encode_prompt(conditioning.negative_prompt), control
            elif hold and self.info.guides_by_frames and not (mask[hold:] < 1).any():
                empty = self._encode_video(torch.zeros_like(video))
                unwanted = prompt, self._control(empty, empty, torch.ones_like(mask), references)
            return Encoded(
                control=control,
                prompt=prompt,
                unwanted=unwanted,
                references=len(references),
                scale=conditioning.conditioning_scale,
                # the encoder is causal: the first latents of the kept stream are those of the held frames alone
                known=inactive_latents[:, :, :held] if held else None,
                initial=self._encode_video(start) if conditioning.strength < 1 else None,
                strength=conditioning.strength,
            )

    def _control(self, inactive: Tensor, reactive: Tensor, mask: Tensor, references: list[Tensor]) -> Tensor:
        """(1, 2z + s*s, R + T, h, w) of latents (1, z, T, h, w), a mask (F, H, W) and pictures (1, z, 1, h, w)."""
        packed = pack_mask(mask, self.info.spatial_factor, self.info.temporal_factor)
        control = control_tensor(inactive[0], reactive[0], packed, [reference[0] for reference in references])
        return control[None].to(self.placement.device, self.placement.dtype)

    def encode_prompt(self, prompt: str) -> Tensor:
        """(1, L, D) text states, zero beyond the prompt's own tokens; remembered per prompt."""

        def compute() -> Tensor:
            with torch.inference_mode():
                states, _ = self._pipeline.encode_prompt(
                    prompt,
                    do_classifier_free_guidance=False,
                    max_sequence_length=self.max_prompt_tokens,
                    device=torch.device(self.placement.text_device),
                )
            return states.to(self.placement.device, self.placement.dtype)

        return self._prompts.get(prompt, compute)

    def _pixels(self, conditioning: Conditioning) -> tuple[Tensor, Tensor]:
        """(3, F, H, W) in -1..1 and (F, H, W) in 0..1, of exactly the size asked for: the model never checks."""
        count, height, width = conditioning.num_frames, conditioning.height, conditioning.width
        self.info.check_frames(count)
        self.info.check_size(width, height)
        video, mask = conditioning.video, conditioning.mask
        for name, frames in (("video", video), ("start_from", conditioning.start_from)):
            if frames is not None and (frames.dtype != np.uint8 or frames.shape != (count, height, width, 3)):
                raise InputError(
                    f"The conditioning {name} is {frames.dtype} {frames.shape}; "
                    f"it must be uint8 {(count, height, width, 3)}."
                )
        if mask is not None and (mask.dtype != np.uint8 or mask.shape != (count, height, width)):
            raise InputError(
                f"The conditioning mask is {mask.dtype} {mask.shape}; it must be uint8 {(count, height, width)}."
            )
        pixels = torch.zeros(3, count, height, width) if video is None else to_tensor(video)
        region = torch.ones(count, height, width) if mask is None else torch.from_numpy(mask).float() / 255
        return pixels, region

    def _encode_video(self, video: Tensor) -> Tensor:
        """(3, F, H, W) in -1..1 -> normalised latents (1, z, T, h, w), by content; an empty stream costs once."""

        def compute() -> Tensor:
            self.encoder_calls += 1
            device = self.placement.device
            latents = encode(self._vae, video[None], device).float()
            return (latents - self._mean.to(device)) / self._std.to(device)

        if not video.any():
            return self._empty.get(tuple(video.shape), compute)
        key = (hashlib.sha256(video.numpy().tobytes()).digest(), tuple(video.shape))
        return self._latents.get(key, compute)

    # --- denoise --------------------------------------------------------------------------------------------

    def denoise(self, encoded: Encoded, sampling: Sampling, on_step: OnStep | None = None) -> Tensor:
        """Clean latents (1, z, T, h, w) on the CPU. The same seed gives the same clip. `on_step` may raise."""
        device, dtype = self.placement.device, self.placement.dtype
        references = encoded.references
        z = self._vae.config.z_dim
        frames, height, width = encoded.control.shape[2:]
        noise = seeded_noise((1, z, frames, height, width), sampling.seed).to(device)
        if encoded.known is not None and encoded.known.shape[2] > 1:  # a clip goes on, and not from a picture alone
            noise = evened(noise)
        scales = torch.full((len(self._any_transformer.config.vace_layers),), encoded.scale, dtype=dtype, device=device)

        def predict(latents: Tensor, timestep: Tensor, done: float) -> Tensor:
            transformer = self._transformer_for(timestep)
            asked = [(encoded.prompt, encoded.control)]
            if encoded.unwanted is not None and sampling.guided(done):
                asked.append(encoded.unwanted)
            answers = [
                transformer(
                    hidden_states=latents.to(dtype),
                    timestep=timestep.expand(1),
                    encoder_hidden_states=text,
                    control_hidden_states=control,
                    control_hidden_states_scale=scales,
                    return_dict=False,
                )[0].float()
                for text, control in asked
            ]
            if len(answers) == 1:
                return answers[0]
            wanted, unwanted = answers
            return unwanted + sampling.guidance_scale * (wanted - unwanted)

        def watch(done: int, total: int, clean: Tensor) -> None:
            if on_step is not None:
                on_step(done, total, clean[:, :, references:])

        try:
            with torch.inference_mode():
                latents = denoise(
                    predict,
                    noise,
                    sampling,
                    initial=_behind_references(encoded.initial, noise, references),
                    strength=encoded.strength,
                    known=encoded.known,
                    known_at=references,
                    on_step=watch,
                )
        except torch.OutOfMemoryError as error:
            raise OutOfMemory(
                "The device ran out of memory while denoising. Choose a smaller size or fewer frames."
            ) from error
        return latents[:, :, references:].float().cpu()

    @property
    def _any_transformer(self) -> Any:
        return self._pipeline.transformer or self._pipeline.transformer_2

    def _transformer_for(self, timestep: Tensor) -> Any:
        """One transformer, or of two the one trained for this level of noise (Wan 2.2's boundary)."""
        boundary = self._pipeline.config.boundary_ratio
        if boundary is None or self._pipeline.transformer_2 is None:
            return self._any_transformer
        first, second = self._pipeline.transformer, self._pipeline.transformer_2
        return second if first is None or float(timestep) < boundary * 1000 else first

    # --- decode ---------------------------------------------------------------------------------------------

    def decode(self, latents: Tensor) -> Iterator[Frames]:
        """(1, z, T, h, w) -> chunks of uint8 frames, 1 then 4 at a time. Raises OutOfMemory."""
        return map(to_frames, decode(self._vae, self._raw(latents), self.placement.device))

    def preview(self, latents: Tensor) -> Frame:
        """A small (h, w, 3) picture of unfinished latents (1, z, T, h, w): the middle of the clip, roughly."""
        middle = latents[:, :, latents.shape[2] // 2]
        weight = self.info.preview.get("weight")
        if weight is None:
            picture = principal_colours(middle[0])
        else:
            matrix = torch.tensor(weight, dtype=torch.float32, device=latents.device)
            bias = torch.tensor(self.info.preview["bias"], dtype=torch.float32, device=latents.device)
            picture = torch.einsum("zhw,zc->hwc", middle[0].float(), matrix) + bias
        return (((picture.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)).cpu().numpy()

    def _raw(self, latents: Tensor) -> Tensor:
        return latents.float() * self._std.to(latents.device) + self._mean.to(latents.device)


def _behind_references(initial: Tensor | None, noise: Tensor, references: int) -> Tensor | None:
    """Latents to start from, with room for the reference frames in front."""
    if initial is None or not references:
        return initial
    return torch.cat([torch.zeros_like(noise[:, :, :references]), initial], dim=2)
