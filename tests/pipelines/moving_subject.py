"""A textured subject that moves, turns and breathes over a textured, panning background, with its true mask."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.types import Frames, Mask

WARM, COOL, COOL_TOO = (
    ((120, 60, 40), (255, 180, 120)),
    ((40, 70, 40), (150, 190, 120)),
    ((60, 80, 60), (160, 170, 110)),
)


def moving_subject(
    num_frames: int = 50,
    height: int = 120,
    width: int = 208,
    *,
    speed: float = 1.6,
    pan: float = 1.2,
    alike: bool = False,
    seed: int = 3,
) -> tuple[Frames, Mask]:
    """(F, H, W, 3) frames and the (F, H, W) mask of the subject in them.

    speed, pan  pixels per frame of the subject and of the background
    alike       whether both have the same colours, so that only motion tells them apart
    """
    random = np.random.default_rng(seed)
    ground = _texture(random, height, width + round(abs(pan) * num_frames), 12, COOL)
    skin = _texture(random, 192, 192, 16, COOL_TOO if alike else WARM).astype(np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    frames, masks = [], []
    for index in range(num_frames):
        radius = 0.22 * height * 1.004**index
        turn = np.deg2rad(1.5 * index)
        across = columns - (0.3 * width + speed * index)
        down = rows - (0.5 * height + 0.1 * height * np.sin(index / 10))
        u = (across * np.cos(turn) + down * np.sin(turn)) / radius
        v = (down * np.cos(turn) - across * np.sin(turn)) / radius
        angle = np.arctan2(v, u)
        outline = 1 + 0.18 * np.cos(3 * angle) + 0.12 * np.sin(2 * angle + index / 6)
        mask = np.clip((outline - np.hypot(u, v)) * radius + 0.5, 0, 1)
        where = np.stack([u, v], axis=-1).astype(np.float32) * (192 / 2.8) + 96
        shown = cv2.remap(skin, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        start = round(abs(pan) * index)
        picture = ground[:, start : start + width] * (1 - mask[..., None]) + shown * mask[..., None]
        frames.append(np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8))
        masks.append(np.rint(mask * 255).astype(np.uint8))
    return np.stack(frames), np.stack(masks)


def overlap(mask: Mask, truth: Mask) -> float:
    """Intersection over union of two masks of one shape, 0..1."""
    marked, wanted = mask > 127, truth > 127
    union = (marked | wanted).sum()
    return float((marked & wanted).sum() / union) if union else 1.0


def _texture(random: np.random.Generator, height: int, width: int, grain: int, colours: tuple) -> np.ndarray:
    coarse = cv2.resize(
        random.random((height // grain + 2, width // grain + 2, 3)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.resize(random.random((height // 3 + 1, width // 3 + 1, 3)), (width, height))
    low, high = np.array(colours, float)
    return low + (high - low) * np.clip(0.7 * coarse + 0.3 * fine, 0, 1)
