"""Which way a coloured thing goes, read off the frames by simple vision."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.photos import Frames
from pipelines.starter.world import COLOURS


def colour_track(frames: Frames, colour: str) -> NDArray[np.float64]:
    """(F, 3): centre x, y and area of the pixels of a named colour in each frame; NaN where there are none."""
    target = cv2.cvtColor(np.array([[COLOURS[colour]]], np.uint8), cv2.COLOR_RGB2LAB)[0, 0].astype(np.float32)
    track = np.full((len(frames), 3), np.nan)
    for i, frame in enumerate(frames):
        lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.float32)
        weight = np.clip(1 - np.linalg.norm((lab - target) * (0.6, 1, 1), axis=2) / 42, 0, 1)
        if weight.sum() > 15:
            y, x = np.mgrid[0 : frame.shape[0], 0 : frame.shape[1]]
            track[i] = (weight * x).sum() / weight.sum(), (weight * y).sum() / weight.sum(), weight.sum()
    return track


def moved(frames: Frames, colour: str, motion: str) -> bool:
    """Whether the coloured thing moves as asked: left, right, up, down, towards or away."""
    track = colour_track(frames, colour)
    track = track[~np.isnan(track[:, 0])]
    if len(track) < 6:
        return False
    change = track[-4:].mean(axis=0) - track[:4].mean(axis=0)
    if motion in ("left", "right"):
        return bool((change[0] < 0) == (motion == "left") and abs(change[0]) > 8)
    if motion in ("up", "down"):
        return bool((change[1] < 0) == (motion == "up") and abs(change[1]) > 5)
    ratio = track[-4:, 2].mean() / track[:4, 2].mean()
    return bool(ratio > 1.3 if motion == "towards" else ratio < 0.77)
