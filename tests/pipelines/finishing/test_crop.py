"""Crops and resizes give exactly the size they promise."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.finishing.crop import Crop, CropToRatio, PadToRatio, largest_inside
from pipelines.finishing.resize import Resize
from pipelines.settings import AspectRatio
from pipelines.types import FrameStream
from tests.media_samples import collect, moving_square, stream_of

RATIOS = get_args(AspectRatio)


@settings(deadline=None)
@given(st.sampled_from(RATIOS), st.integers(96, 2000), st.integers(96, 2000))
def test_the_ratio_is_exact_the_sides_even_and_no_larger_one_fits(ratio: str, width: int, height: int) -> None:
    across, down = (int(part) for part in ratio.split(":"))
    wide, tall = largest_inside(ratio, width, height)
    common = gcd(across, down)
    assert wide * down == tall * across
    assert wide % 2 == tall % 2 == 0
    assert wide <= width
    assert tall <= height
    assert wide + 2 * across // common > width or tall + 2 * down // common > height


def test_the_middle_is_kept_bit_for_bit() -> None:
    frames = moving_square(7, 160, 96)
    stream = CropToRatio("16:9").apply(stream_of(frames))
    assert (stream.width, stream.height) == (160, 90)
    assert (collect(stream) == frames[:, 3:93]).all()
    assert (collect(Crop(64, 40).apply(stream_of(frames))) == frames[:, 28:68, 48:112]).all()


def test_too_small_a_frame_is_refused() -> None:
    with pytest.raises(InputError, match="21:9"):
        CropToRatio("21:9").apply(stream_of(moving_square(1, 12, 12)))
    with pytest.raises(InputError, match="cannot be cut out"):
        Crop(100, 100).apply(stream_of(moving_square(1)))


@pytest.mark.parametrize("size", [(32, 24), (128, 96), (65, 47)])
def test_resize_gives_that_size_and_keeps_the_picture(size: tuple[int, int]) -> None:
    frames = moving_square(7)
    stream = Resize(*size).apply(stream_of(frames))
    resized = collect(stream)
    assert (stream.width, stream.height) == size
    assert resized.shape == (7, size[1], size[0], 3)
    assert np.abs(resized.mean((1, 2)) - frames.mean((1, 2))).max() < 1.5


def test_the_same_size_changes_nothing() -> None:
    stream = stream_of(moving_square(2))
    assert Resize(64, 48).apply(stream) is stream
    assert Crop(64, 48).apply(stream) is stream


def test_large_answers_travel_in_short_chunks() -> None:
    stream = Resize(2000, 1500).apply(stream_of(moving_square(16), chunk=16))
    assert max(chunk.nbytes for chunk in stream.chunks) <= 64_000_000


@settings(deadline=None)
@given(st.sampled_from(RATIOS), st.integers(16, 2000), st.integers(16, 2000))
def test_padding_reaches_the_exact_ratio_and_cuts_nothing(ratio: str, width: int, height: int) -> None:
    across, down = (int(part) for part in ratio.split(":"))
    stream = PadToRatio(ratio).apply(FrameStream(iter(()), width, height, Fraction(8), 1))
    common = gcd(across, down)
    assert stream.width * down == stream.height * across
    assert stream.width % 2 == stream.height % 2 == 0
    assert stream.width >= width and stream.height >= height
    assert stream.width - 2 * across // common < width or stream.height - 2 * down // common < height


def test_padding_is_black_and_the_picture_lies_whole_in_the_middle() -> None:
    frames = moving_square(5, 160, 96) | 1  # nothing in it is black
    made = collect(PadToRatio("1:1").apply(stream_of(frames)))
    assert made.shape == (5, 160, 160, 3)
    assert (made[:, 32:128] == frames).all()
    assert not made[:, :32].any() and not made[:, 128:].any()
