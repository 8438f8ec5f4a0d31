"""The end of a loop leads to its beginning."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.finishing.loop import Loop
from pipelines.types import FrameStream
from tests.media_samples import collect, moving_square, stream_of


def _steps(frames: np.ndarray) -> np.ndarray:
    """Mean difference of each frame to the one before; the last entry is the seam's."""
    following = np.concatenate([frames[1:], frames[:1]]).astype(int)
    return np.abs(following - frames).mean((1, 2, 3))


def _drifting(count: int) -> np.ndarray:
    """A textured picture that slides and brightens: nothing in it repeats by itself."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(40, 200, (12, 40, 3), np.uint8)
    wide = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    return np.stack([np.clip(wide[:, 2 * i : 2 * i + 96] + i, 0, 255) for i in range(count)]).astype(np.uint8)


def test_the_seam_is_no_larger_than_any_other_step() -> None:
    frames = _drifting(48)
    looped = Loop("seam").apply(stream_of(frames, 24))
    made = collect(looped)
    assert looped.num_frames == len(made) == 32
    steps = _steps(made)
    assert _steps(frames)[-1] > 2 * _steps(frames)[:-1].max()  # as it was, the jump shows
    assert steps[-1] <= steps[:-1].max() * 1.05


def test_what_is_no_part_of_the_seam_is_not_touched() -> None:
    frames = _drifting(48)
    assert (collect(Loop("seam").apply(stream_of(frames, 24)))[:16] == frames[16:32]).all()


def test_a_boomerang_goes_there_and_back_and_shows_no_frame_twice_in_a_row() -> None:
    frames = moving_square(9)
    looped = Loop("boomerang").apply(stream_of(frames, 8))
    made = collect(looped)
    assert looped.num_frames == len(made) == 16
    assert (made == np.concatenate([frames, frames[-2:0:-1]])).all()


def test_a_boomerang_does_not_fill_memory() -> None:
    frames = (np.full((1, 400, 400, 3), index % 250, np.uint8) for index in range(300))
    stream = Loop("boomerang").apply(FrameStream(frames, 400, 400, Fraction(24), 300))
    tracemalloc.start()
    count = sum(len(chunk) for chunk in stream.chunks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 598
    assert peak < 40e6  # the frames are 144 MB


def test_a_boomerang_of_more_than_a_minute_is_refused_before_a_frame_is_taken() -> None:
    stream = FrameStream(iter(()), 64, 48, Fraction(10), 700)
    with pytest.raises(InputError, match="70 s"):
        Loop("boomerang").apply(stream)


@pytest.mark.parametrize("method", ["seam", "boomerang"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_very_short_clips_stay_whole(method: str, count: int) -> None:
    stream = Loop(method).apply(stream_of(moving_square(count), 8))
    assert len(collect(stream)) == stream.num_frames >= min(count, 2)


def test_a_boomerang_that_needs_too_much_room_is_refused_before_a_frame_is_taken() -> None:
    stream = FrameStream(iter(()), 4096, 2160, Fraction(60), 3000)
    with pytest.raises(InputError, match="needs 80 GB"):
        Loop("boomerang").apply(stream)
