"""The subject a person points at: clicks and a box on one frame become its mask, in a fraction of a second.

Each click claims the pixels that look alike and hang together around it: those nearer than the outline with the
strongest edge, measured along the picture (geodesic distance; Criminisi et al., ECCV 2008). Colours then settle what
lies along the border of the claim (GrabCut; Rother et al., SIGGRAPH 2004), and the answer is pulled onto outlines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.saliency import saliency, snap_to_edges
from pipelines.types import Frame

WORKING_SIDE = 288  # pixels of the long side while looking; the answer has the picture's size
NETWORK_SIDE = 256  # pixels the salient-object network looks at
SEED = 0.012  # of the diagonal: the radius of what a click holds for certain
STEP_COST = 0.35  # grey levels a claim pays per pixel even where all is alike
DIVIDE_COST = 2.0  # likewise, where two clicks of unlike kind divide what looks alike: nearness counts for more
LEVELS = 56  # outlines compared per click
LARGEST_CLAIM = 0.6  # of the picture, by one click
NETWORK_TRUST = 0.75  # how strong the network's outline must be beside the best one to be preferred
ROUNDS = 2  # of GrabCut
EDGE_BAND = 0.02  # of the diagonal, to both sides of a claim's outline: where colours may move it

MaskFrame = NDArray[np.uint8]  # (H, W), 255 where the subject is
Plane = NDArray[Any]


@dataclass(frozen=True)
class Mark:
    """What a person says of one frame: "this belongs to the subject", or not. Positions are 0..1, across and down.

    at      a click there
    area    or every pixel a brush went over: (H, W) uint8
    box     or (left, top, right, bottom): the subject lies inside
    """

    include: bool = True
    at: tuple[float, float] | None = None
    area: MaskFrame | None = None
    box: tuple[float, float, float, float] | None = None


def pointed_mask(frame: Frame, marks: Sequence[Mark], before: MaskFrame | None = None) -> MaskFrame:
    """(H, W, 3) uint8 RGB and what was marked on it -> (H, W) uint8, soft at the edges.

    marks    in the order they were made: a later one overrides an earlier one where they differ
    before   (H, W) the mask they correct; None: they choose the subject alone
    """
    scale = min(1.0, WORKING_SIDE / max(frame.shape[:2]))
    size = max(16, round(frame.shape[1] * scale)), max(16, round(frame.shape[0] * scale))
    small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    sketch = _Sketch(small, None if before is None else cv2.resize(before, size, interpolation=cv2.INTER_AREA) > 127)
    for mark in marks:
        sketch.add(mark)
    answer = cv2.resize(sketch.settled().astype(np.float32), frame.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    mask = np.rint(255 * snap_to_edges(np.clip(answer, 0, 1), frame, reach=0.006)).astype(np.uint8)
    return brushed(mask, marks)


def brushed(mask: MaskFrame, marks: Sequence[Mark]) -> MaskFrame:
    """The mask (H, W) with the brush strokes among the marks: a brush is taken at its word, to the pixel."""
    for mark in marks:
        if mark.area is not None:
            area = cv2.resize(mark.area, mask.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            mask = np.asarray(np.maximum(mask, area) if mark.include else np.minimum(mask, 255 - area), np.uint8)
    return mask


class _Sketch:
    """The mask of one small frame while marks are added to it."""

    def __init__(self, frame: Frame, before: NDArray[np.bool_] | None) -> None:
        self.frame = frame
        self.shape = frame.shape[:2]
        self.diagonal = float(np.hypot(*self.shape))
        self.mask = np.zeros(self.shape, bool) if before is None else before
        self.begun = before is not None
        self.open = np.zeros(self.shape, bool)  # where colours may still decide
        self.held = np.zeros(self.shape, np.int8)  # 1 certain subject, -1 certain surroundings
        smooth = cv2.bilateralFilter(frame, 7, 40, 5)
        self.lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
        across, down = cv2.Sobel(self.lab, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(self.lab, cv2.CV_32F, 0, 1) / 8
        self.edge = np.sqrt((across**2 + down**2).sum(-1))

    def add(self, mark: Mark) -> None:
        """Take one mark into account."""
        if mark.box is not None:
            self._box(mark.box)
        elif mark.at is not None:
            seed = self._disc(mark.at)
            self._claim(self._claimed(seed, mark), seed, mark.include)
        elif mark.area is not None:
            area = cv2.resize(mark.area, self.shape[::-1], interpolation=cv2.INTER_AREA) > 127
            self._claim(area, area, mark.include)
        self.begun = True

    def _claim(self, claim: NDArray[np.bool_], seed: NDArray[np.bool_], include: bool) -> None:
        """Give `claim` to the subject or take it away; `seed` is certain."""
        self.mask = self.mask | claim if include else self.mask & ~claim
        band = max(2, round(EDGE_BAND * self.diagonal))
        near = cv2.dilate(claim.astype(np.uint8), _round(band)) > cv2.erode(claim.astype(np.uint8), _round(band))
        self.open |= near
        self.held[seed] = 1 if include else -1

    def _claimed(self, seed: NDArray[np.bool_], mark: Mark) -> NDArray[np.bool_]:
        """What hangs together with a click: the strongest outline around it, or the network's, if nearly as strong."""
        others = self.held == (-1 if mark.include else 1)
        distance, counted = geodesic(self.lab, seed), np.ones(self.shape, bool)
        if others.any():  # what is nearer to a click of the other kind is that one's
            ours, theirs = geodesic(self.lab, seed, DIVIDE_COST), geodesic(self.lab, others, DIVIDE_COST)
            distance = np.where(theirs < ours, np.inf, distance)
            counted = cv2.dilate((theirs < ours).astype(np.uint8), _round(2)) == 0  # where they meet is no outline
        within = distance if mark.include else np.where(self.mask, distance, np.inf)
        best, strength = seed, 0.0
        finite = within[np.isfinite(within)]
        if not len(finite):  # there is nothing to take away here
            return seed
        for level in np.unique(np.quantile(finite, np.linspace(0.004, 1, LEVELS))):
            region = _whole((within <= level), seed)
            if region.mean() > LARGEST_CLAIM:
                break
            found = self._outline(region, counted)
            if found > strength:
                best, strength = region, found
        if mark.include and not self.begun:
            seen = _whole((saliency(self.frame, NETWORK_SIDE) > 0.5) & np.isfinite(within), seed)
            if self._outline(seen, counted) >= NETWORK_TRUST * strength and (seen & seed).any():
                return seen
        return best

    def _outline(self, region: NDArray[np.bool_], counted: NDArray[np.bool_]) -> float:
        """How strong the picture's edges are along a region's outline, where that is `counted`."""
        flat = region.astype(np.uint8)
        rim = (cv2.dilate(flat, _round(1)) - cv2.erode(flat, _round(1))) > 0
        rim &= counted
        return float(np.minimum(self.edge[rim], 40).mean()) if rim.any() else 0.0

    def _box(self, box: tuple[float, float, float, float]) -> None:
        """Outside is certain; inside, the network and colours tell the subject from the rest."""
        height, width = self.shape
        left, top, right, bottom = (round(side * span) for side, span in zip(box, (width, height) * 2, strict=True))
        inside = np.zeros(self.shape, bool)
        inside[top : max(bottom, top + 2), left : max(right, left + 2)] = True
        cut = self.frame[top : max(bottom, top + 2), left : max(right, left + 2)]
        seen = np.zeros(self.shape, bool)
        seen[inside] = (saliency(np.ascontiguousarray(cut), NETWORK_SIDE) > 0.5).ravel()
        trimap = np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
        if seen.sum() > 0.1 * inside.sum():
            trimap[inside & ~seen] = cv2.GC_PR_BGD
        self.mask = self._grabbed(trimap, 4)
        self.held[~inside] = -1

    def settled(self) -> NDArray[np.bool_]:
        """The mask once colours have decided along the outlines of the claims."""
        if not self.open.any():
            return self.mask
        trimap = np.where(self.mask, cv2.GC_FGD, cv2.GC_BGD).astype(np.uint8)
        trimap[self.open & self.mask] = cv2.GC_PR_FGD
        trimap[self.open & ~self.mask] = cv2.GC_PR_BGD
        trimap[self.held > 0], trimap[self.held < 0] = cv2.GC_FGD, cv2.GC_BGD
        return _tidy(self._grabbed(trimap, ROUNDS))

    def _grabbed(self, trimap: MaskFrame, rounds: int) -> NDArray[np.bool_]:
        ours = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
        if ours.sum() < 8 or (~ours).sum() < 8:  # too few to learn colours from
            return ours
        cv2.setRNGSeed(0)  # its colours are clustered from random starts
        bgr = np.ascontiguousarray(self.frame[..., ::-1])
        cv2.grabCut(bgr, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
        return np.asarray((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD))

    def _disc(self, at: tuple[float, float]) -> NDArray[np.bool_]:
        """The few pixels a click holds for certain."""
        height, width = self.shape
        rows, columns = np.mgrid[0:height, 0:width]
        far = np.hypot(columns + 0.5 - at[0] * width, rows + 0.5 - at[1] * height)
        return far <= max(far.min(), SEED * self.diagonal)


def geodesic(picture: Plane, seeds: NDArray[np.bool_], step: float = STEP_COST, rounds: int = 2) -> Plane:
    """The cheapest way from the seeds to every pixel: (H, W, C), (H, W) -> (H, W) float32, in grey levels climbed and
    `step` more for every pixel.

    Raster scans (Toivanen, Pattern Recognition Letters 17, 1996), down, up, right and left, `rounds` times.
    """
    distance = np.where(seeds, 0.0, np.inf).astype(np.float32)
    for _ in range(rounds):
        for turned in (False, True):
            for flipped in (False, True):
                plane, guide = (distance.T, picture.transpose(1, 0, 2)) if turned else (distance, picture)
                _sweep(*((plane[::-1], guide[::-1]) if flipped else (plane, guide)), step)
    return distance


def _sweep(distance: Plane, picture: Plane, step: float) -> None:
    """One scan down the rows, in place: each pixel takes the cheapest way from its three neighbours above."""
    width = distance.shape[1]
    steps = []
    for shift in (-1, 0, 1):
        ours, theirs = slice(max(0, shift), width + min(0, shift)), slice(max(0, -shift), width - max(0, shift))
        climb = np.abs(picture[1:, ours] - picture[:-1, theirs]).sum(-1) + step * (1.41 if shift else 1.0)
        steps.append((ours, theirs, climb))
    for row in range(1, len(distance)):
        above, here = distance[row - 1], distance[row]
        for ours, theirs, climb in steps:
            np.minimum(here[ours], above[theirs] + climb[row - 1], out=here[ours])


def _whole(region: NDArray[np.bool_], seed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts of a region that touch the seed, their holes filled, hair removed."""
    opened = cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_OPEN, _round(1)) | (region & seed)
    count, labels = cv2.connectedComponents(opened.astype(np.uint8))
    touched = np.unique(labels[seed & (opened > 0)])
    kept = np.isin(labels, touched[touched > 0]).astype(np.uint8) if count > 1 else opened
    outlines, _ = cv2.findContours(kept.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(np.zeros(region.shape, np.uint8), outlines, -1, 1, cv2.FILLED)) > 0


def _tidy(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without crumbs and pinholes."""
    flat = mask.astype(np.uint8)
    return cv2.morphologyEx(cv2.morphologyEx(flat, cv2.MORPH_CLOSE, _round(1)), cv2.MORPH_OPEN, _round(1)) > 0


def _round(radius: int) -> MaskFrame:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
