"""Where in a clip the parts of a subject's look belong: where the subject is, if it is as large as in its look."""

from __future__ import annotations

import torch
from torch import Tensor

from pipelines.starter.concepts import COLUMNS, LEFT, PARTS, ROWS, TOP
from pipelines.starter.diorama.recogniser import FILLED, span

ALIKE = 2.0  # cells that a subject may be higher or wider than its look


def boxes_of(planes: Tensor) -> Tensor:
    """(..., h, w) in 0..1, how much of each cell is filled -> (..., 4): row and column of the middle, height and width
    of what is, in cells; 0 where nothing is."""
    filled = planes > (FILLED * planes.amax(dim=(-2, -1), keepdim=True)).clamp_min(1e-3)
    (top, bottom), (left, right) = (span(filled.any(dim=dim)) for dim in (-1, -2))
    boxes = torch.stack([(top + bottom) / 2, (left + right) / 2, bottom - top, right - left], dim=-1)
    return boxes * filled.any(dim=-1).any(dim=-1)[..., None]


def boxes_of_looks(looks: Tensor) -> Tensor:
    """(kinds, PARTS, 4z) -> (kinds, 4): where in a picture of the native size each look is, as `boxes_of` says it."""
    cells = looks.float().unflatten(2, (-1, 2, 2)).square().sum(dim=2)
    planes = cells.unflatten(1, (ROWS, COLUMNS)).transpose(2, 3).flatten(3, 4).flatten(1, 2)
    return boxes_of(planes) + torch.tensor([2.0 * TOP, 2.0 * LEFT, 0, 0], device=looks.device)


def belonging(parts: Tensor, cover: Tensor, boxes: Tensor) -> Tensor:
    """(B, T, h / 2, w / 2) for each patch which token is its part of the subject's look, or -1.

    `parts` (B, L): 0 for an ordinary token, else one more than the number of its part among all parts; `cover`
    (B, T, h, w) where subjects are; `boxes` (kinds, 4) of the looks. Nothing belongs anywhere where not one subject is
    named, or its size in a frame is not that of its look."""
    if not len(boxes):
        return torch.full((*cover.shape[:2], cover.shape[2] // 2, cover.shape[3] // 2), -1, device=cover.device)
    named = (parts > 0).sum(dim=1) == PARTS
    first = (parts > 0).int().argmax(dim=1)
    look = boxes[(parts.amax(dim=1) - 1).clamp_min(0) // PARTS]
    seen = boxes_of(cover)
    alike = ((seen[..., 2:] - look[:, None, 2:]).abs() <= ALIKE).all(dim=-1) & (seen[..., 2] > 0) & named[:, None]
    row, column = (
        torch.arange(size // 2, device=cover.device) - ((seen[..., axis, None] - look[:, None, axis, None]) / 2).round()
        - begin
        for axis, size, begin in ((0, cover.shape[2], TOP), (1, cover.shape[3], LEFT))
    )  # fmt: skip
    inside = ((row >= 0) & (row < ROWS))[..., :, None] & ((column >= 0) & (column < COLUMNS))[..., None, :]
    token = first[:, None, None, None] + row[..., :, None] * COLUMNS + column[..., None, :]
    return torch.where(inside & alike[..., None, None], token.long(), -1)


def lookup_error(shares: Tensor, belongs: Tensor) -> Tensor:
    """(B,) how little of their attention to the words goes from tokens to the parts of looks that `belongs` there
    (B, T, h / 2, w / 2), in nats; 0 where none does. `shares` (B, heads, N, L) are logarithms."""
    wanted = belongs.flatten(1)
    said = shares.gather(3, wanted.clamp_min(0)[:, None, :, None].expand(*shares.shape[:3], 1)).mean(dim=1)[..., 0]
    asked = wanted >= 0
    return -(said * asked).sum(dim=1) / asked.sum(dim=1).clamp_min(1)
