"""A mask carried from frame to frame: optical flow moves it, colour and the salient-object network keep it honest.

Flow alone drifts and melts: every warp blurs a little, and what the subject uncovers has no past. So each step
   1. warps the last mask by DIS flow (Kroeger et al., ECCV 2016), the subject's own motion spread over its edge;
   2. in a narrow band around the edge, and where the flow contradicts itself, lets colour and motion vote:
      like the subject, or like its surroundings;
   3. now and then asks the network again, and believes it only where it agrees well with what was carried.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.saliency import Soft, saliency, snap_to_edges
from pipelines.types import Frame

WORKING_SIDE = 448  # pixels of the long side while following; the answer has the source's size
CHECK_EVERY = 8  # frames between two looks of the network
CHECK_SIDE = 256  # pixels it looks at then: two thirds of the time of a full look
AGREEMENT = 0.65  # overlap (IoU) from which the network is believed
LOST = 0.05  # of the area it had: the subject has left, or a cut took it
CUT = 25.0  # grey levels a whole picture differs from the last one, moved: another shot has begun
CONTRADICTION = 1.5  # pixels between a step forth and back
BAND = 5  # pixels around the edge in which colours may vote
COLOUR_WEIGHT = 0.7
MOTION_WEIGHT = 1.5  # per pixel of difference between moving with the subject and with its surroundings
MOTION_LIMIT = 2.5
COLOUR_BINS = 16
COLOUR_MEMORY = 0.95

Flow = NDArray[Any]  # (H, W, 2): where each pixel was, in pixels across and down


class MaskCarrier:
    """Follows one subject. Call it with each frame in order, the first being the one the mask was drawn on.

    mask (H, W) uint8; `carrier(frame)` -> (H, W) uint8 for that frame, empty while the subject is out of the picture.
    """

    def __init__(self, mask: NDArray[np.uint8]) -> None:
        self._first = mask
        self._mask: Soft = np.zeros((1, 1), np.float32)
        self._luma: NDArray[np.uint8] | None = None
        self._colours = np.zeros((2, COLOUR_BINS**3), np.float32)
        self._area = 0.0
        self._count = 0
        self._lost = False
        self._flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, frame: Frame) -> NDArray[np.uint8]:
        """The subject's mask in the next frame, (H, W, 3) uint8 RGB -> (H, W) uint8."""
        small = _shrink(frame)
        luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        if self._luma is None:
            self._mask = _resize(self._first.astype(np.float32) / 255, small)
            answer = self._first
        else:
            self._step(small, luma)
            full = _resize(self._mask, frame)
            if small.shape != frame.shape:
                full = snap_to_edges(full, frame, reach=0.004)
            answer = np.rint(255 * full).astype(np.uint8)
        self._learn(small)
        self._luma = luma
        self._count += 1
        return answer

    def _step(self, frame: Frame, luma: NDArray[np.uint8]) -> None:
        """Move the mask onto `frame`, both at the working size."""
        assert self._luma is not None
        back = self._flow.calc(luma, self._luma, None)
        forth = self._flow.calc(self._luma, luma, None)
        gap = np.linalg.norm(back + _warp(forth, back), axis=-1)
        warped = _warp(self._mask, back)
        side = _side(back, warped, gap)
        moved = _warp(self._mask, _subject_motion(back, warped, gap, side))
        doubtful = (gap > CONTRADICTION) & (cv2.dilate(moved, _disc(BAND)) > 0.2)
        mask = self._vote(moved, doubtful, frame, np.clip(MOTION_WEIGHT * side, -MOTION_LIMIT, MOTION_LIMIT))
        cut = np.abs(luma - _warp(self._luma.astype(np.float32), back)).mean() > CUT
        if cut:
            mask = np.zeros_like(mask)
        lost = float(mask.sum()) < LOST * self._area
        if cut or (lost and not self._lost) or self._count % CHECK_EVERY == 0:
            mask = self._ask_network(mask, frame, lost)
        self._mask, self._lost = _tidy(mask), lost

    def _vote(self, mask: Soft, doubtful: NDArray[np.bool_], frame: Frame, motion: Soft | None = None) -> Soft:
        """Let colour and motion decide at the edge and where the flow is contradicted."""
        sure = cv2.erode(mask, _disc(BAND)), cv2.dilate(mask, _disc(BAND))
        open_to_vote = ((sure[1] - sure[0]) > 0.5) | doubtful
        alike = self._likeness(frame)
        logit = np.where(doubtful, 0.25, 1.0) * _logit(mask) + COLOUR_WEIGHT * _logit(alike)
        if motion is not None:  # where colours tell, motion need not
            logit += (1 - 0.9 * np.abs(2 * alike - 1)) * motion
        voted = np.where(open_to_vote, 1 / (1 + np.exp(-logit)), mask).astype(np.float32)
        return snap_to_edges(voted, frame, reach=0.006)

    def _ask_network(self, mask: Soft, frame: Frame, lost: bool) -> Soft:
        """Mend the mask with what the network sees, if that is the same subject."""
        seen = saliency(frame, CHECK_SIDE)
        if lost:
            found = seen > 0.5
            alike = found.any() and float(self._likeness(frame)[found].mean()) > 0.75
            return seen if alike else mask
        # a neighbour the network likes as well must not be taken in: the mask may only grow near its edge
        reach = max(BAND, round(0.06 * float(np.sqrt(mask.sum()))))
        seen = np.minimum(seen, cv2.dilate(mask, _disc(reach)))
        overlap = np.minimum(mask, seen).sum() / max(1e-6, np.maximum(mask, seen).sum())
        return self._vote((mask + seen) / 2, np.abs(mask - seen) > 0.5, frame) if overlap > AGREEMENT else mask

    def _likeness(self, frame: Frame) -> Soft:
        """Probability of "subject" from each pixel's colour alone, 0.5 where colours cannot tell."""
        inside, outside = self._colours + 1e-4
        table = (inside / (inside + outside)).astype(np.float32)
        return cv2.GaussianBlur(table[_bins(frame)], (0, 0), 1.0)

    def _learn(self, frame: Frame) -> None:
        """Remember the colours of the sure subject and of what lies around it."""
        area = float(self._mask.sum())
        if area < LOST * self._area or area < 1:
            return
        reach = max(2 * BAND, round(0.5 * np.sqrt(area)))
        around = (cv2.dilate(self._mask, np.ones((2 * reach + 1,) * 2, np.uint8)) > 0.5) & (
            cv2.dilate(self._mask, _disc(2)) < 0.5
        )
        bins = _bins(frame)
        weights = self._mask * (self._mask > 0.5), around.astype(np.float32)
        for index, weight in enumerate(weights):
            counts = np.bincount(bins.ravel(), weight.ravel(), COLOUR_BINS**3)
            share = (counts / max(1.0, counts.sum())).astype(np.float32)
            keep = COLOUR_MEMORY if self._count else 0.0
            self._colours[index] = keep * self._colours[index] + (1 - keep) * share
        self._area = area if not self._count else 0.9 * self._area + 0.1 * area


