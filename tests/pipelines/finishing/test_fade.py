"""Clips come out of black and go back into it."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.finishing.fade import Fade
from tests.media_samples import collect, stream_of


def _levels(fade: Fade, count: int = 33, rate: int = 8) -> list[int]:
    made = collect(fade.apply(stream_of(np.full((count, 16, 16, 3), 200, np.uint8), rate)))
    return [int(frame[8, 8, 0]) for frame in made]


def test_brightness_rises_and_falls_evenly_over_the_seconds_asked_for() -> None:
    levels = _levels(Fade(1.0, 2.0))
    assert levels[:9] == [0, 25, 50, 75, 100, 125, 150, 175, 200]
    assert set(levels[8:17]) == {200}
    assert levels[-1] == 0 and levels[-9] == 100 and levels[-17] == 200


def test_one_end_alone_leaves_the_other_as_it_was() -> None:
    assert _levels(Fade(fade_in=1.0))[-1] == 200
    assert _levels(Fade(fade_out=1.0))[0] == 200


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fades_longer_than_the_clip_meet_in_the_middle(count: int) -> None:
    levels = _levels(Fade(4.0, 4.0), count)
    assert levels == levels[::-1]
    assert levels[0] == 0
