"""The embedded salient-object network (U2-Netp through OpenCV) and the pulling of its soft answer onto outlines.

Qin et al., Pattern Recognition 106, 2020; origin and licence lie beside the weights in assets/subject.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.checkpoints import ASSETS
from pipelines.types import Frame

NETWORK = ASSETS / "subject" / "u2netp.onnx"
NETWORK_SIDE = 320
SPECK = 0.02  # of the largest part
IMAGENET_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
IMAGENET_STD = np.array((0.229, 0.224, 0.225), np.float32)

Soft = NDArray[Any]  # (H, W) float, 0..1; OpenCV's own types are no narrower

_lock = Lock()  # an OpenCV network keeps its activations in itself


def saliency(frame: Frame, side: int = NETWORK_SIDE, least: float = SPECK) -> Soft:
    """How likely each pixel belongs to the subject: (H, W, 3) uint8 RGB -> (H, W) float32, 0..1.

    Where nothing stands out every value is low: the answer is not stretched to reach 1.
    side: pixels of the square the network looks at, a multiple of 32; fewer are quicker and coarser.
    least: parts smaller than this, as a share of the largest, are dropped.
    """
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
    pixels = (small.astype(np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    with _lock:
        network = _network()
        network.setInput(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
        likely = network.forward(network.getUnconnectedOutLayersNames()[0])[0, 0].copy()
    return np.clip(cv2.resize(_without_specks(likely, least), (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)


def snap_to_edges(soft: Soft, frame: Frame, reach: float = 0.012) -> Soft:
    """Pull a coarse mask onto the outlines of its picture: a guided filter (He et al., ECCV 2010).

    reach: how far an outline may lie from the coarse edge, as a part of the picture's diagonal.
    """
    size = 2 * max(1, round(reach * float(np.hypot(*soft.shape)))) + 1
    guide = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255

    def mean(plane: Soft) -> Soft:
        return cv2.blur(plane, (size, size))

    guide_mean, soft_mean = mean(guide), mean(soft)
    slope = (mean(guide * soft) - guide_mean * soft_mean) / (mean(guide * guide) - guide_mean**2 + 1e-3)
    snapped = mean(slope) * guide + mean(soft_mean - slope * guide_mean)
    return np.clip((snapped - 0.5) * 1.5 + 0.5, 0, 1)


def _without_specks(likely: Soft, least: float) -> Soft:
    """Drop the parts that are never sure of themselves, or small beside the largest."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((likely > 0.3).astype(np.uint8))
    if count < 2:
        return likely
    largest = stats[1:, cv2.CC_STAT_AREA].max()
    for index in range(1, count):
        part = labels == index
        if likely[part].max() < 0.8 or stats[index, cv2.CC_STAT_AREA] < least * largest:
            likely[part] = 0
    return likely


@lru_cache(maxsize=1)
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(NETWORK))
