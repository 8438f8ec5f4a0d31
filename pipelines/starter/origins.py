"""Where what a clip shows was before, patch by patch, by the scene's true geometry: how a camera's move and a subject's
way show.

Of a word such as "pan" a flow's loss says even less than of a form: nearly the same numbers, a little aside. Training
asks attention for it instead (`readouts.py`).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.starter.diorama.stage import Camera, Floats
from pipelines.starter.diorama.tables import NEAR, in_frame, in_space, lens
from pipelines.starter.lookup import boxes_of
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR

PATCH = 2 * SPATIAL_FACTOR  # pixels to each side of what a token stands for
ALIKE = 0.1  # by how much of its depth a point may differ from what is seen in its place


def origins(camera: Camera, depth: Floats, masks: Tensor) -> Tensor:
    """(2, T, h / 2, w / 2, 2) float16: row and column, in patches, of what each patch shows, in the clip's first frame
    and in the latent frame before; NaN where it is not seen there.

    `depth` (F, H, W) metres along the view; `masks` (2, F, H, W) in 0..1 of the subjects, which go their own way: from
    the box around one to the box around it before."""
    count, height, width = depth.shape
    times = [0, *range(TEMPORAL_FACTOR - 1, count, TEMPORAL_FACTOR)]
    rows, columns = (np.arange(size // PATCH) * PATCH + PATCH // 2 for size in (height, width))
    y, x = np.meshgrid(rows, columns, indexing="ij")
    found = np.full((2, len(times), *y.shape, 2), np.nan)
    to_space, boxes = lens(camera, (width, height)), boxes_of(masks).numpy()
    for index, now in enumerate(times[1:], start=1):
        points = in_space(camera, to_space, now, np.dstack([x, y]), depth[now, y, x])
        for which, before in enumerate((times[0], times[index - 1])):
            places = _unless_hidden(*in_frame(camera, to_space, before, points), depth[before])
            for mask, box in zip(masks[:, now].numpy(), boxes, strict=True):
                own = mask[y, x] > 0.5
                places[own] = _carried(np.dstack([y, x]), box[now], box[before], (height, width))[own]
            found[which, index] = (places - (PATCH - 1) / 2) / PATCH
    return torch.from_numpy(found).half()


def _unless_hidden(places: Floats, reach: Floats, depth: Floats) -> Floats:
    """(h, w, 2) row and column of points at places (h, w, 2), across and down, so deep (h, w) in a frame; NaN where
    others, nearer by the `depth` (H, W) that is seen, or its edge hide them."""
    places = places[..., ::-1]
    inside = _within(places, *depth.shape)
    row, column = np.where(inside[..., None], np.rint(places), 0).astype(int).transpose(2, 0, 1)
    there = np.abs(depth[row, column] / np.maximum(reach, NEAR) - 1) < ALIKE
    return np.where((inside & there)[..., None], places, np.nan)


def _carried(points: Floats, now: Floats, before: Floats, size: tuple[int, int]) -> Floats:
    """(h, w, 2) where points (h, w, 2), row and column in pixels, were if they went with a box, as `boxes_of` has it;
    NaN where that was out of sight in frames of `size` (height, width)."""
    moved = before[:2] + (points + 0.5 - now[:2]) * before[2:] / np.maximum(now[2:], 1) - 0.5
    seen = _within(moved, *size) & before[2:].all()
    return np.where(seen[..., None], moved, np.nan)


def _within(places: Floats, height: int, width: int) -> NDArray[np.bool_]:
    y, x = places[..., 0], places[..., 1]
    return (y > -0.5) & (y < height - 0.5) & (x > -0.5) & (x < width - 0.5)


def origin_error(shares: Tensor, origins: Tensor, references: int) -> Tensor:
    """(B,) how little of their attention to other tokens goes from tokens to the up to four around each of their
    `origins` (B, 3, T, h / 2, w / 2, 2), in nats; 0 where none has any. `shares` (B, 3, N, N) are logarithms, of a head
    for the first frame after so many `references`, one for the frame before and one for the first reference."""
    frames, rows, columns = origins.shape[2:5]
    asked, places = ~origins[..., 0].isnan(), origins.float().nan_to_num(0)
    time = torch.arange(frames, device=places.device)
    first, before, shown = torch.full_like(time, references), (time - 1).clamp_min(0), torch.zeros_like(time)
    looked_at = torch.stack([first, before, shown])[:, :, None, None]
    said = torch.zeros_like(places[..., 0])
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        cell = places.floor() + places.new_tensor(corner)
        near = (1 - (places - cell).abs()).prod(dim=-1)
        row, column = cell[..., 0].clamp(0, rows - 1), cell[..., 1].clamp(0, columns - 1)
        token = ((looked_at * rows + row) * columns + column).long()
        said += near * shares.gather(3, token.flatten(2)[..., None]).view_as(near)
    return -(said * asked).flatten(1).sum(dim=1) / asked.flatten(1).sum(dim=1).clamp_min(1)
