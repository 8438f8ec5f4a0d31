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
from pipelines.starter.diorama.tables import NEAR, lens
from pipelines.starter.lookup import boxes_of
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR

PATCH = 2 * SPATIAL_FACTOR  # pixels to each side of what a token stands for
ALIKE = 0.1  # by how much of its depth a point may differ from what is seen in its place


def origins(camera: Camera, depth: Floats, masks: Tensor) -> Tensor:
    """(2, T, h / 2, w / 2, 2) float16: row and column, in patches, of what each patch shows, in the clip's first frame
    and in the latent frame before; NaN where it is not seen there.

    `depth` (F, H, W) metres along the view; `masks` (2, F, H, W) in 0..1 of the subjects, which go their own way: from
    one box that is around one to another."""
    count, height, width = depth.shape
    times = [0, *range(TEMPORAL_FACTOR - 1, count, TEMPORAL_FACTOR)]
    rows, columns = np.arange(height // PATCH), np.arange(width // PATCH)
    found = np.full((2, len(times), len(rows), len(columns), 2), np.nan, np.float32)
    y, x = (PATCH * at + PATCH // 2 for at in np.meshgrid(rows, columns, indexing="ij"))
    to_space = lens(camera, (width, height))
    dots = np.dstack([x, y, np.ones_like(x)])
    owners = masks.numpy() > 0.5
    boxes = boxes_of(masks).numpy()
    for index, time in enumerate(times[1:], start=1):
        points = camera.eye[time] + (dots @ to_space[time].T) * depth[time, y, x, None]
        for which, before in enumerate((times[0], times[index - 1])):
            seen = (points - camera.eye[before]) @ np.linalg.inv(to_space[before]).T
            at = (seen[..., :2] / np.maximum(seen[..., 2:], NEAR))[..., ::-1]  # row first
            there = _within(at, height, width)
            row, column = (np.where(there, np.rint(at[..., axis]), 0).astype(int) for axis in (0, 1))
            row, column = row.clip(0, height - 1), column.clip(0, width - 1)
            there &= np.abs(depth[before, row, column] / np.maximum(seen[..., 2], NEAR) - 1) < ALIKE
            for subject, owner in enumerate(owners):
                own = owner[time, y, x]
                now, then = boxes[subject, time], boxes[subject, before]
                ways = then[:2] + (np.dstack([y, x]) + 0.5 - now[:2]) * then[2:] / np.maximum(now[2:], 1) - 0.5
                at = np.where(own[..., None], ways, at)
                there = np.where(own, then[2:].all() & _within(ways, height, width), there)
            found[which, index] = np.where(there[..., None], (at - (PATCH - 1) / 2) / PATCH, np.nan)
    return torch.from_numpy(found).half()


def _within(at: Floats, height: int, width: int) -> NDArray[np.bool_]:
    y, x = at[..., 0], at[..., 1]
    return (y > -0.5) & (y < height - 0.5) & (x > -0.5) & (x < width - 0.5)
