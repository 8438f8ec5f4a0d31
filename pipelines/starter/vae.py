"""The starter's video autoencoder: its shape, its initialisation and fast whole-sequence passes.

The class is diffusers' own `AutoencoderKLWan`. Its `encode` and `decode` walk a clip chunk by chunk so that long clips
fit in memory; training wants the same numbers in one pass, with no clamp in the way of the gradient. The two
`*_sequence` functions give exactly that, and a test holds them to the chunked result.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import (
    WanAttentionBlock,
    WanCausalConv3d,
    WanResample,
    WanResidualBlock,
)
from torch import Tensor, nn

LATENT_CHANNELS = 16
SPATIAL_FACTOR = 8
TEMPORAL_FACTOR = 4


def build_vae(
    base_dim: int = 16, decoder_base_dim: int = 16, latent_channels: int = LATENT_CHANNELS
) -> AutoencoderKLWan:
    """An untrained autoencoder, 8x8x4, initialised so that it learns from the first step."""
    vae = AutoencoderKLWan(
        base_dim=base_dim,
        decoder_base_dim=decoder_base_dim,
        z_dim=latent_channels,
        dim_mult=[1, 2, 4, 4],
        num_res_blocks=1,
        attn_scales=[],
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * latent_channels,
        latents_std=[1.0] * latent_channels,
    )
    initialise(vae)
    return vae


@torch.no_grad()
def widened(vae: AutoencoderKLWan) -> AutoencoderKLWan:
    """The autoencoder with LATENT_CHANNELS, the same in all it does: what is new reads its pictures already and is not
    listened to yet. One that has as many is left as it is."""
    old = vae.config.z_dim
    if old == LATENT_CHANNELS:
        return vae
    wide = build_vae(vae.config.base_dim, vae.config.decoder_base_dim)
    kept = [*range(old), *range(LATENT_CHANNELS, LATENT_CHANNELS + old)]  # rows of means, then of log variances
    weights = vae.state_dict()
    for name, parameter in wide.state_dict().items():
        rows = kept if name.startswith(("encoder.conv_out", "quant_conv")) else slice(len(weights[name]))
        if name.startswith("quant_conv.weight"):
            parameter[kept] = 0
            parameter[torch.tensor(kept)[:, None], kept] = weights[name]
        elif name in ("post_quant_conv.weight", "decoder.conv_in.weight"):
            parameter[: len(weights[name])] = 0
            parameter[: len(weights[name]), :old] = weights[name]
        else:
            parameter[rows] = weights[name]
    return wide


@torch.no_grad()
def initialise(vae: AutoencoderKLWan) -> None:
    """Keep the signal's variance through every layer; the class's default lets it die on the way (the model then
    predicts the mean of its data for ever). Temporal kernels start on the current frame alone."""
    for module in vae.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            fan_in = module.weight[0].numel()
            causal = isinstance(module, WanCausalConv3d) and module.kernel_size[0] == 3 and module.stride[0] == 1
            if causal:
                fan_in //= 3
            nn.init.normal_(module.weight, std=1.0 / math.sqrt(fan_in))
            if causal:
                module.weight[:, :, :-1].mul_(0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in vae.modules():
        if isinstance(module, WanResidualBlock):
            module.conv2.weight.mul_(0.1)
    _carry_colour(vae)


def _carry_colour(vae: AutoencoderKLWan) -> None:
    """Lay a path for red, green and blue and their opposites through channels 0..5 of every layer, so that the model
    starts as a blurred copy. Without it colour, a tenth of the signal, is given up early and never comes back."""
    paired = 6
    for module in vae.modules():
        if isinstance(module, WanResidualBlock) and isinstance(module.conv_shortcut, nn.Conv3d):
            weight = module.conv_shortcut.weight
            weight[:paired] = 0
            weight[range(paired), range(paired)] = 1.0
        elif isinstance(module, WanResample):
            down = module.mode.startswith("down")
            convolution = module.resample[1].weight
            convolution[:paired] = 0
            for i in range(paired):
                if down:
                    convolution[i, i, :2, :2] = 0.25
                else:
                    convolution[i, i, 1, 1] = 1.0
            if module.mode.endswith("3d"):
                _carry_time(module.time_conv.weight, paired, down)
        elif isinstance(module, WanAttentionBlock):
            module.proj.weight.mul_(0.1)
    for identity in (vae.post_quant_conv.weight, vae.quant_conv.weight):
        identity.zero_()
        identity[range(len(identity)), range(len(identity))] = 1.0
    for first in (vae.encoder.conv_in.weight, vae.decoder.conv_in.weight):
        first[:paired] = 0
        for i in range(3):
            first[i, i, 2, 1, 1] = 1.0
            first[i + 3, i, 2, 1, 1] = -1.0
    for last, gain in ((vae.encoder.conv_out.weight, 1.0), (vae.decoder.conv_out.weight, 0.5)):
        last[:3] *= 0.1
        for i in range(3):
            last[i, i, 2, 1, 1] = gain
            last[i, i + 3, 2, 1, 1] = -gain


def _carry_time(weight: Tensor, paired: int, down: bool) -> None:
    """A temporal kernel (out, in, 3, 1, 1) that averages two frames into one, or writes one frame twice."""
    half = weight.shape[0] // 2
    for i in range(paired):
        if down:
            weight[i] = 0
            weight[i, i, 1:] = 0.5
        else:
            weight[[i, half + i]] = 0
            weight[[i, half + i], i, 2] = 1.0


def _resample_frames(layer: WanResample, x: Tensor) -> Tensor:
    """The spatial half of a resampling layer: (B, C, F, H, W) -> (B, C', F, H', W')."""
    batch, channels, frames, height, width = x.shape
    flat = x.transpose(1, 2).reshape(batch * frames, channels, height, width)
    flat = layer.resample(flat)
    return flat.view(batch, frames, *flat.shape[1:]).transpose(1, 2)


def _downsample(layer: WanResample, x: Tensor) -> Tensor:
    x = _resample_frames(layer, x)
    if layer.mode == "downsample3d" and x.shape[2] > 1:
        # The first frame is a picture of its own and skips the temporal kernel.
        x = torch.cat([x[:, :, :1], layer.time_conv(x)], dim=2)
    return x


def _upsample(layer: WanResample, x: Tensor) -> Tensor:
    if layer.mode == "upsample3d" and x.shape[2] > 1:
        batch, channels, frames, height, width = x.shape
        pairs = layer.time_conv(x[:, :, 1:]).view(batch, 2, channels, frames - 1, height, width)
        rest = pairs.permute(0, 2, 3, 1, 4, 5).reshape(batch, channels, 2 * (frames - 1), height, width)
        x = torch.cat([x[:, :, :1], rest], dim=2)
    return _resample_frames(layer, x)


def encode_sequence(vae: AutoencoderKLWan, video: Tensor) -> Tensor:
    """The posterior mode of a whole clip in one pass, not normalised.

    (B, 3, F, H, W) in [-1, 1], F = 4k + 1, H and W multiples of 8 -> (B, z, k + 1, H/8, W/8).
    """
    encoder = vae.encoder
    x = encoder.conv_in(video)
    for layer in encoder.down_blocks:
        x = _downsample(layer, x) if isinstance(layer, WanResample) else layer(x)
    x = encoder.conv_out(encoder.nonlinearity(encoder.norm_out(encoder.mid_block(x))))
    return cast(Tensor, vae.quant_conv(x)).chunk(2, dim=1)[0]


def decode_sequence(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """The clip of latents that are not normalised, in one pass and not clamped: (B, z, T, h, w) -> (B, 3, F, H, W)."""
    decoder = vae.decoder
    x = decoder.mid_block(decoder.conv_in(vae.post_quant_conv(latents)))
    for block in decoder.up_blocks:
        for resnet in block.resnets:
            x = resnet(x)
        if block.upsamplers is not None:
            x = _upsample(block.upsamplers[0], x)
    return cast(Tensor, decoder.conv_out(decoder.nonlinearity(decoder.norm_out(x))))
