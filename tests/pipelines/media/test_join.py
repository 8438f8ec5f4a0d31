"""Shots become one film: every frame of them at a cut, an overlap where they fade."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.media.join import Film, Shot, join_clips
from pipelines.media.metadata import read_recipe, recipe_metadata
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.media.title import TITLE_SECONDS
from tests.media_samples import collect, grey_levels, make_video, tone


def _levels(path: Path) -> list[int]:
    return [round(float(frame.mean())) for frame in collect(read_video(path))]


def _shots(tmp_path: Path) -> list[Shot]:
    low, high = grey_levels(20, step=2), grey_levels(16, step=2) + 120
    return [
        Shot(make_video(tmp_path / "one.mp4", low, Fraction(30000, 1001), options={"crf": "2"})),
        Shot(make_video(tmp_path / "two.mp4", high, Fraction(30000, 1001), options={"crf": "2"})),
    ]


def test_cuts_keep_every_frame_in_order(tmp_path: Path) -> None:
    clip = join_clips(
        Film.of(_shots(tmp_path)), tmp_path / "film.mp4", metadata=recipe_metadata({"mode": "storyboard"})
    )
    expected = [20 + 2 * index for index in range(20)] + [140 + 2 * index for index in range(16)]
    assert np.abs(np.array(_levels(clip.path)) - expected).max() <= 1
    assert (clip.num_frames, clip.frame_rate) == (36, Fraction(30000, 1001))
    assert read_recipe(clip.path) == {"mode": "storyboard"}


def test_a_transition_overlaps_and_fades(tmp_path: Path) -> None:
    clip = join_clips(Film.of(_shots(tmp_path), 0.2), tmp_path / "film.mp4")
    levels = _levels(clip.path)
    assert len(levels) == clip.num_frames == 36 - 6
    assert levels[13] == pytest.approx(46, abs=1)
    assert levels[20] == pytest.approx(152, abs=1)
    assert levels[13:21] == sorted(levels[13:21])
    assert levels[17] == pytest.approx(54 * 3 / 7 + 146 * 4 / 7, abs=2)


def test_a_transition_longer_than_the_shots_is_shortened(tmp_path: Path) -> None:
    assert join_clips(Film.of(_shots(tmp_path), 9), tmp_path / "film.mp4").num_frames == 36 - 8


def test_sound_of_the_shots_follows_them(tmp_path: Path) -> None:
    silent = make_video(tmp_path / "silent.mp4", grey_levels(24), 24)
    loud = make_video(tmp_path / "loud.mp4", grey_levels(24), 24, sound=tone(1))
    clip = join_clips(Film.of([Shot(silent), Shot(loud)]), tmp_path / "film.mp4")
    assert probe_video(clip.path).has_audio
    with av.open(str(clip.path)) as container:
        heard = [(frame.time, float(np.abs(frame.to_ndarray()).max())) for frame in container.decode(audio=0)]
    assert max(level for time, level in heard if time < 0.95) < 0.05
    assert max(level for time, level in heard if 1.1 < time < 1.9) > 0.3
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["film.mp4", "loud.mp4", "silent.mp4"]


def test_one_shot_is_a_film_and_none_is_an_error(tmp_path: Path) -> None:
    assert join_clips(Film.of(_shots(tmp_path)[:1], 0.5), tmp_path / "film.mp4").num_frames == 20
    with pytest.raises(InputError):
        Film.of([])


def test_a_part_of_a_shot_brings_its_own_sound(tmp_path: Path) -> None:
    video = make_video(tmp_path / "one.mp4", grey_levels(48), 24, sound=tone(2, onset=1.5))
    clip = join_clips(Film.of([Shot(video, 1.0, 0.75), Shot(video, 0.0, 0.5)]), tmp_path / "film.mp4")
    assert clip.num_frames == 18 + 12
    assert _levels(clip.path)[0] == pytest.approx(20 + 4 * 24, abs=2)
    with av.open(str(clip.path)) as container:
        heard = [(frame.time, float(np.abs(frame.to_ndarray()).max())) for frame in container.decode(audio=0)]
    assert max(level for time, level in heard if time < 0.45) < 0.05
    assert max(level for time, level in heard if 0.55 < time < 0.7) > 0.3


def test_a_title_comes_first_white_on_black(tmp_path: Path) -> None:
    film = Film.of(_shots(tmp_path), title="A film about grey")
    frames = collect(film.frames())
    shown = round(TITLE_SECONDS * film.rate)
    assert len(frames) == film.num_frames == shown + 36
    assert not frames[0].any()
    middle = frames[shown // 2]
    assert middle.max() > 200 and (middle < 20).mean() > 0.7
    assert round(float(frames[shown].mean())) == pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    "words", ["x", "one two three four five six seven eight nine ten eleven twelve thirteen", "W" * 80]
)
@pytest.mark.parametrize("size", [(64, 48), (640, 360), (360, 640)])
def test_a_title_stays_inside_the_picture(words: str, size: tuple[int, int], tmp_path: Path) -> None:
    video = make_video(tmp_path / "one.mp4", grey_levels(2, *size), 24)
    stream = Film.of([Shot(video)], title=words).frames()
    card = collect(stream)[30]
    assert card.max() > 100
    if size != (64, 48):  # there not even the smallest letters fit
        assert not card[:, :8].any() and not card[:, -8:].any()


def test_a_shot_of_another_shape_is_shown_whole_and_not_stretched(tmp_path: Path) -> None:
    wide = make_video(tmp_path / "wide.mp4", grey_levels(4, 96, 48) + 100, 24)
    tall = make_video(tmp_path / "tall.mp4", grey_levels(4, 48, 96) + 100, 24)
    frames = collect(Film.of([Shot(wide), Shot(tall)]).frames())
    assert frames.shape == (8, 48, 96, 3)
    assert frames[0].min() > 90
    assert not frames[5][:, :34].any() and not frames[5][:, -34:].any()
    assert frames[5][:, 40:56].min() > 90
