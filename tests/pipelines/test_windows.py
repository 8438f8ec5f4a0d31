"""Long clips in windows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.windows import Seam, Windows

STEP, OVERLAP = 4, 5


def chunks(total: int, size: int = 3):
    frames = np.arange(total, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    return iter([frames[i : i + size] for i in range(0, total, size)])


@given(total=st.integers(1, 200), length=st.sampled_from([9, 17, 25]))
def test_windows_cover_every_frame_in_order_and_share_their_overlap(total, length):
    windows = Windows(total, length, OVERLAP)
    cut = list(windows.cut(chunks(total), STEP))
    assert len(cut) == windows.count
    shown: list[int] = []
    for index, (start, frames) in enumerate(cut):
        assert len(frames) <= length
        assert len(frames) % STEP == 1
        values = frames[:, 0, 0, 0].tolist()
        assert values[0] == start
        if index:
            assert shown[-OVERLAP:] == values[:OVERLAP]
        shown += values[OVERLAP if index else 0 :]
    assert shown[:total] == list(range(total))
    assert set(shown[total:]) <= {total - 1}  # the last frame is held


def test_a_clip_that_fits_is_one_window():
    assert Windows(17, 17, OVERLAP).count == 1
    assert Windows(18, 17, OVERLAP).lengths(STEP) == [17, 9]
    assert Windows(3, 17, OVERLAP).lengths(STEP) == [5]


def through_seams(windows: list[np.ndarray], size: int) -> np.ndarray:
    """Windows of frames (n, 2, 2, 3), `size` frames at a time, as one clip."""
    passed, tail = [], None
    for index, frames in enumerate(windows):
        seam = Seam(tail, OVERLAP if index < len(windows) - 1 else 0)
        passed += [seam.passed(frames[at : at + size]) for at in range(0, len(frames), size)]
        tail = seam.held
    return np.concatenate(passed)


@given(total=st.integers(1, 120), length=st.sampled_from([9, 17]), size=st.integers(1, 8))
def test_what_windows_share_is_shown_once(total, length, size):
    cut = [frames for _, frames in Windows(total, length, OVERLAP).cut(chunks(total), STEP)]
    shown = through_seams(cut, size)[:total, 0, 0, 0]
    assert np.abs(shown.astype(int) - np.arange(total)).max() <= 1  # as a blend of equals rounds


def test_one_window_dissolves_into_the_next():
    shown = through_seams([np.full((9, 2, 2, 3), level, np.uint8) for level in (60, 120)], 4)[:, 0, 0, 0]
    assert shown.tolist() == [60, 60, 60, 60, 70, 80, 90, 100, 110, 120, 120, 120, 120]
