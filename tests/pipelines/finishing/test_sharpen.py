"""Edges are drawn harder, flat colour stays as it is."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.finishing.sharpen import Sharpen
from tests.media_samples import collect, moving_square, stream_of


def _steepest(frames: np.ndarray) -> float:
    return float(np.abs(np.diff(frames.astype(int), axis=2)).max())


def test_soft_edges_become_steeper_with_the_amount() -> None:
    soft = np.stack([cv2.GaussianBlur(frame, (0, 0), 1.5) for frame in moving_square(3)])
    steepness = [_steepest(collect(Sharpen(amount).apply(stream_of(soft)))) for amount in (0.0, 0.3, 1.0)]
    assert steepness[0] == _steepest(soft)
    assert steepness[0] < steepness[1] < steepness[2]


def test_flat_colour_is_not_touched() -> None:
    flat = np.full((2, 48, 64, 3), (20, 130, 250), np.uint8)
    assert (collect(Sharpen(1.0).apply(stream_of(flat))) == flat).all()
