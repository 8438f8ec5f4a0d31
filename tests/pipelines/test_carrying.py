"""Masks of the subject, carried from frame to frame."""

import numpy as np
import pytest

from pipelines.carrying import MaskCarrier
from tests.pipelines.moving_subject import moving_subject, overlap


def carried_through(frames: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    return list(map(MaskCarrier(mask), frames))


@pytest.mark.parametrize(
    "alike",
    [
        pytest.param(False, id="colours of its own"),
        pytest.param(True, id="the colours of the ground", marks=pytest.mark.slow),
    ],
)
def test_a_carried_mask_stays_on_the_subject_for_fifty_frames(alike):
    frames, truth = moving_subject(50, speed=-0.8 if alike else 2.0, pan=1.5, alike=alike)
    carried = carried_through(frames, truth[0])
    overlaps = [overlap(mask, wanted) for mask, wanted in zip(carried, truth, strict=True)]
    assert np.mean(overlaps) >= 0.85
    assert min(overlaps) >= 0.75


def test_the_first_mask_comes_back_as_it_was_drawn():
    frames, truth = moving_subject(2)
    assert np.array_equal(MaskCarrier(truth[0])(frames[0]), truth[0])


def test_the_mask_empties_when_the_subject_leaves_and_stays_empty():
    frames, truth = moving_subject(20, speed=10.0)
    assert truth[-1].max() == 0
    carried = carried_through(frames, truth[0])
    assert (carried[-1] > 127).mean() < 0.02


def test_a_cut_to_another_shot_empties_the_mask_and_the_way_back_finds_the_subject_again():
    frames, truth = moving_subject(9)
    elsewhere = np.full((3, *frames.shape[1:]), (40, 60, 150), np.uint8)
    film = np.concatenate([frames[:6], elsewhere, frames[6:]])
    carried = carried_through(film, truth[0])
    assert np.max(carried[6:9]) < 128
    assert min(overlap(mask, wanted) for mask, wanted in zip(carried[9:], truth[6:], strict=True)) > 0.85
