"""What a training clip is shown besides noise: the requests of all seven modes, drawn at random.

A `Task` is one such request in pixels; encoding it is left to clips.py. Conditions are made with the very functions the
modes use (`Conditioning`, structure pictures, masks, warps), so that training and use cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.mask import RESTYLE_BLUR
from pipelines.pixels import on_white
from pipelines.references import MAX_REFERENCES
from pipelines.starter.diorama.captions import LOOK
from pipelines.starter.orders import Kind
from pipelines.starter.photos import Frame, Frames
from pipelines.starter.shots import Shot
from pipelines.starter.warping import after_first
from pipelines.structure import BLUR_SIGMAS, structure_frames
from pipelines.subject import is_empty, painting_region, refine
from pipelines.types import NOTHING, Conditioning, Mask

# Where frames are given, and how often: the first, an overlap of five or nine with the clip before, first and last, the
# last alone, one in the middle, first and middle
GIVEN = {"first": 0.56, "five": 0.22, "nine": 0.06, "both": 0.06, "last": 0.03, "middle": 0.03, "key": 0.04}
GROWN = 4  # pixels a mask is widened by at most
EDGES = 0.35  # of structure; grey pictures are soon understood
BEGUN = 0.2  # of structure: with the first five frames of the look, as a window goes on from the one before


@dataclass(frozen=True, eq=False)
class Task:
    """`video` (F, H, W, 3) uint8 and `mask` (F, H, W) uint8 (255 = make) as a mode would hand them over, None where
    nothing is given or all is to be made; `hold` leading frames are held in place; `references`: what each tells, and
    its picture as the model is shown it."""

    kind: Kind
    video: Frames | None = None
    mask: Mask | None = None
    hold: int = 0
    references: tuple[tuple[int, Frame], ...] = ()


def task_for(shot: Shot) -> Task:
    """The request of a shot's kind whose right answer is this clip; the order's seed decides what it leaves open."""
    rng = np.random.default_rng([shot.order.seed, 1])
    count, height, width = shot.frames.shape[:3]
    asked = Conditioning(count, height, width, prompt="")
    pictures = list(shot.references)
    kind = shot.order.kind if count > 1 or shot.order.kind in ("structure", "mask") else "none"
    if kind == "given":
        asked = _given(asked, shot.frames, rng)
    elif kind == "warped":
        asked = _warped(asked, shot)
    elif kind in ("structure", "keyed"):
        asked = Conditioning(count, height, width, prompt="", video=_structure(shot, rng))
        if kind == "keyed":
            first = 5 if rng.random() < BEGUN and count > 5 else 1
            asked = asked.beginning_with(shot.frames[:first])
            others = [(tells, picture) for tells, picture in pictures if tells != LOOK]
            pictures = [(LOOK, shot.frames[0]), *others][:MAX_REFERENCES]
    elif kind == "mask":
        video, mask = _masked(shot, rng)
        asked = Conditioning(count, height, width, prompt="", video=video, mask=mask)
    shown = tuple((tells, on_white(picture, width, height)) for tells, picture in pictures)
    return Task(kind, asked.video, asked.mask, asked.hold, shown)


def _given(asked: Conditioning, frames: Frames, rng: np.random.Generator) -> Conditioning:
    which = str(rng.choice(tuple(GIVEN), p=tuple(GIVEN.values())))
    video, mask = np.full_like(frames, NOTHING), np.full(frames.shape[:3], 255, np.uint8)
    if which in ("middle", "key"):
        at = int(rng.integers(1, len(frames)))
        video[at], mask[at] = frames[at], 0
    asked = replace(asked, video=video, mask=mask)
    first = {"five": 5, "nine": 9, "last": 0, "middle": 0}.get(which, 1)
    if first:
        asked = asked.beginning_with(frames[: first if first < len(frames) else 1])
    return asked.ending_with(frames[-1]) if which in ("both", "last") else asked


def _warped(asked: Conditioning, shot: Shot) -> Conditioning:
    """The first frame, and what it shows of those after it."""
    assert shot.geometry is not None
    frames, mask = after_first(shot.frames[0], shot.geometry)
    begun = asked.beginning_with(shot.frames[:1])
    assert begun.video is not None and begun.mask is not None
    begun.video[1:], begun.mask[1:] = frames, mask
    return begun


def _structure(shot: Shot, rng: np.random.Generator) -> Frames:
    """The source's structure at any level of blur; depth is a grey picture already."""
    edges = shot.order.source != "depth" and rng.random() < EDGES
    return structure_frames(shot.source, "edges" if edges else "grey", int(rng.integers(len(BLUR_SIGMAS))))


