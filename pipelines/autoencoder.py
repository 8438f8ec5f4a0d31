"""The autoencoder of the Wan family on a CPU: the same numbers, computed in ways that suit it.

torch sends small float32 3-D convolutions of a single clip to a generic kernel; folding the temporal taps into the
channels and time into the batch gives the same sums to the vectorised 2-D one. Its norm over channels, which are not
what lies side by side in memory, takes several times as long as squaring and summing.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d, WanRMS_norm
from torch import Tensor


def optimise_for_cpu(vae: Any) -> None:
    """Let the causal convolutions and the norms of an autoencoder run so wherever it is on a CPU. Its weights are not
    touched."""
    for module in vae.modules():
        if isinstance(module, WanCausalConv3d):
            module.forward = MethodType(_folded, module)
        elif isinstance(module, WanRMS_norm):
            module.forward = MethodType(_normalised, module)


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


def _normalised(self: Any, x: Tensor) -> Tensor:
    """Each position's channels scaled to a mean square of one, then by `gamma`; shaped as `x`, (B, C, ...)."""
    if not self.channel_first or x.device.type != "cpu" or x.dtype != torch.float32:
        return WanRMS_norm.forward(self, x)
    smallest = 1e-24  # of the squared length, as F.normalize has it
    length = x.square().sum(dim=1, keepdim=True).clamp_min_(smallest).rsqrt_()
    return x * length * (self.scale * self.gamma) + self.bias
