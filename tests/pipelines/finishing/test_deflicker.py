"""Jumps of brightness and tint go; slow changes, cuts and the number of frames stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.finishing.deflicker import Deflicker
from tests.media_samples import collect, grey_levels, moving_square, picture, stream_of


def _deflickered(frames: np.ndarray, rate: int = 12, chunk: int = 5) -> np.ndarray:
    return collect(Deflicker().apply(stream_of(frames, rate, chunk)))


def _jump(frames: np.ndarray) -> float:
    """How far a frame's mean colours lie from the middle of its neighbours', in levels."""
    means = frames.mean((1, 2))
    return float(np.abs(means[1:-1] - (means[:-2] + means[2:]) / 2).mean())


def test_flicker_goes_and_the_picture_stays() -> None:
    steady = moving_square(30, 96, 64)
    rng = np.random.default_rng(3)
    gains = 1 + rng.uniform(-0.12, 0.12, (30, 1, 1, 3))
    flickering = np.clip(steady * gains, 0, 255).astype(np.uint8)
    calm = _deflickered(flickering)
    assert calm.shape == steady.shape
    assert _jump(calm) < 0.3 * _jump(flickering)
    # what cannot be known is how bright the shot was meant; that it no longer jumps can be
    truth = steady[6:-6].astype(int)
    assert np.abs(calm[6:-6] - truth).mean() < np.abs(flickering[6:-6] - truth).mean()


def test_a_steady_brightening_is_left_alone() -> None:
    frames = grey_levels(40, step=3)
    assert np.abs(_deflickered(frames).astype(int) - frames).max() <= 1


def test_nothing_is_levelled_across_a_cut() -> None:
    dark, bright = picture(64, 48, 1) // 3, picture(64, 48, 2)[::-1]
    frames = np.stack([dark] * 9 + [bright] * 9)
    assert np.abs(_deflickered(frames).astype(int) - frames).max() <= 1


@pytest.mark.parametrize("count", [1, 2, 3, 8, 25])
def test_every_frame_comes_out_once_in_its_place(count: int) -> None:
    frames = grey_levels(count, step=2)
    assert np.abs(_deflickered(frames, chunk=4).astype(int) - frames).max() <= 1


def test_only_a_moment_is_held_in_memory() -> None:
    taken = []
    stream = stream_of(moving_square(200), 8, 1)
    watched = replace(stream, chunks=(taken.append(None) or chunk for chunk in stream.chunks))
    next(iter(Deflicker().apply(watched).chunks))
    assert len(taken) < 40
