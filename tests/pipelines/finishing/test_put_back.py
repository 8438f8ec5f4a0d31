"""Putting the source back: bit for bit outside the mask, what was made inside it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.finishing.put_back import GreenScreen, PutBack
from pipelines.media.read import read_video
from tests.media_samples import chunks_of, collect, make_video, moving_square, stream_of

DISC = cv2.circle(np.zeros((48, 64), np.uint8), (30, 24), 12, 255, -1)


def _masks(count: int) -> np.ndarray:
    return np.stack([np.roll(DISC, index, axis=1) for index in range(count)])


@pytest.mark.parametrize("feather", [0, 4])
def test_outside_the_mask_every_bit_is_the_source(tmp_path: Path, feather: int) -> None:
    path = make_video(tmp_path / "source.mp4", moving_square(20))
    source, masks = collect(read_video(path)), _masks(20)
    made = 255 - source
    effect = PutBack(lambda: read_video(path), lambda: chunks_of(masks, 7), feather)
    stream = effect.apply(stream_of(made, 24, 5))
    result = collect(stream)
    soft = [cv2.GaussianBlur(mask, (2 * feather + 1,) * 2, 0) if feather else mask for mask in masks]
    soft = np.stack(soft)
    assert (stream.num_frames, stream.frame_rate) == (20, 24)
    assert (result[soft == 0] == source[soft == 0]).all()
    assert (result[soft == 255] == made[soft == 255]).all()
    assert (soft == 0).mean() > 0.4
    assert (soft == 255).any()


def test_the_feather_blends_between() -> None:
    kept, made = np.full((1, 48, 64, 3), 40, np.uint8), np.full((1, 48, 64, 3), 240, np.uint8)
    mask = np.tile(np.linspace(0, 255, 64).round().astype(np.uint8), (1, 48, 1))
    result = collect(PutBack(lambda: stream_of(kept), lambda: chunks_of(mask)).apply(stream_of(made)))
    assert np.abs(result[0, 0, :, 0] - (40 + 200 * (mask[0, 0] / 255.0))).max() <= 0.51


def test_a_few_frames_too_many_or_too_few_are_borne() -> None:
    source, masks = moving_square(12), _masks(12)
    whole = np.full_like(masks, 255)
    for count in (10, 14):
        made = 255 - moving_square(count)
        result = collect(PutBack(lambda: stream_of(source), lambda: chunks_of(whole)).apply(stream_of(made)))
        assert len(result) == 12
        assert (result[:10] == made[:10]).all()
        assert (result[-1] == made[min(count, 12) - 1]).all()


def test_another_size_or_rate_is_a_mistake() -> None:
    effect = PutBack(lambda: stream_of(moving_square(5)), lambda: chunks_of(_masks(5)))
    with pytest.raises(ValueError, match="resize and interpolate first"):
        effect.apply(stream_of(moving_square(5, 32, 24)))
    with pytest.raises(ValueError, match="resize and interpolate first"):
        effect.apply(stream_of(moving_square(5), Fraction(12)))


def test_green_screen_is_green_outside_and_untouched_inside() -> None:
    frames, masks = moving_square(9), _masks(9)
    result = collect(GreenScreen(lambda: chunks_of(masks, 4)).apply(stream_of(frames)))
    assert (result[masks == 0] == (0, 255, 0)).all()
    assert (result[masks == 255] == frames[masks == 255]).all()
