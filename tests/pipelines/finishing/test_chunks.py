"""Streams come apart and together again without a frame lost, doubled or out of order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.finishing.chunks import frames_of, in_chunks, sliced


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 40), max_size=6), st.integers(1, 20))
def test_every_frame_comes_through_once_and_in_order(lengths: list[int], most: int) -> None:
    ends = np.cumsum([0, *lengths])
    chunks = [np.arange(begin, end, dtype=np.uint8)[:, None] for begin, end in pairwise(ends)]
    whole = np.arange(ends[-1], dtype=np.uint8)
    assert [int(frame[0]) for frame in frames_of(chunks)] == whole.tolist()
    cut = list(sliced(chunks, most))
    assert all(1 <= len(chunk) <= most for chunk in cut)
    assert [int(frame[0]) for frame in frames_of(cut)] == whole.tolist()
    again = list(in_chunks(frames_of(chunks), 64, 48))
    assert all(1 <= len(chunk) <= 16 for chunk in again)
    assert [int(frame[0]) for frame in frames_of(again)] == whole.tolist()
