"""What the subject is and its colour, told from a square cut out around it.

A form is how parts lie to each other, so it is read where it fills the picture: what is averaged over a whole frame, or
over all of the subject, says little of it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.starter.diorama.lessons import ASKED

RECOGNISED = ("subject", "colour")
SIDE = 40  # pixels of a cut-out
AROUND = 1.12  # how much wider than the subject it is
FILLED = 0.3  # of the fullest cell: from there on a cell is the subject's
LOOSE = (0.15, 0.12)  # how far a cut-out to learn from is moved, in half sides, and how much it is sized


def squares(where: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 1, h, w) in 0..1, how much of each cell the subject fills -> its middle and the half side of the square
    around it, (B, 2) each, across and down, where a frame reaches from -1 to 1."""
    filled = where[:, 0] > FILLED * where.flatten(1).amax(dim=1).clamp_min(1e-3).view(-1, 1, 1)
    cells = torch.tensor(where.shape[:1:-1], device=where.device)  # across, down
    first, last = (torch.stack(parts, dim=1) for parts in zip(*(span(filled.any(dim)) for dim in (1, 2)), strict=True))
    side = (last - first).amax(dim=1, keepdim=True) + 0.5
    return (first + last) / cells - 1, AROUND * side / cells


def span(line: Tensor) -> tuple[Tensor, Tensor]:
    """(..., n) bool -> where the True ones begin and end; n and 0 where there are none."""
    index = torch.arange(line.shape[-1], device=line.device)
    return (
        torch.where(line, index, line.shape[-1]).amin(dim=-1).float(),
        torch.where(line, index + 1, 0).amax(dim=-1).float(),
    )


def cut_out(frames: Tensor, where: Tensor, drawing: torch.Generator | None = None) -> Tensor:
    """(B, 4, SIDE, SIDE): of frames (B, 3, H, W) in 0..1 the square around the subject, dark past their edges, and how
    much of it is where the subject is. With `drawing` it is moved and sized a little, and mirrored by chance."""
    middle, half = squares(where)
    across = torch.ones(len(frames), device=frames.device)
    if drawing is not None:
        chance = torch.rand(len(frames), 4, generator=drawing).to(frames.device) * 2 - 1
        middle = middle + half * LOOSE[0] * chance[:, :2]
        half = half * (1 + LOOSE[1] * chance[:, 2:3])
        across = chance[:, 3].sign()
    half = torch.stack([half[:, 0] * across, half[:, 1]], dim=1)
    affine = torch.cat([torch.diag_embed(half), middle[:, :, None]], dim=2)
    grid = F.affine_grid(affine, [len(frames), 3, SIDE, SIDE], align_corners=False)
    return torch.cat([F.grid_sample(part, grid, align_corners=False) for part in (frames, where)], dim=1)


class Block(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(),
            nn.Conv2d(outer, outer, 3, 1, 1, bias=False), nn.BatchNorm2d(outer),
        )  # fmt: skip
        self.shortcut = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.path(x) + self.shortcut(x))


class Recogniser(nn.Module):
    """(B, 4, SIDE, SIDE) of `cut_out` -> a row of scores per question of RECOGNISED."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(4, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            *(Block(inner * width, outer * width, 2) for inner, outer in ((1, 2), (2, 4), (4, 8))),
        )  # fmt: skip
        self.drop = nn.Dropout(0.2)
        self.heads = nn.ModuleDict({name: nn.Linear(48 * width, len(ASKED[name])) for name in RECOGNISED})

    def forward(self, cut: Tensor) -> dict[str, Tensor]:
        x = self.body(cut * 2 - 1)
        quarters = F.adaptive_avg_pool2d(x, 2).flatten(1)
        pooled = self.drop(torch.cat([quarters, x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))
        return {name: head(pooled) for name, head in self.heads.items()}
