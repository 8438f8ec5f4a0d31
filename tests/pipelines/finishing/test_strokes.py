"""Strokes: coarse as the model made it, fine as redrawn, where and when the source shows it."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import cv2
import numpy as np
import pytest

from pipelines.finishing.strokes import Strokes
from pipelines.types import Frames
from tests.media_samples import collect, moving_square, psnr, stream_of

STRIPES = np.where(np.arange(160) // 2 % 2, 40, -40)[None, None, :, None]  # two pixels each: finer than the model draws


class Striped:
    """Stands where a stylist would: everything a hundred levels darker, with fine stripes. Counts what it draws."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, frames: Frames) -> Frames:
        self.drawn += len(frames)
        return np.clip(frames.astype(int) - 100 + STRIPES, 0, 255).astype(np.uint8)


class Same:
    """Redraws frames as they are."""

    def __call__(self, frames: Frames) -> Frames:
        return frames


def _blurred(frames: Frames) -> Frames:
    return np.stack([cv2.GaussianBlur(frame, (0, 0), 4) for frame in frames])


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_light_is_the_made_frames_and_the_stripes_are_the_redrawn_ones(share: float) -> None:
    made, source = np.full((3, 96, 160, 3), 90, np.uint8), np.full((3, 96, 160, 3), 200, np.uint8)
    laid = Strokes(Striped(), partial(stream_of, source, 24), 0.25, share)  # type: ignore[arg-type]
    frames = collect(laid.apply(stream_of(made, 24))).astype(int)
    assert np.abs(frames.mean((2, 3)) - 90).max() < 2
    middle = frames[:, 20:-20, 20:-20]
    assert np.abs(middle.max() - 90 - 40 * share) < 3 and np.abs(middle.min() - 90 + 40 * share) < 3


def test_outlines_lie_where_the_source_has_them_at_every_moment() -> None:
    truth = moving_square(25, 160, 96, step=2)
    made = _blurred(truth)
    laid = Strokes(Same(), partial(stream_of, truth[::3], 8), 0.25)  # type: ignore[arg-type]
    frames = collect(laid.apply(stream_of(made, 24)))
    assert frames.shape == made.shape
    gained = [psnr(frames[index], truth[index]) - psnr(made[index], truth[index]) for index in range(24)]
    assert min(gained) > 2, gained


def test_redrawn_at_the_models_rate_and_carried_in_between() -> None:
    stylist = Striped()
    laid = Strokes(stylist, partial(stream_of, moving_square(9, 160, 96), Fraction(8)), 0.25)  # type: ignore[arg-type]
    assert len(collect(laid.apply(stream_of(moving_square(25, 160, 96), 24)))) == 25
    assert stylist.drawn == 9
