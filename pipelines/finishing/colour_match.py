"""ColourMatch: the colours of a reference, or of the clip's own beginning, kept for the whole clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.finishing.chunks import frame_by_frame
from pipelines.types import Frame, Frames, FrameStream

Doubles = NDArray[np.float64]

_SIDE = 96  # pixels of the short side on which colours are measured
_NOISE = 16.0  # added variance, in squared levels: a flat picture asks for no extreme gain
_GAIN = (0.5, 2.0)
_INERTIA = 24  # frames over which a drift is felt, so that the correction never flickers


@dataclass(frozen=True)
class ColourMatch:
    """Give the clip the mean colour and colour spread of `reference`.

    With a reference (H, W, 3) of any size, one linear map is found from the first chunk and used throughout: it cannot
    flicker. It is the optimal transport between the two colour clouds taken as Gaussian (Pitié and Kokaram, 2007).
    Without one, each channel is steered back, slowly, to the mean and contrast the clip began with.
    """

    reference: Frame | None = None

    def apply(self, stream: FrameStream) -> FrameStream:
        chunks = _steadied(stream) if self.reference is None else _matched(stream, self.reference)
        return replace(stream, chunks=chunks)


def _matched(stream: FrameStream, reference: Frame) -> Iterator[Frames]:
    change: Doubles | None = None
    for chunk in stream.chunks:
        if change is None:
            change = colour_map(np.concatenate([_colours(frame) for frame in chunk]), _colours(reference))
        rows = chunk.reshape(-1, stream.width, 3)
        yield np.asarray(cv2.transform(rows, change), np.uint8).reshape(chunk.shape)


def colour_map(colours: Doubles, wanted: Doubles) -> Doubles:
    """(n, 3) and (m, 3) colours -> the (3, 4) affine map that gives the first the mean and covariance of the second."""
    mean, target = colours.mean(0), wanted.mean(0)
    spread, goal = (np.cov(cloud.T) + _NOISE * np.eye(3) for cloud in (colours, wanted))
    root = _power(spread, 0.5)
    inverse = _power(spread, -0.5)
    change = inverse @ _power(root @ goal @ root, 0.5) @ inverse
    values, vectors = np.linalg.eigh(change)
    change = (vectors * np.clip(values, *_GAIN)) @ vectors.T
    return np.column_stack([change, target - change @ mean])


def _steadied(stream: FrameStream) -> Iterator[Frames]:
    goal: tuple[Doubles, Doubles] | None = None
    mean = deviation = np.zeros(3)
    levels = np.arange(256)[:, None]

    def steady(frame: Frame, target: Frame) -> None:
        nonlocal goal, mean, deviation
        now = _colours(frame)
        if goal is None:
            goal = mean, deviation = now.mean(0), now.std(0)
        mean = mean + (now.mean(0) - mean) / _INERTIA
        deviation = deviation + (now.std(0) - deviation) / _INERTIA
        gain = np.clip((goal[1] + _NOISE**0.5) / (deviation + _NOISE**0.5), *_GAIN)
        table = np.clip(np.rint((levels - mean) * gain + goal[0]), 0, 255).astype(np.uint8)
        cv2.LUT(frame, table[None], dst=target)

    return frame_by_frame(stream.chunks, steady)


def _colours(frame: Frame) -> Doubles:
    """The colours of a frame at low resolution, (n, 3)."""
    height, width = frame.shape[:2]
    scale = min(1.0, _SIDE / min(height, width))
    small = cv2.resize(
        frame, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(small, np.float64).reshape(-1, 3)


def _power(matrix: Doubles, exponent: float) -> Doubles:
    """A power of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T
