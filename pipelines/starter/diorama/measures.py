"""What simple vision says of a clip without knowing any word: whether it moves, flickers, and keeps a form."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.photos import Frames
from pipelines.types import Mask

Plane = NDArray[np.floating]
WIDE = 160  # pixels of a clip's width at which motion is counted
HOP = 2  # frames from moment to moment
FLAT = 1.0  # grey levels a patch must change by, or nothing is said to have moved there
PATCH = 7  # pixels
LEAST_GLUED = 0.1  # between a true render and its mock-up; where there is less, it says little


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB of uint8 pictures or clips."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return float(10 * np.log10(255.0**2 / max(error, 1e-6)))


def displacement(frames: Frames) -> float:
    """How far, in pixels of a clip 160 wide, the part of it that moves most (one point in fifty) goes in all. From
    moment to moment only points count that are found again there and back, and whose motion explains what changed: a
    still picture, noise and flicker have next to 0."""
    scale = WIDE / frames.shape[2]
    size = (WIDE, max(16, round(frames.shape[1] * scale)))
    grey = [cv2.cvtColor(cv2.resize(f, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for f in frames[::HOP]]
    return sum(_moved(before, after) for before, after in pairwise(grey))


def _moved(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    there, back = flow(before, after), flow(after, before)
    y, x = np.mgrid[0 : before.shape[0], 0 : before.shape[1]].astype(np.float32)
    at = (x + there[..., 0], y + there[..., 1])
    returned = there + cv2.remap(back, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    length = np.linalg.norm(there, axis=2)
    found = np.linalg.norm(returned, axis=2) < 0.25 + 0.1 * length
    came = cv2.remap(after, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    left = cv2.boxFilter(cv2.absdiff(came, before).astype(np.float32), -1, (PATCH, PATCH))
    changed = cv2.boxFilter(cv2.absdiff(after, before).astype(np.float32), -1, (PATCH, PATCH))
    return float(np.percentile(np.where(found & (changed > FLAT) & (left < 0.6 * changed), length, 0), 98))


def flow(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W, 2) pixels right and down that each point of one grey picture has moved by in the other."""
    found = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(before, after, None)  # type: ignore[call-overload]
    return np.asarray(found, np.float32)


def consistency(frames: Frames) -> float:
    """0..1: how much of each frame the one before explains by motion; 1 is all of it. What is left is measured against
    how much the frames vary."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    y, x = np.mgrid[0 : grey[0].shape[0], 0 : grey[0].shape[1]].astype(np.float32)
    left = []
    for before, after in pairwise(grey):
        moved = flow(after, before)
        came = cv2.remap(
            before, x + moved[..., 0], y + moved[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        left.append(float(np.mean((came.astype(np.float32) - after) ** 2)) / max(float(after.var()), 1.0))
    return float(np.clip(1 - np.mean(left), 0, 1))


def slope(frames: Frames) -> NDArray[np.float32]:
    """(F, H, W) how steeply a frame changes there, whatever its colours."""
    soft = [cv2.GaussianBlur(frame, (0, 0), 0.8).astype(np.float32) for frame in frames]
    steep = [np.hypot(cv2.Sobel(frame, -1, 1, 0), cv2.Sobel(frame, -1, 0, 1)).max(axis=2) for frame in soft]
    return np.asarray(np.stack(steep), np.float32)


def outline(depth: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(F, H, W) metres -> where something nearer ends before something farther."""
    near = 1 / np.maximum(depth, 0.1)
    kernel = np.ones((3, 3), np.uint8)
    step = np.stack([cv2.dilate(plane, kernel) / np.maximum(cv2.erode(plane, kernel), 1e-6) for plane in near])
    return np.asarray(step > 1.25)


def ends(frames: Frames) -> NDArray[np.bool_]:
    """(F, H, W) where one plain colour of a mock-up ends and another begins."""
    kernel = np.ones((3, 3), np.uint8)
    step = [cv2.subtract(cv2.dilate(frame, kernel), cv2.erode(frame, kernel)).max(axis=2) for frame in frames]
    return np.asarray(np.stack(step) > 40)


def box_ends(mockup: Frames, subject: Mask, lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(F, H, W) where the box that stands for a subject ends, and neither the subject, whose mask (F, H, W) uint8 tells
    the box's colour, nor anything else near there does."""
    near, kernel = np.ones((9, 9), np.uint8), np.ones((3, 3), np.uint8)
    found = []
    for frame, mask, line in zip(mockup, subject, lines, strict=True):
        colour = np.median(frame[mask > 127], axis=0) if (mask > 127).any() else np.full(3, -99)
        box = (np.abs(frame - colour).max(axis=2) < 8).astype(np.uint8)
        border = cv2.dilate(box, kernel) != cv2.erode(box, kernel)
        found.append(border & (cv2.dilate(line.astype(np.uint8), near) == 0))
    return np.stack(found)


def agreement(frames: Frames, lines: NDArray[np.bool_]) -> float:
    """-1..1: how much likelier a clip is to be steep on the lines of a form (F, H, W), rather than away from them, than
    on the same lines moved a third of the picture aside; near 0 for any other form."""
    steep, aside = slope(frames[::HOP]), lines.shape[2] // 3
    own, *others = (_steeper(steep, np.roll(lines[::HOP], by, axis=2)) for by in (0, aside, -aside))
    return own - float(np.mean(others))


def glued(frames: Frames, mockup: Frames, truth: Frames, boxes: NDArray[np.bool_]) -> float:
    """How far a clip goes from the true render, 0, towards its mock-up, 1, in being steep where boxes end. The ground
    and shadows may be steep there, too: how much so the true render tells."""
    here, there, at_all = (agreement(clip, boxes) for clip in (frames, mockup, truth))
    return (here - at_all) / max(there - at_all, LEAST_GLUED)


def _steeper(steep: NDArray[np.float32], lines: NDArray[np.bool_]) -> float:
    """0..1: the chance that a point of the lines is steeper than one well away from them."""
    small, large = np.ones((3, 3), np.uint8), np.ones((11, 11), np.uint8)
    peaks = [cv2.dilate(plane, small) for plane in steep]
    away = [cv2.dilate(plane.astype(np.uint8), large) == 0 for plane in lines]
    shares = [
        _greater(peak[on], peak[off])
        for peak, on, off in zip(peaks, lines, away, strict=True)
        if on.any() and off.any()
    ]
    return float(np.mean(shares)) if shares else 0.5


def _greater(some: Plane, others: Plane) -> float:
    """The chance that one of `some` is greater than one of `others`, a tie being half of one."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, some, "left") + np.searchsorted(ordered, some, "right")
    return float(below.mean() / 2 / len(ordered))
