"""Where in a reference picture the parts of a subject are: what is shown alone on white is to be copied from there.

As with a word's look, the loss of a flow says too little of it: that a subject is the one in the picture changes few
numbers. Training asks attention for it (`readouts.py`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from pipelines.starter.batch import Batch
from pipelines.starter.clips import LatentEncoder
from pipelines.starter.diorama.subjects import KINDS
from pipelines.starter.lookup import boxes_of
from pipelines.starter.vae import SPATIAL_FACTOR

# How far, squared, a cell's latents are from those of white: at most so far all around a picture that shows a subject
# alone (0.2 in forty of those, 9 and more in others), at least so far where the subject is
WHITE, SUBJECT = 1.0, 2.0


class Likeness:
    """Finds them in the first picture beside a clip, by what that autoencoder makes of a white one."""

    def __init__(self, encoder: LatentEncoder) -> None:
        self.encoder = encoder
        self._white: dict[tuple[int, int], Tensor] = {}

    def __call__(self, batch: Batch) -> Tensor:
        """(B, R + T, h / 2, w / 2, 2) row and column, in patches, where the first reference shows the part of the
        subject that a patch of a clip shows; NaN where that shows none, or the picture anything but one subject."""
        count, frames, height, width = batch.cover.shape
        if not batch.references:
            return batch.cover.new_full((count, frames, height // 2, width // 2, 2), torch.nan)
        away = (batch.clean[:, :, 0].float() - self._latents_of_white(height, width)).square().sum(dim=1)
        rim = torch.cat([away[:, [0, -1]].flatten(1), away[:, :, [0, -1]].flatten(1)], dim=1)
        alone = (rim.amax(dim=1) < WHITE) & (batch.labels[:, : len(KINDS)].amax(dim=1) == 1)
        shown = boxes_of((away > SUBJECT).float())
        return within(batch.cover, torch.where(alone[:, None], shown, 0))

    def _latents_of_white(self, height: int, width: int) -> Tensor:
        if (height, width) not in self._white:
            picture = torch.ones(1, 3, 1, SPATIAL_FACTOR * height, SPATIAL_FACTOR * width)
            self._white[height, width] = self.encoder(picture)[:, :, 0]
        return self._white[height, width]


def within(cover: Tensor, boxes: Tensor) -> Tensor:
    """(B, T, h / 2, w / 2, 2) row and column, in patches, where `boxes` (B, 4), as `boxes_of` has them, show what each
    patch shows of a subject that fills so much of `cover` (B, T, h, w): its box there goes onto the other. NaN where a
    patch shows nothing of it, or its box there reaches the frame's edge, past which more of it may be, or the other is
    empty."""
    seen, edge = boxes_of(cover), cover.new_tensor(cover.shape[2:])
    rows, columns = (torch.arange(size // 2, device=cover.device) * 2 + 1.0 for size in cover.shape[2:])
    points = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    middle, side = seen[:, :, None, None, :2], seen[:, :, None, None, 2:]
    onto = boxes[:, None, None, None]
    places = onto[..., :2] + (points - middle) * onto[..., 2:] / side.clamp_min(1)
    shows = cover.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).mean(dim=(3, 5)) > 0.5
    inside = ((middle > side / 2) & (middle + side / 2 < edge)).all(dim=-1)
    known = shows & inside & (side > 0).all(dim=-1) & (onto[..., 2:] > 0).all(dim=-1)
    return torch.where(known[..., None], places / 2 - 0.5, torch.nan)
