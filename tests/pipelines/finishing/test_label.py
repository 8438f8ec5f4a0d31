"""The mark can be read, lies in its corner and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.finishing.label import Label
from tests.media_samples import collect, stream_of


@pytest.mark.parametrize("size", [(64, 48), (640, 360), (360, 640)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_it_stands_out_on_any_ground_in_the_lower_right_corner(size: tuple[int, int], grey: int) -> None:
    width, height = size
    frames = np.full((2, height, width, 3), grey, np.uint8)
    made = collect(Label().apply(stream_of(frames)))
    changed = (made[0] != frames[0]).any(-1)
    down, across = np.nonzero(changed)
    assert (made[0] == made[1]).all()
    assert np.ptp(made[0][changed].astype(int)) > 80
    assert down.min() > height * 0.4
    assert height - 1 - down.max() <= height / 10
    assert width - 1 - across.max() <= width / 10


def test_frames_outside_the_mark_are_bit_for_bit_the_same() -> None:
    frames = np.random.default_rng(1).integers(0, 256, (3, 360, 640, 3), np.uint8)
    made = collect(Label().apply(stream_of(frames)))
    assert (made[:, :300] == frames[:, :300]).all()
    assert (made[:, :, :400] == frames[:, :, :400]).all()


def test_it_shrinks_to_fit_the_smallest_frames() -> None:
    assert collect(Label().apply(stream_of(np.zeros((1, 16, 16, 3), np.uint8)))).any()
