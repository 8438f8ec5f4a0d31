"""Scenes side by side in one picture, with what was asked for: for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipelines.starter.diorama.drawing import Drawn
from pipelines.starter.diorama.skies import FAR

LABEL = 14  # pixels under each row


def strip(video: Tensor, drawn: Drawn, clip: int, moments: Sequence[int], passes: bool) -> NDArray[np.uint8]:
    """(H, W, 3) some frames of a clip side by side; with `passes` depth, outline, motion, clay and mock-up of the
    middle one too."""
    frames = video[clip].permute(1, 2, 3, 0).cpu().numpy()
    row = [frames[i] for i in moments]
    if passes:
        i = moments[len(moments) // 2]
        depth = drawn.depth[clip, 0, i].cpu().numpy()
        near = float(depth.min())
        row.append(_grey(near / depth * (depth < FAR)))
        masks = drawn.masks[clip, :, i].cpu().numpy()
        row.append(np.dstack([masks[0], masks[1], np.zeros_like(masks[0])]))
        row.append(motion_colours(drawn.flow[clip, :, min(i, drawn.flow.shape[2] - 2)].cpu().numpy()))
        row.append(_grey(drawn.clay[clip, 0, i].cpu().numpy()))
        row.append(drawn.mockup[clip, :, i].permute(1, 2, 0).cpu().numpy())
    return np.asarray(np.clip(np.rint(np.concatenate(row, axis=1) * 255), 0, 255), np.uint8)


def _grey(plane: NDArray) -> NDArray:
    return np.repeat(plane[..., None], 3, axis=-1)


def motion_colours(flow: NDArray[np.float32], full: float = 8.0) -> NDArray[np.float32]:
    """(2, H, W) pixels a frame -> (H, W, 3) in 0..1: the way as a hue, `full` and more of it as full brightness."""
    angle, length = np.arctan2(flow[1], flow[0]), np.hypot(flow[0], flow[1])
    hsv = np.stack([np.degrees(angle) % 360, np.ones_like(angle), np.clip(length / full, 0, 1)], -1)
    return np.asarray(cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2RGB))


def sheet(rows: Sequence[tuple[str, NDArray[np.uint8]]], columns: int) -> NDArray[np.uint8]:
    """Labelled pictures of one size in so many columns."""
    height, width = rows[0][1].shape[:2]
    page = np.full((-(-len(rows) // columns) * (height + LABEL), columns * (width + 4), 3), 255, np.uint8)
    for i, (label, picture) in enumerate(rows):
        y, x = i // columns * (height + LABEL), i % columns * (width + 4)
        page[y : y + height, x : x + width] = picture
        cv2.putText(page, label, (x + 2, y + height + 11), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return page
