"""What a training clip is shown besides noise: the requests of all seven modes, drawn at random.

A `Task` is one such request in pixels; encoding it is left to clips.py. Conditions are made with the very functions the
modes use (structure pictures, mask packing), so that training and use cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.photos import Frame, Frames
from pipelines.starter.render import Rendered, portrait
from pipelines.structure import BLUR_SIGMAS, structure_frames

Kind = Literal["none", "first", "structure", "mask"]
KIND_SHARES: dict[Kind, float] = {"none": 0.46, "first": 0.34, "structure": 0.09, "mask": 0.11}
GREY = 127


@dataclass(frozen=True)
class Task:
    """`video` (F, H, W, 3) uint8 and `mask` (F, H, W) uint8 (255 = make) as a mode would hand them over, both None
    where there is no source; `reference` (H, W, 3) uint8 or None; `style` when the reference is a whole picture."""

    kind: Kind
    video: Frames | None
    mask: NDArray[np.uint8] | None
    reference: Frame | None
    style: bool = False


def sample_task(rendered: Rendered, rng: np.random.Generator) -> Task:
    """A random request whose right answer is this clip."""
    kinds = tuple(KIND_SHARES)
    kind: Kind = kinds[int(rng.choice(len(kinds), p=tuple(KIND_SHARES.values())))]
    if kind == "first" and len(rendered.frames) == 1:
        kind = "none"  # a picture given whole leaves nothing to learn
    video, mask = None, None
    if kind == "first":
        video, mask = _keep_frames(rendered.frames, np.full_like(rendered.frames, GREY), rng)
    elif kind == "structure":
        video, mask = _structure(rendered.frames, rng)
    elif kind == "mask":
        mask = _region(rendered, rng)
        video = np.where(mask[..., None] > 127, np.uint8(GREY), rendered.frames)
    reference, style = _reference(rendered, rng)
    return Task(kind, video, mask, reference, style)


def _keep_frames(frames: Frames, rest: Frames, rng: np.random.Generator) -> tuple[Frames, NDArray[np.uint8]]:
    """The clip's first frame, first five, or first and last given over `rest`."""
    video, mask = rest.copy(), np.full(frames.shape[:3], 255, np.uint8)
    kind = rng.random()
    given = [0] if kind < 0.62 else list(range(min(5, len(frames)))) if kind < 0.86 else [0, len(frames) - 1]
    video[given], mask[given] = frames[given], 0
    return video, mask


def _structure(frames: Frames, rng: np.random.Generator) -> tuple[Frames, NDArray[np.uint8]]:
    if rng.random() < 0.25:
        video = structure_frames(frames, "edges", int(rng.integers(3)))
    else:
        level = int(rng.integers(len(BLUR_SIGMAS)))
        video = structure_frames(frames, "grey", level)
        if level and rng.random() < 0.3:
            size = (max(2, frames.shape[2] // 2**level), max(2, frames.shape[1] // 2**level))
            small = [cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in video]
            video = np.stack([cv2.resize(f, frames.shape[2:0:-1], interpolation=cv2.INTER_LINEAR) for f in small])
    if rng.random() < 0.35:
        return _keep_frames(frames, video, rng)
    return video, np.full(frames.shape[:3], 255, np.uint8)


def _region(rendered: Rendered, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Where pixels are to be made: around the subject (grown, boxed or hulled), everything else, or a free patch."""
    seen = rendered.mask > 100
    if seen.sum(axis=(1, 2)).min() < 20:
        return _free_patch(seen.shape, rng)
    grow = int(rng.integers(2, 8))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    shape = rng.random()
    region = np.zeros(seen.shape, np.uint8)
    for i, subject in enumerate(seen.astype(np.uint8)):
        if shape < 0.4:
            region[i] = cv2.dilate(subject, kernel) * 255
        elif shape < 0.75:
            x, y, w, h = cv2.boundingRect(subject)
            region[i, max(0, y - grow) : y + h + grow, max(0, x - grow) : x + w + grow] = 255
        else:
            points = cv2.findNonZero(subject)
            cv2.fillConvexPoly(region[i], cv2.convexHull(points), 255)
            region[i] = cv2.dilate(region[i], kernel)
    if rng.random() < 0.25:
        tight = np.stack([cv2.dilate(s, np.ones((3, 3), np.uint8)) for s in seen.astype(np.uint8)])
        return np.asarray((1 - tight) * 255, np.uint8)
    return region


def _free_patch(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.uint8]:
    frames, height, width = shape
    region = np.zeros(shape, np.uint8)
    start, end = rng.random(2) * (width, height), rng.random(2) * (width, height)
    size = (int(width * rng.uniform(0.1, 0.3)), int(height * rng.uniform(0.15, 0.35)))
    boxed = rng.random() < 0.5
    for i in range(frames):
        x, y = (start + (end - start) * i / max(1, frames - 1)).astype(int)
        if boxed:
            cv2.rectangle(region[i], (x - size[0], y - size[1]), (x + size[0], y + size[1]), 255, -1)
        else:
            cv2.ellipse(region[i], (int(x), int(y)), size, 0, 0, 360, 255, -1)
    return 255 - region if rng.random() < 0.15 else region


def _reference(rendered: Rendered, rng: np.random.Generator) -> tuple[Frame | None, bool]:
    frames = rendered.frames
    if rendered.scene.subject is not None and rng.random() < 0.7:
        return portrait(rendered.scene, frames.shape[2], frames.shape[1], rng), False
    if rng.random() < 0.25:
        return frames[int(rng.integers(len(frames)))], True
    return None, False
