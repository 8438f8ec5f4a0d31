"""Stylization of the subject alone, or of all but the subject: the rest is the source."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.errors import InputError
from pipelines.finishing.put_back import PutBack
from pipelines.source import Source
from pipelines.types import Frames
from tests.media_samples import collect, make_video, stream_of
from tests.pipelines.looks import INFO, prepared

STYLIZATION = PIPELINES["stylization"]


class Model:
    info = INFO


def laid_over(video: str, region: str) -> tuple[Frames, Frames]:
    """What the last effect makes of plain green frames, and the source."""
    request = prepared("stylization", video, prompt="a red ball", region=region, seconds=0.5)
    (last,) = [effect for effect in STYLIZATION(Model()).plan(request).finishing if isinstance(effect, PutBack)]
    source = Source.of(request)
    kept = collect(source.read())
    made = np.full_like(kept, (0, 255, 0))
    return collect(last.apply(stream_of(made, source.info.frame_rate))), kept


def test_all_of_it_changes_unless_a_region_is_named() -> None:
    request = prepared("stylization", "ball-over-the-sea.mp4", prompt="a red ball")
    assert not any(isinstance(effect, PutBack) for effect in STYLIZATION(Model()).plan(request).finishing)


def test_outside_the_subject_every_pixel_is_the_source() -> None:
    made, source = laid_over("ball-over-the-sea.mp4", "subject")
    same, green = (made == source).all(-1), (made == (0, 255, 0)).all(-1)
    assert same.mean() > 0.7
    assert green.mean() > 0.02
    assert (same | green).mean() > 0.8  # between them only a narrow edge


def test_a_background_is_everything_but_the_subject() -> None:
    (subject, source), (background, _) = (
        laid_over("ball-over-the-sea.mp4", part) for part in ("subject", "background")
    )
    green = [(frames == (0, 255, 0)).all(-1) for frames in (subject, background)]
    assert green[1].mean() > 0.7
    assert (background[green[0]] == source[green[0]]).all(-1).mean() > 0.6


def test_a_video_without_a_subject_is_refused_before_any_work(tmp_path) -> None:
    video = make_video(tmp_path / "plain.mp4", np.full((8, 48, 96, 3), 120, np.uint8), 8)
    asked = STYLIZATION.request_type(video=str(video), prompt="a ball", region="subject")
    with pytest.raises(InputError, match="No subject"):
        STYLIZATION.prepare(asked, INFO)
