"""Frames become latents on the device or, where it has too little memory for that, in main memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pipelines.errors import OutOfMemory, is_out_of_memory


def encode(vae: Any, pixels: Tensor, device: str) -> Tensor:
    """(1, 3, F, H, W) in -1..1 -> (1, z, T, h, w) latents on `device`, as the autoencoder has them.

    `vae` is back on `device` afterwards. Raises OutOfMemory when it does not fit where memory is largest.
    """
    for place in dict.fromkeys((device, "cpu")):
        try:
            if place != device:
                vae.to(place)
            return _encoded(vae, pixels.to(place)).to(device)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        finally:
            vae.clear_cache()
            if place != device:
                vae.to(device)
        # outside the handler, where what the failed attempt made is no longer held by its traceback
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    raise OutOfMemory("There is not enough memory to encode this clip. Choose a smaller size or fewer frames.")


def _encoded(vae: Any, pixels: Tensor) -> Tensor:
    latents: Tensor = vae.encode(pixels.to(vae.dtype)).latent_dist.mode()
    return latents
