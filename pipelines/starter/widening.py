"""A transformer with more heads than the one it is made of, nearly the same in all it does (compare Chen et al. 2016,
Net2Net): so what hours of a CPU have taught is where minutes of a GPU begin."""

from __future__ import annotations

import math

import torch
from diffusers import WanVACETransformer3DModel
from torch import Tensor

from pipelines.starter.transformer import HEAD_WIDTH, build_transformer

# What reads new heads and hidden units, and does not listen to them at first
DEAF = ("to_out.0.weight", "net.2.weight", "linear_2.weight")
# What makes new heads and hidden units. All else writes to the shared channels, and writes nothing there at first.
HEADED = ("to_q", "to_k", "to_v", "norm_q", "norm_k")
HIDDEN = ("net.0.proj", "linear_1")
SCALE, GATE = 1, 2  # parts of what a block does with its step of time: shift, scale and gate, twice


@torch.no_grad()
def widened(transformer: WanVACETransformer3DModel, heads: int) -> WanVACETransformer3DModel:
    """The transformer with so many heads; one that has as many is left as it is.

    New heads begin as copies of the last. Layers normalise over all channels, of which the new ones are silent, so what
    the others are scaled by is less."""
    config, weights = transformer.config, transformer.state_dict()
    if config.num_attention_heads >= heads:
        return transformer
    wide = build_transformer(config.in_channels, config.num_layers, heads)
    less = math.sqrt(config.num_attention_heads / heads)
    for name, parameter in wide.state_dict().items():
        old = weights[name]
        if "scale_shift_table" in name:
            _change_table(parameter[0], old[0], less)
        elif "time_proj" in name:
            _change_steps(parameter.unflatten(0, (6, -1)), old.unflatten(0, (6, -1)), less)
        elif "norm2" in name:
            parameter[: len(old)] = old * (less if name.endswith("weight") else 1)
        else:
            if not any(part in name for part in HIDDEN):
                parameter[len(old) :] = 0
            _place(parameter, old)
            if name.endswith(DEAF):
                parameter[:, old.shape[1] :] = 0
            if any(part in name for part in HEADED):
                parameter[len(old) :] = parameter[len(old) - HEAD_WIDTH : len(old)]
    return wide


def _place(parameter: Tensor, old: Tensor) -> None:
    """Put the old rows and columns where they were."""
    parameter[tuple(slice(size) for size in old.shape)] = old


def _change_table(table: Tensor, old: Tensor, less: float) -> None:
    """Of (parts, channels), the new channels are neither scaled nor shifted; their gates stay as an untrained one's,
    for closed ones would never learn to open."""
    parts = torch.arange(len(table)) % 3
    table[parts != GATE, old.shape[1] :] = 0
    _place(table, old)
    table[parts == SCALE, : old.shape[1]] = less * (1 + old[parts == SCALE]) - 1


def _change_steps(rows: Tensor, old: Tensor, less: float) -> None:
    """The same of what a step of time adds to the table, (6, channels, ...)."""
    rows[:, old.shape[1] :] = 0
    _place(rows, old)
    rows[SCALE::3, : old.shape[1]] *= less
