"""What WanVACE is shown besides the noise: a video split by a mask, the mask itself, and reference pictures.

Pure functions on tensors, the same ones in training and in use. They compute what `prepare_video_latents` and
`prepare_masks` of diffusers' `WanVACEPipeline` compute (a test holds them to it), one clip at a time. Here z is the
number of latent channels, s the autoencoder's spatial factor, T its latent frames, R the number of references.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def pack_mask(mask: Tensor, spatial: int, temporal: int) -> Tensor:
    """A pixel mask as the model reads it: each s x s block of pixels becomes s*s channels of one latent pixel.

    (F, H, W) in 0..1, 1 where pixels are to be made; H and W multiples of `spatial` -> (s*s, T, H/s, W/s) with
    T = ceil(F / temporal). Time is sampled nearest-exact, as diffusers does, and values are not thresholded: of 9
    frames it reads 1, 4 and 7, so a mask on frame 0 alone leaves no trace here.
    """
    frames, height, width = mask.shape
    blocks = mask.reshape(frames, height // spatial, spatial, width // spatial, spatial)
    packed = blocks.permute(2, 4, 0, 1, 3).flatten(0, 1)
    size = ((frames + temporal - 1) // temporal, height // spatial, width // spatial)
    return F.interpolate(packed[None], size=size, mode="nearest-exact")[0]


def split_streams(video: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """(inactive, reactive): the video with what is to be made, or what is kept, at 0 (mid grey).

    `video` (3, F, H, W) in [-1, 1]; `mask` (F, H, W) in 0..1, thresholded at 0.5. Both results are shaped as `video`.
    """
    made = (mask > 0.5).to(video.dtype)
    return video * (1 - made), video * made


def control_tensor(
    inactive_latent: Tensor,
    reactive_latent: Tensor,
    packed_mask: Tensor,
    reference_latents: Sequence[Tensor] = (),
) -> Tensor:
    """The control the transformer takes, with references before the clip: (2z + s*s, R + T, h, w).

    `inactive_latent`, `reactive_latent` (z, T, h, w) and each of `reference_latents` (z, 1, h, w) are normalised
    latents; `packed_mask` (s*s, T, h, w). A reference is inactive content with no reactive part and a zero mask. They
    are placed in the order given (diffusers' pipeline puts the last one it was given first).
    """
    clip = torch.cat([inactive_latent, reactive_latent, packed_mask.to(inactive_latent)], dim=0)
    references = [
        torch.cat([reference, torch.zeros_like(reference), packed_mask.new_zeros(packed_mask[:, :1].shape)], dim=0)
        for reference in reference_latents
    ]
    return torch.cat([*references, clip], dim=1)
