"""Parts of clips: windows cut from their latents, mostly around a subject (compare Wang et al. 2023, patch diffusion).

Most of a frame is the place, which is soon learnt. A part has a quarter of a frame's cells and the subject fills most
of it, so several times as many of them are seen in the same time. Where in the frame a part lies it does not tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from pipelines.starter.batch import Picked
from pipelines.starter.vae import SPATIAL_FACTOR

SIDE = 8  # latent cells
ELSEWHERE = 0.15  # of all parts lie anywhere
ASIDE = 2  # cells, at most, from a subject's cell to the middle of its part


def part_side(height: int, width: int) -> int:
    """Of a part of frames with so many latent cells."""
    return min(SIDE, height, width)


def in_parts(picked: Picked, rng: np.random.Generator) -> Picked:
    """One part of each clip of a batch that has no references."""
    side = part_side(*picked.cover.shape[2:])
    corners = [_corner(cover.float().mean(dim=0), side, rng) for cover in picked.cover]

    def cut(planes: Tensor, high: int = 1) -> Tensor:
        return torch.stack(
            [
                each[..., high * top : high * (top + side), left : left + side]
                for each, (top, left) in zip(planes, corners, strict=True)
            ]
        )

    return replace(
        picked, clean=cut(picked.clean), inactive=cut(picked.inactive), reactive=cut(picked.reactive),
        mask=cut(picked.mask, SPATIAL_FACTOR),  # eight pixels across are one byte
        beside=picked.beside[..., :side, :side], cover=cut(picked.cover), whole=False,
    )  # fmt: skip


def _corner(cover: Tensor, side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top and left of a part, of which a random cell of the subject, if there is one, is about the middle."""
    height, width = cover.shape
    weights = cover.flatten().double().numpy()
    if weights.sum() > 0 and rng.random() >= ELSEWHERE:
        row, column = divmod(int(rng.choice(len(weights), p=weights / weights.sum())), width)
        aside = rng.integers(-ASIDE, ASIDE + 1, 2)
        top, left = row - side // 2 + int(aside[0]), column - side // 2 + int(aside[1])
    else:
        top, left = int(rng.integers(height)), int(rng.integers(width))
    return min(max(top, 0), height - side), min(max(left, 0), width - side)
