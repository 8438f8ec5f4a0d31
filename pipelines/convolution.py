"""The autoencoder's causal 3-D convolutions on a CPU, computed as the 2-D convolutions they are sums of.

torch sends small float32 3-D convolutions of a single clip to a generic kernel; folding the temporal taps into the
channels and time into the batch gives the same sums to the vectorised 2-D one.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d
from torch import Tensor


def fold_time(vae: Any) -> None:
    """Let every causal convolution of an autoencoder on a CPU run folded. Its weights are not touched."""
    for module in vae.modules():
        if isinstance(module, WanCausalConv3d):
            module.forward = MethodType(_folded, module)


def _folded(self: Any, x: Tensor, cache_x: Tensor | None = None) -> Tensor:
    """(1, C, T, H, W), with the last frames seen before in `cache_x` -> (1, C', T', H', W')."""
    if x.shape[0] != 1 or x.device.type != "cpu":
        return WanCausalConv3d.forward(self, x, cache_x)
    left, _, top, _, before, _ = self._padding
    frames = x[0].transpose(0, 1)  # (T, C, H, W)
    if cache_x is not None and before > 0:
        frames = torch.cat([cache_x[0].transpose(0, 1), frames])
        before = max(0, before - cache_x.shape[2])
    if before:
        frames = torch.cat([frames.new_zeros(before, *frames.shape[1:]), frames])
    taps, step = self.kernel_size[0], self.stride[0]
    count = (len(frames) - taps) // step + 1
    shifted = [frames[tap : tap + step * (count - 1) + 1 : step] for tap in range(taps)]
    stacked = shifted[0] if taps == 1 else torch.cat(shifted, dim=1)  # (T', taps * C, H, W)
    weight = self.weight.transpose(1, 2).flatten(1, 2)
    folded = F.conv2d(stacked, weight, self.bias, self.stride[1:], (top, left))
    return folded.transpose(0, 1)[None]
