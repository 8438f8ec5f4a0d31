"""The subject of a shot alone on white: what later shots are shown so that it stays the same."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipelines.errors import InputError
from pipelines.subject import salient_mask
from pipelines.types import Frame, Mask

ROOM = 0.25  # of the subject's longer side, left free around it: as reference pictures show one


def portrait(frames: Sequence[Frame]) -> Frame:
    """The subject of the first of these frames in which one stands out, (side, side, 3) uint8 with white around it.

    Where none does, the first frame as it is: then the place is what stays the same.
    """
    for frame in frames:
        try:
            mask = salient_mask(frame)
        except InputError:  # nothing stands out in this one
            continue
        return alone_on_white(frame, mask)
    return frames[0]


def alone_on_white(frame: Frame, mask: Mask) -> Frame:
    """What a mask (h, w) uint8 marks of a frame (h, w, 3), as above; it marks something."""
    x, y, width, height = cv2.boundingRect((mask > 127).astype(np.uint8))
    share = mask[..., None].astype(np.float32) / 255
    alone = np.rint(frame * share + 255 * (1 - share)).astype(np.uint8)[y : y + height, x : x + width]
    side = round(max(width, height) * (1 + 2 * ROOM))
    canvas = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    canvas[top : top + height, left : left + width] = alone
    return canvas
