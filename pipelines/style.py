"""A picture redrawn in a style: that of any other picture, or one of 26 that a network has learned.

Ghiasi et al., BMVC 2017 (any picture) and Dumoulin et al., ICLR 2017 (the learned ones), through OpenCV; origin and
licences lie beside the weights in assets/style. The networks see one frame at a time and know nothing of motion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.checkpoints import ASSETS
from pipelines.types import Frame, Frames

FOLDER = ASSETS / "style"
STYLE_SIDE = 256  # pixels of the square the style is read from
PICTURE_SIDE = 384  # pixels of the longer side a picture is redrawn at: what the networks' strokes are made for
LEARNED_STYLES = 26

StyleVector = NDArray[np.float32]  # (100,)

_VECTOR_INPUT = "mobilenet_conv/Conv/BiasAdd"
_lock = Lock()  # an OpenCV network keeps its activations in itself


@dataclass(frozen=True)
class Stylist:
    """Redraws frames in one style.

    style    the picture whose style is meant, (h, w, 3) uint8, or the number of a learned style, 0..25
    weight   0..1: how far a frame goes from its own look (0) to the style (1)
    """

    style: Frame | int
    weight: float = 1.0

    def __call__(self, frames: Frames) -> Frames:
        """(F, H, W, 3) uint8 -> the same shape."""
        return np.stack([self._frame(frame) for frame in frames])

    def _frame(self, frame: Frame) -> Frame:
        if self.weight == 0:
            return frame
        height, width = frame.shape[:2]
        scale = PICTURE_SIDE / max(height, width)
        # both networks halve the picture twice
        size = max(32, round(width * scale / 4) * 4), max(32, round(height * scale / 4) * 4)
        picture = np.asarray(cv2.resize(frame, size, interpolation=_way(scale)), np.uint8)
        drawn = _drawn_as(picture, self.style) if isinstance(self.style, int) else _drawn_like(picture, self._vector)
        drawn = cv2.resize(drawn, (width, height), interpolation=_way(1 / scale))
        return np.asarray(cv2.addWeighted(drawn, self.weight, frame, 1 - self.weight, 0), np.uint8)

    @cached_property
    def _vector(self) -> StyleVector:
        assert not isinstance(self.style, int)
        return style_vector(self.style)


def style_vector(picture: Frame) -> StyleVector:
    """The style of a picture, (h, w, 3) uint8, as the hundred numbers the network knows it by; of its middle square."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    square = cv2.resize(square, (STYLE_SIDE, STYLE_SIDE), interpolation=_way(STYLE_SIDE / side))
    with _lock:
        network = _network("predict")
        network.setInput(np.ascontiguousarray(square[None], np.float32) / 255)
        return np.asarray(network.forward(), np.float32).ravel().copy()


def _drawn_like(picture: Frame, vector: StyleVector) -> Frame:
    with _lock:
        network = _network("transform")
        network.setInput(np.ascontiguousarray(picture[None], np.float32) / 255, "content_image")
        network.setInput(vector.reshape(1, 1, 1, -1), _VECTOR_INPUT)
        return _as_frame(network.forward()[0])


def _drawn_as(picture: Frame, learned: int) -> Frame:
    weights = np.zeros(LEARNED_STYLES, np.float32)
    weights[learned] = 1
    with _lock:
        network = _network("multistyle")
        network.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / 255, "image")
        network.setInput(weights, "style_weights")
        return _as_frame(network.forward()[0].transpose(1, 2, 0))


def _as_frame(pixels: NDArray[np.float32]) -> Frame:
    return np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)


def _way(scale: float) -> int:
    """How to resize by this factor."""
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC


@lru_cache(maxsize=3)
def _network(name: str) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(FOLDER / f"{name}.onnx"))