def _shrink(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _resize(soft: Soft, like: Frame) -> Soft:
    height, width = like.shape[:2]
    way = cv2.INTER_AREA if height < soft.shape[0] else cv2.INTER_CUBIC
    return np.clip(cv2.resize(soft, (width, height), interpolation=way), 0, 1)


def _warp(plane: NDArray[Any], flow: Flow) -> NDArray[Any]:
    """What `plane` shows at the place each pixel came from."""
    height, width = flow.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(
        plane, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _subject_motion(flow: Flow, mask: Soft, gap: Soft, side: Soft) -> Flow:
    """The subject's own motion, spread over its edge and beyond, where `flow` mixes it with the background's.

    Without this an uncovered background clings to the subject and the mask leaves a trail.
    """
    inner = min(BAND, max(1, round(0.1 * float(np.sqrt(mask.sum())))))
    weight = (cv2.erode(mask, _disc(inner)) > 0.5) * np.exp(-np.minimum(gap, 9)) / (1 + np.exp(-3 * side))
    if weight.sum() < 4:
        return flow
    weighted = np.dstack([flow * weight[..., None], weight]).astype(np.float32)
    near, far = (cv2.GaussianBlur(weighted, (0, 0), sigma) for sigma in (0.6 * BAND, 5.0 * BAND))
    spread = near + 1e-3 * far + 1e-7 * weighted.mean((0, 1))
    return spread[..., :2] / spread[..., 2:]


def _side(flow: Flow, mask: Soft, gap: Soft) -> Soft:
    """With whom each pixel moves: positive with the subject, negative with its surroundings, in pixels, -2..2."""
    sure = (gap < CONTRADICTION).astype(np.float32)
    ours = _shared_motion(flow, cv2.erode(mask, _disc(3)) * sure)
    theirs = _shared_motion(flow, (1 - cv2.dilate(mask, _disc(3))) * sure)
    if ours is None or theirs is None:
        return np.zeros(mask.shape, np.float32)
    return np.clip(np.linalg.norm(flow - theirs, axis=-1) - np.linalg.norm(flow - ours, axis=-1), -2, 2)


def _shared_motion(flow: Flow, weight: Soft) -> Flow | None:
    """The affine motion most of the weighted pixels share, by reweighted least squares; None if they are too few."""
    height, width = weight.shape
    rows, columns = np.mgrid[0:height:4, 0:width:4].reshape(2, -1)
    some = weight[rows, columns] > 0.2
    if some.sum() < 12:
        return None
    rows, columns = rows[some], columns[some]
    terms = np.stack([np.ones(len(rows)), columns / width, rows / height], axis=1)
    target, trust = flow[rows, columns], np.ones((len(rows), 1))
    for _ in range(6):
        answer = np.linalg.lstsq(terms * trust, target * trust, rcond=None)[0]
        miss = np.linalg.norm(terms @ answer - target, axis=1, keepdims=True)
        trust = 1 / np.sqrt(1 + (miss / 0.5) ** 2)
    across = np.linspace(0, 1, width, endpoint=False)[None, :, None]
    down = np.linspace(0, 1, height, endpoint=False)[:, None, None]
    return (answer[0] + across * answer[1] + down * answer[2]).astype(np.float32)


def _tidy(mask: Soft) -> Soft:
    """Keep edges one or two pixels wide, and drop crumbs and pinholes."""
    sharp = np.clip((mask - 0.5) * 2 + 0.5, 0, 1)
    return cv2.morphologyEx(cv2.morphologyEx(sharp, cv2.MORPH_CLOSE, _disc(1)), cv2.MORPH_OPEN, _disc(1))


def _bins(frame: Frame) -> NDArray[np.intp]:
    lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.intp) * COLOUR_BINS // 256
    return (lab[..., 0] * COLOUR_BINS + lab[..., 1]) * COLOUR_BINS + lab[..., 2]


def _logit(likely: Soft) -> Soft:
    safe = np.clip(likely, 0.02, 0.98)
    return np.log(safe / (1 - safe))


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
