"""Grain: as strong as asked, where film has it, moving, colourless and the same again for the same seed."""

from __future__ import annotations

import numpy as np

from pipelines.finishing.grain import Grain
from tests.media_samples import collect, stream_of


def _noise(level: int, amount: float, seed: int = 0, frames: int = 6) -> np.ndarray:
    flat = np.full((frames, 96, 128, 3), level, np.uint8)
    return collect(Grain(amount, seed).apply(stream_of(flat))).astype(int) - level


def test_it_grows_with_the_amount_and_keeps_the_brightness() -> None:
    faint, strong = _noise(128, 0.2), _noise(128, 0.8)
    assert 2 < faint.std() < strong.std() / 3
    assert abs(strong.mean()) < 0.5
    assert not _noise(128, 0.0).any()


def test_middle_greys_carry_it_and_the_ends_do_not() -> None:
    assert not _noise(0, 1.0).any()
    assert not _noise(255, 1.0).any()
    assert _noise(40, 1.0).std() < 0.7 * _noise(128, 1.0).std()


def test_it_has_no_colour_and_moves_with_every_frame() -> None:
    noise = _noise(128, 1.0, frames=12)
    assert (noise[..., 0] == noise[..., 1]).all()
    assert (noise[..., 0] == noise[..., 2]).all()
    for one in range(12):
        for other in range(one):
            shared = np.corrcoef(noise[one, ..., 0].ravel(), noise[other, ..., 0].ravel())[0, 1]
            assert abs(shared) < 0.2, (one, other)


def test_the_seed_decides() -> None:
    assert (_noise(128, 0.5, 4) == _noise(128, 0.5, 4)).all()
    assert (_noise(128, 0.5, 4) != _noise(128, 0.5, 5)).any()
