"""The world keeps its word: what a caption says is what the pixels do."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.starter.captions import CAMERA_WORDS, MOTION_WORDS, plain_caption
from pipelines.starter.photos import invented_picture, moving, pyramid
from pipelines.starter.render import portrait, render
from pipelines.starter.world import CAMERAS, COLOURS, LIGHTS, MOTIONS, PHOTO, PLACES, SUBJECTS, Scene

SCENE = Scene("ball", "red", "meadow", "day", "right", "static", 7)


def centres(masks: np.ndarray) -> np.ndarray:
    return np.array([np.argwhere(mask > 127).mean(axis=0)[::-1] for mask in masks])


def test_the_same_scene_gives_the_same_pixels() -> None:
    first, second = (render(SCENE, 96, 64, 5) for _ in range(2))
    assert np.array_equal(first.frames, second.frames)
    assert np.array_equal(first.mask, second.mask)
    assert not np.array_equal(first.frames, render(replace(SCENE, detail=8), 96, 64, 5).frames)


@pytest.mark.parametrize(("motion", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("up", 1, -1), ("down", 1, 1)])
@pytest.mark.parametrize("place", ["space", "studio", "sea"])
def test_a_subject_moves_where_its_scene_says(motion: str, axis: int, sign: int, place: str) -> None:
    for detail in range(2):
        clip = render(replace(SCENE, motion=motion, place=place, detail=detail), 160, 96, 9)
        way = centres(clip.mask)[[0, -1]]
        assert sign * (way[1, axis] - way[0, axis]) > 10


@pytest.mark.parametrize(("motion", "grows"), [("towards", True), ("away", False)])
def test_coming_closer_grows_and_going_away_shrinks(motion: str, grows: bool) -> None:
    areas = (render(replace(SCENE, motion=motion, place="studio"), 160, 96, 9).mask > 127).sum(axis=(1, 2))
    assert (areas[-1] > 1.5 * areas[0]) == grows


@pytest.mark.parametrize(("camera", "sign"), [("pan left", 1), ("pan right", -1)])
def test_a_pan_moves_the_scene_the_other_way(camera: str, sign: int) -> None:
    clip = render(replace(SCENE, subject=None, colour=None, camera=camera, place="mountains"), 160, 96, 3)
    before, after = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY)[50:].astype(np.float32) for f in clip.frames[:2])
    (shift, _), _ = cv2.phaseCorrelate(before, after)
    assert sign * shift > 5


@pytest.mark.parametrize("colour", list(COLOURS))
def test_the_mask_covers_the_subject_and_its_colour(colour: str) -> None:
    clip = render(replace(SCENE, colour=colour, motion="still", place="studio"), 160, 96, 1)
    seen = clip.frames[0][clip.mask[0] > 200].astype(float).mean(axis=0)
    distances = {name: float(np.abs(seen - rgb).sum()) for name, rgb in COLOURS.items()}
    assert min(distances, key=lambda name: distances[name]) == colour


@pytest.mark.parametrize(("subject", "place"), list(zip(SUBJECTS, (*PLACES, "sea"), strict=True)))
def test_every_subject_is_seen_in_every_place_and_shape_of_frame(subject: str, place: str) -> None:
    clip = render(replace(SCENE, subject=subject, place=place), 96, 160, 1)
    assert (clip.mask > 127).mean() > 0.01
    assert clip.frames.std() > 5


def test_a_portrait_stands_alone_on_white() -> None:
    picture = portrait(SCENE, 160, 96, np.random.default_rng(0))
    assert (picture[0] == 255).all()
    assert (picture[48, 80] < 250).any()


def test_the_plain_caption_says_everything() -> None:
    assert plain_caption(SCENE) == "a red ball moving right in a meadow"


def test_every_choice_of_the_world_has_words() -> None:
    assert set(MOTIONS) == set(MOTION_WORDS)
    assert set(CAMERAS) == set(CAMERA_WORDS)
    assert set(LIGHTS) == {"day", "sunset", "night"}


def test_a_picture_moves_under_the_camera() -> None:
    rng = np.random.default_rng(1)
    picture = invented_picture(rng, 120, 160)
    clip = render(Scene(None, None, PHOTO, "day", "still", "pan left", 3), 96, 64, 5, picture)
    assert np.abs(clip.frames[0].astype(int) - clip.frames[-1]).mean() > 3
    assert moving(rng, [pyramid(picture)], 5, 40, 48).shape == (5, 40, 48, 3)