def _masked(shot: Shot, rng: np.random.Generator) -> tuple[Frames, Mask]:
    """A region to be made anew, as the mask mode has it: for something else there, or the same form in a new look."""
    mask = refine(_region(shot, rng), grow=int(rng.integers(GROWN + 1)), invert=bool(rng.random() < 0.2))
    if rng.random() < 0.7:
        mask, within = painting_region(mask), np.full_like(shot.frames, NOTHING)
    else:
        mask = np.where(mask > 127, np.uint8(255), np.uint8(0))
        within = structure_frames(shot.frames, "grey" if rng.random() < 0.7 else "edges", RESTYLE_BLUR)
    return np.where(mask[..., None] > 127, within, shot.frames), mask


def _region(shot: Shot, rng: np.random.Generator) -> Mask:
    """(F, H, W) uint8: a subject, its boxes, brush strokes or a passing patch."""
    present = [mask for mask in shot.masks if not is_empty(mask)]
    if present and rng.random() < 0.75:
        subject = present[int(rng.integers(len(present)))]
        return subject if rng.random() < 0.7 else _boxes(subject)
    shape = (shot.frames.shape[0], shot.frames.shape[1], shot.frames.shape[2])
    while is_empty(drawn := _drawn_over(shape, rng, _stroke if rng.random() < 0.6 else _patch)):
        pass  # beside the picture
    return drawn


def _boxes(subject: Mask) -> Mask:
    """Each frame's box."""
    boxes = np.zeros_like(subject)
    for box, plane in zip(boxes, subject, strict=True):
        x, y, width, height = cv2.boundingRect((plane > 127).astype(np.uint8))
        box[y : y + height, x : x + width] = 255
    return boxes


Outline = NDArray[np.float64]  # (N, 2) points


def _drawn_over(
    shape: tuple[int, int, int], rng: np.random.Generator, draw: Callable[[Mask, Outline, float], None]
) -> Mask:
    """Something painted, that stays in its place or drifts across."""
    count, height, width = shape
    region = np.zeros(shape, np.uint8)
    short = min(width, height)
    points = rng.random(2) * (width, height) + np.cumsum(rng.normal(0, 0.14 * short, (int(rng.integers(3, 8)), 2)), 0)
    drift = rng.normal(0, 0.3, 2) * (width, height) * (rng.random() < 0.5)
    thickness = short * rng.uniform(0.06, 0.22)
    for index, plane in enumerate(region):
        draw(plane, points + drift * index / max(1, count - 1), thickness)
    return region


def _stroke(plane: Mask, points: Outline, thickness: float) -> None:
    cv2.polylines(plane, [np.rint(points).astype(np.int32)], False, 255, max(2, round(thickness)), cv2.LINE_AA)


def _patch(plane: Mask, points: Outline, thickness: float) -> None:
    middle = np.rint(points.mean(axis=0)).astype(int)
    reach = np.rint(1.4 * thickness + points.std(axis=0)).astype(int)
    cv2.ellipse(plane, (int(middle[0]), int(middle[1])), (int(reach[0]), int(reach[1])), 0, 0, 360, 255, -1)
