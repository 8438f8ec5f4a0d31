"""Time runs at the speed asked for, at the rate asked for."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipelines.finishing import finishing_chain
from pipelines.finishing.effect import finish
from pipelines.settings import Finishing
from tests.media_samples import collect, moving_square, stream_of


@pytest.mark.parametrize(("speed", "count"), [(2.0, 8), (0.5, 32), (0.25, 64), (1.5, 11)])
def test_the_rate_stays_and_the_length_changes(speed: float, count: int) -> None:
    effects = finishing_chain(Finishing(speed=speed), 64, 48, Fraction(8))
    stream = finish(stream_of(moving_square(16), 8), effects)
    assert (stream.frame_rate, stream.num_frames) == (8, count)
    assert len(collect(stream)) == count


def test_twice_as_fast_shows_every_second_frame() -> None:
    frames = moving_square(16)
    effects = finishing_chain(Finishing(speed=2.0), 64, 48, Fraction(8))
    assert (collect(finish(stream_of(frames, 8), effects)) == frames[::2]).all()


def test_slow_motion_moves_half_as_far_from_frame_to_frame() -> None:
    effects = finishing_chain(Finishing(speed=0.5), 64, 48, Fraction(8))
    slow = collect(finish(stream_of(moving_square(16), 8), effects))

    def places(frames: np.ndarray) -> np.ndarray:
        bright = frames.max(axis=-1) > 200
        return np.array([np.nonzero(each)[1].mean() for each in bright])

    fast = np.diff(places(moving_square(16)))[2:8].mean()
    assert np.diff(places(slow))[4:16].mean() == pytest.approx(fast / 2, rel=0.15)


def test_a_stated_number_of_frames_is_of_the_unbent_clip() -> None:
    effects = finishing_chain(Finishing(speed=2.0, frame_rate="24"), 64, 48, Fraction(8), num_frames=48)
    assert finish(stream_of(moving_square(16), 8), effects).num_frames == 24
