"""Shots become one film: every frame of them at a cut, an overlap where they fade."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.media.join import join_clips
from pipelines.media.metadata import read_recipe, recipe_metadata
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from tests.media_samples import collect, grey_levels, make_video, tone


def _levels(path: Path) -> list[int]:
    return [round(float(frame.mean())) for frame in collect(read_video(path))]


def _shots(tmp_path: Path) -> list[Path]:
    low, high = grey_levels(20, step=2), grey_levels(16, step=2) + 120
    return [
        make_video(tmp_path / "one.mp4", low, Fraction(30000, 1001), options={"crf": "2"}),
        make_video(tmp_path / "two.mp4", high, Fraction(30000, 1001), options={"crf": "2"}),
    ]


def test_cuts_keep_every_frame_in_order(tmp_path: Path) -> None:
    clip = join_clips(_shots(tmp_path), tmp_path / "film.mp4", metadata=recipe_metadata({"mode": "storyboard"}))
    expected = [20 + 2 * index for index in range(20)] + [140 + 2 * index for index in range(16)]
    assert np.abs(np.array(_levels(clip.path)) - expected).max() <= 1
    assert (clip.num_frames, clip.frame_rate) == (36, Fraction(30000, 1001))
    assert read_recipe(clip.path) == {"mode": "storyboard"}


def test_a_transition_overlaps_and_fades(tmp_path: Path) -> None:
    clip = join_clips(_shots(tmp_path), tmp_path / "film.mp4", transition=0.2)
    levels = _levels(clip.path)
    assert len(levels) == clip.num_frames == 36 - 6
    assert levels[13] == pytest.approx(46, abs=1)
    assert levels[20] == pytest.approx(152, abs=1)
    assert levels[13:21] == sorted(levels[13:21])
    assert levels[17] == pytest.approx(54 * 3 / 7 + 146 * 4 / 7, abs=2)


def test_a_transition_longer_than_the_shots_is_shortened(tmp_path: Path) -> None:
    assert join_clips(_shots(tmp_path), tmp_path / "film.mp4", transition=9).num_frames == 36 - 8


def test_sound_of_the_shots_follows_them(tmp_path: Path) -> None:
    silent = make_video(tmp_path / "silent.mp4", grey_levels(24), 24)
    loud = make_video(tmp_path / "loud.mp4", grey_levels(24), 24, sound=tone(1))
    clip = join_clips([silent, loud], tmp_path / "film.mp4")
    assert probe_video(clip.path).has_audio
    with av.open(str(clip.path)) as container:
        heard = [(frame.time, float(np.abs(frame.to_ndarray()).max())) for frame in container.decode(audio=0)]
    assert max(level for time, level in heard if time < 0.95) < 0.05
    assert max(level for time, level in heard if 1.1 < time < 1.9) > 0.3
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["film.mp4", "loud.mp4", "silent.mp4"]


def test_one_shot_is_a_film_and_none_is_an_error(tmp_path: Path) -> None:
    assert join_clips(_shots(tmp_path)[:1], tmp_path / "film.mp4", transition=0.5).num_frames == 20
    with pytest.raises(InputError):
        join_clips([], tmp_path / "film.mp4")
