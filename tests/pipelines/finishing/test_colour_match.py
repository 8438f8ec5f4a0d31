"""Colours are brought to the reference with one map for the whole clip, and drift is steadied without one."""

from __future__ import annotations

import numpy as np

from pipelines.finishing.colour_match import ColourMatch
from tests.media_samples import collect, moving_square, picture, stream_of


def test_mean_and_spread_come_to_those_of_the_reference() -> None:
    reference = moving_square(1, 96, 64)[0]
    tinted = np.clip(moving_square(12, 96, 64) * np.array([0.7, 1.0, 1.15]) + (40, 0, -5), 0, 255).astype(np.uint8)
    matched = collect(ColourMatch(reference).apply(stream_of(tinted)))
    assert np.abs(matched.mean((0, 1, 2)) - reference.mean((0, 1))).max() < 2
    assert np.abs(matched.std((0, 1, 2)) - reference.std((0, 1))).max() < 4


def test_the_map_is_the_same_for_every_frame() -> None:
    still = np.stack([picture(64, 48)] * 12)
    matched = collect(ColourMatch(picture(64, 48, seed=9)).apply(stream_of(still)))
    assert (matched == matched[0]).all()
    assert not (matched[0] == still[0]).all()


def test_matching_a_clip_to_itself_changes_nothing_that_shows() -> None:
    frames = moving_square(6)
    matched = collect(ColourMatch(frames[0]).apply(stream_of(frames, chunk=1)))
    assert np.abs(matched.astype(int) - frames).max() <= 1


def test_a_flat_reference_does_not_blow_up_noise() -> None:
    flat = np.full((32, 32, 3), 90, np.uint8)
    noisy = np.random.default_rng(0).integers(99, 102, (3, 48, 64, 3), dtype=np.uint8)
    matched = collect(ColourMatch(flat).apply(stream_of(noisy)))
    assert matched.std() < 3
    assert abs(float(matched.mean()) - 90) < 1


def test_without_a_reference_drift_is_steered_back_to_the_beginning() -> None:
    still = picture(64, 48).astype(np.float64)
    drifting = np.stack([np.clip(still * (1 - index / 300) + index / 4, 0, 255) for index in range(120)])
    frames = drifting.astype(np.uint8)
    steadied = collect(ColourMatch().apply(stream_of(frames)))

    def drift(clip: np.ndarray) -> float:
        return float(np.abs(clip[-1].mean((0, 1)) - clip[0].mean((0, 1))).max())

    assert (steadied[0] == frames[0]).all()
    assert drift(steadied) < 0.5 * drift(frames)
    steps = np.abs(np.diff(steadied.mean((1, 2)), axis=0)).max()
    assert steps < 1.5
