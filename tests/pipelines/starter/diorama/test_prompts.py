"""What is asked: scenes that training never draws, evenly; and anybody's words, understood or refused."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.starter.diorama.captions import caption, plain_caption
from pipelines.starter.diorama.prompts import COUNT, DIRECTIONS, PROMPT_SEEDS, held_out_scenes, understood, wish_of
from pipelines.starter.diorama.scenes import CAMERAS, LOOKS, MOTIONS, PLACES, held_out, sample_scene
from pipelines.starter.diorama.subjects import COLOURS, KINDS


def spread(values: list[str]) -> int:
    counts = Counter(values).values()
    return max(counts) - min(counts)


def test_two_hundred_different_scenes_that_training_never_draws() -> None:
    scenes = held_out_scenes()
    assert len({plain_caption(scene) for scene in scenes}) == COUNT == 200
    assert all(held_out(scene) and len(scene.cast) == 1 for scene in scenes)
    assert min(scene.detail for scene in scenes) >= PROMPT_SEEDS


def test_everything_the_pairs_allow_comes_up_evenly() -> None:
    scenes = held_out_scenes()
    casts = [scene.cast[0] for scene in scenes]
    without = {"house", "sofa", "heart"}  # these have no pair that is held out
    assert {cast.subject for cast in casts} == set(KINDS) - without
    assert spread([cast.subject for cast in casts]) <= 1
    assert spread([str(cast.colour) for cast in casts]) <= 4
    assert spread([scene.look for scene in scenes]) <= 1
    assert spread([scene.place for scene in scenes if scene.place != "room"]) <= 2  # many pairs are of a room
    assert spread([cast.motion for cast in casts[::2]]) <= 1
    assert spread([scene.camera for scene in scenes[1::2]]) <= 1
    assert {scene.place for scene in scenes} == set(PLACES)
    assert {str(cast.colour) for cast in casts} == set(COLOURS)
    assert {cast.motion for cast in casts} == set(MOTIONS)
    assert {scene.camera for scene in scenes} == set(CAMERAS)


def test_the_first_few_are_even_too_and_the_same_in_every_edition() -> None:
    assert held_out_scenes(50) == held_out_scenes()[:50]
    assert spread([scene.look for scene in held_out_scenes(2 * len(LOOKS))]) == 0
    assert [plain_caption(scene) for scene in held_out_scenes(3)] == [
        "a black teddy bear, in the snow, at night, clay",
        "a white child, in the desert, the camera zooms in",
        "a white motorbike moving right, in a room, at sunset, line drawing",
    ]


def test_either_the_subject_moves_or_the_camera_and_only_that_is_asked() -> None:
    rows = [wish_of(scene).rows() for scene in held_out_scenes()]
    assert not any({"direction", "camera"} <= row.keys() or {"direction", "action"} <= row.keys() for row in rows)
    assert sum("direction" in row for row in rows) >= 9 * len(DIRECTIONS)
    assert sum("camera" in row for row in rows) >= 100
    assert all({"subject", "colour", "place", "light", "look"} <= row.keys() for row in rows)


def test_any_caption_is_understood_as_it_was_meant() -> None:
    rng = np.random.default_rng(5)
    understandings = 0
    for _ in range(500):
        scene = sample_scene(rng)
        meant = wish_of(scene).wanted
        for question, answer in understood(caption(scene, rng)).wanted.items():
            assert meant[question] == answer
            understandings += 1
    assert understandings > 1500


def test_words_of_two_subjects_leave_open_whose_colour_and_motion_they_are() -> None:
    wanted = understood("A red car moving left and a cat, in the street").wanted
    assert wanted == {"place": "street"}
    assert understood("snow white rabbit in the snow, pan left").wanted == {
        "colour": "white", "subject": "rabbit", "place": "snow", "camera": "pan left"
    }  # fmt: skip


def test_unknown_words_are_named() -> None:
    with pytest.raises(InputError, match="does not know: heron, mauve"):
        understood("a mauve heron on the beach")
