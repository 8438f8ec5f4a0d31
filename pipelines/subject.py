"""Which pixels are the subject: found by a network, shaped.

Masks are uint8, 0..255; 255 means "this". Where nothing is marked an InputError says what to do.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.saliency import saliency, snap_to_edges
from pipelines.types import Frame, Mask

SMALLEST_SUBJECT = 0.0005  # of the picture; less than this is a speck, not a subject
MAIN_PART = 0.25  # of the largest part of a found subject; smaller ones are things beside it, a cloud behind a ball
REGION_MARGIN = 0.06  # of the short side, around the hull handed to the model
BACKGROUND_MARGIN = 0.01  # of the short side, into the subject, when the background is what changes

MaskFrame = NDArray[np.uint8]  # (H, W)


def salient_mask(frame: Frame) -> MaskFrame:
    """The subject of a picture: (H, W, 3) uint8 RGB -> (H, W) uint8, soft at the edges; several, where they are of
    about one size.

    Raises InputError when nothing in the picture stands out.
    """
    mask = np.rint(255 * snap_to_edges(saliency(frame, least=MAIN_PART), frame)).astype(np.uint8)
    if is_empty(mask):
        raise InputError(
            "No subject stands out in this picture. Paint over what is meant, click on it, or give a mask file."
        )
    return mask


def refine(mask: Mask, grow: int = 0, feather: int = 0, invert: bool = False) -> Mask:
    """Shape a mask, (H, W) or (F, H, W) uint8, in this order: turn it round, widen it, soften it.

    grow     pixels to widen by, negative to narrow
    feather  pixels beyond the edge over which 255 falls to 0; inside nothing changes, past them nothing is marked
    """
    if mask.ndim == 3:
        return np.stack([refine(plane, grow, feather, invert) for plane in mask])
    shaped: NDArray[Any] = 255 - mask if invert else mask
    if grow > 0:
        shaped = cv2.dilate(shaped, _disc(grow))
    elif grow < 0:
        shaped = cv2.erode(shaped, _disc(-grow))
    if feather > 0:
        # two box blurs reach exactly `inner` pixels each: 255 stays 255 inside, 0 stays 0 past the feather
        half = (feather + 1) // 2
        first, second = half // 2, half - half // 2
        shaped = cv2.dilate(shaped, _disc(half))
        for reach in (first, second):
            shaped = cv2.blur(shaped, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(shaped, np.uint8)


def painting_region(mask: Mask) -> Mask:
    """The region the model may paint, (H, W) or (F, H, W): the hull of each part of the mask, with room around it.

    A tight outline tells the model the old shape; a hull lets the new one have its own. A mask that runs along most of
    the frame is a background: its hull would bury the subject, so it only grows a little. 255 inside, 0 outside.
    """
    if mask.ndim == 3:
        return np.stack([painting_region(plane) for plane in mask])
    marked = (mask > 127).astype(np.uint8)
    border = np.concatenate([marked[0], marked[-1], marked[:, 0], marked[:, -1]])
    if border.mean() > 0.5:
        return 255 * np.asarray(cv2.dilate(marked, _disc(max(1, round(BACKGROUND_MARGIN * min(mask.shape))))), np.uint8)
    marked = np.asarray(cv2.dilate(marked, _disc(max(2, round(REGION_MARGIN * min(mask.shape))))), np.uint8)
    outlines, _ = cv2.findContours(marked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    region = np.zeros(mask.shape, np.uint8)
    for outline in outlines:
        cv2.fillConvexPoly(region, cv2.convexHull(outline), 255)
    return region


def check_mask_marks(mask: Mask) -> None:
    """Raises InputError where a mask of any shape marks nothing."""
    if is_empty(mask):
        raise InputError(
            "The mask is empty: nothing in it is white. Paint over the subject, give a mask with white where it is, "
            "or leave the mask out to have the subject found."
        )


def is_empty(mask: Mask) -> bool:
    """Whether a mask of any shape marks no more than a speck."""
    return float((mask > 127).mean()) < SMALLEST_SUBJECT


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
