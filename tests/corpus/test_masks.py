"""Masks that are taken lie where they were painted, in every frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.mask import MaskRequest
from pipelines.masking import source_track
from pipelines.source import Source
from pipelines.types import Mask
from tests.corpus.masks import DISC, moving_disc
from tests.corpus.videos import COUNT
from tests.media_samples import collect

Made = Callable[[str], list[Any]]


def _masks(pair: tuple[Path, Path]) -> Mask:
    """One mask for each frame of the video, as the mask mode follows it."""
    request = MaskRequest(video=str(pair[0]), mask=str(pair[1]), prompt="x", carry=False)
    source = Source.of(request)
    track = source_track(source, request)
    return np.concatenate(list(track.stream(source.num_frames, source.info.width, source.info.height)))


def _middles(masks: np.ndarray) -> np.ndarray:
    """(n, 2) where the middle of what is white lies, down and across."""
    return np.array([np.argwhere(mask > 127).mean(axis=0) for mask in masks])


@pytest.mark.parametrize("id", ["M06", "M10"])
def test_a_mask_is_read_exactly(made: Made, id: str) -> None:
    for pair in made(id):
        assert (_masks(pair) == DISC).all()


def test_black_is_kept_and_white_is_made_whatever_a_jpeg_adds(made: Made) -> None:
    (pair,) = made("M11")
    mask = _masks(pair)[0]
    assert (mask[:, 70:] == 0).all() and (mask[24:32, 30:38] == 255).all()
    assert ((mask > 127) != (DISC > 127)).mean() < 0.01


def test_white_is_everything_and_soft_stays_soft(made: Made) -> None:
    for pair in made("M04"):
        assert (_masks(pair) == 255).all()
    (soft,) = made("M05")
    edge = _masks(soft)[0]
    assert ((edge > 60) & (edge < 200)).sum() > 100


def test_an_inverted_mask_read_the_other_way_round_is_the_mask(made: Made) -> None:
    from pipelines.subject import refine

    (pair,) = made("M07")
    assert (refine(_masks(pair)[0], invert=True) == DISC).all()


def test_a_short_mask_is_held_at_its_end(made: Made) -> None:
    (pair,) = made("M08")
    across = _middles(_masks(pair))[:, 1]
    expected = _middles(moving_disc(4))[:, 1]
    assert len(across) == COUNT
    assert np.abs(across - [*expected, *[expected[-1]] * (COUNT - 4)]).max() <= 1


def test_a_mask_at_another_rate_follows_the_same_time(made: Made) -> None:
    slow, fast = made("M09")
    expected = _middles(moving_disc())[:, 1]
    assert np.abs(_middles(_masks(fast))[:, 1] - expected).max() <= 1
    assert np.abs(_middles(_masks(slow))[:, 1] - expected).max() <= 3 + 1  # every second one is the one before


def test_a_mask_lies_over_a_video_that_was_held_sideways(made: Made) -> None:
    for pair in made("M12"):
        shown = collect(Source.of(MaskRequest(video=str(pair[0]), prompt="x")).read())
        seen = _middles(shown.mean(axis=3))
        assert np.abs(_middles(_masks(pair)) - seen).max() <= 1
