"""Parts of clips: windows cut from their latents, mostly around a subject (compare Wang et al. 2023, patch diffusion).

Most of a frame is the place, which is soon learnt. A part has a quarter of a frame's cells and the subject fills most
of it, so several times as many of them are seen in the same time. Where in the frame a part lies it does not tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from pipelines.starter.batch import Picked, unknown_origins
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
    tops, lefts = _corners(picked.cover.float().mean(dim=1), side, rng)
    columns = (lefts[:, None] + torch.arange(side))[:, None, :]

    def cut(planes: Tensor, high: int = 1) -> Tensor:
        rows = (high * tops[:, None] + torch.arange(high * side))[:, :, None]
        ahead = planes.flatten(1, -3)  # one index for each clip's planes, whatever they are
        clip = torch.arange(len(planes))[:, None, None]
        cells = ahead.permute(0, 2, 3, 1)[clip, rows, columns]
        return cells.permute(0, 3, 1, 2).reshape(*planes.shape[:-2], high * side, side)

    return replace(
        picked, clean=cut(picked.clean), inactive=cut(picked.inactive), reactive=cut(picked.reactive),
        mask=cut(picked.mask, SPATIAL_FACTOR),  # eight pixels across are one byte
        beside=picked.beside[..., :side, :side], cover=cut(picked.cover),
        origins=unknown_origins(len(tops), picked.clean.shape[2], side, side), whole=False,
    )  # fmt: skip


def _corners(cover: Tensor, side: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Tops and lefts (B,) of parts of frames (B, h, w), of which a random cell of the subject, if there is one, is
    about the middle."""
    count, height, width = cover.shape
    sums = cover.flatten(1).double().cumsum(dim=1)
    total = sums[:, -1:]
    aimed = (total[:, 0] > 0) & torch.from_numpy(rng.random(count) >= ELSEWHERE)
    cell = torch.searchsorted(sums, total * torch.from_numpy(rng.random((count, 1))), right=True)[:, 0]
    rows, columns = (
        torch.where(aimed, at - side // 2 + _draws(rng, -ASIDE, ASIDE + 1, count), _draws(rng, 0, sides, count))
        for at, sides in ((cell // width, height), (cell % width, width))
    )
    return rows.clamp(0, height - side), columns.clamp(0, width - side)


def _draws(rng: np.random.Generator, low: int, high: int, count: int) -> Tensor:
    return torch.from_numpy(rng.integers(low, high, count))
