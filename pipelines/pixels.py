"""Between frames and tensors: (F, H, W, 3) uint8 here, (3, F, H, W) in -1..1 there."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from pipelines.types import Frame, Frames


def to_tensor(frames: Frames) -> Tensor:
    """(F, H, W, 3) uint8 -> (3, F, H, W) in -1..1; a painted grey of 127 or 128 becomes exactly nothing."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(3, 0, 1, 2).float() / 127.5 - 1
    return torch.where(pixels.abs() < 0.005, torch.zeros(()), pixels)


def to_frames(chunk: Tensor) -> Frames:
    """(1, 3, n, H, W) about -1..1 -> (n, H, W, 3) uint8, rounded."""
    pixels = ((chunk[0].float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return pixels.permute(1, 2, 3, 0).contiguous().cpu().numpy()


def on_white(image: Frame, width: int, height: int) -> Frame:
    """Letter-box a reference on white, as the checkpoints were trained to see it."""
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = (max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale)))
    canvas = np.full((height, width, 3), 255, np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(image, inner, interpolation=shrink)
    return canvas


def principal_colours(latent: Tensor) -> Tensor:
    """(z, h, w) -> (h, w, 3) in -1..1: the three directions that vary most, for models without preview factors."""
    flat = latent.float().flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    directions = torch.linalg.svd(flat @ flat.T).U[:, :3]
    colours = directions.T @ flat
    colours = colours / colours.abs().amax(1, keepdim=True).clamp(min=1e-6)
    return colours.T.reshape(*latent.shape[1:], 3)
