"""Words and scenes: everything the world is said to know has a word, and what is held out stays out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pipelines.starter.atlas.catalogue import entries
from pipelines.starter.diorama.captions import LOOK, OBJECT, TABLES, caption, known_words, plain_caption
from pipelines.starter.diorama.places import BUILD
from pipelines.starter.diorama.scenes import (
    CAMERAS,
    LIGHTS,
    LOOKS,
    MOTIONS,
    PLACES,
    Cast,
    Scene,
    held_out,
    pair_held_out,
    sample_scene,
)  # fmt: skip
from pipelines.starter.diorama.subjects import COLOURS, KINDS
from pipelines.starter.diorama.weather import WEATHERS

SAID = {
    "subjects": KINDS, "colours": COLOURS, "places": PLACES, "lights": LIGHTS, "motions": MOTIONS, "cameras": CAMERAS,
    "looks": LOOKS,
}  # fmt: skip


def test_everything_in_the_world_has_words_and_a_drawing() -> None:
    for kind, known in SAID.items():
        assert set(TABLES[kind]) == set(known), kind
    assert set(BUILD) == set(PLACES)
    assert set(WEATHERS) == set(LIGHTS)
    assert set(KINDS) - {entry.subject for entry in entries()} == {"person"}  # any man, woman or child


def test_the_world_is_as_large_as_it_is_said_to_be() -> None:
    assert (len(KINDS), len(COLOURS), len(PLACES), len(LIGHTS), len(LOOKS)) == (46, 10, 10, 6, 6)
    assert len(CAMERAS) == 15


def test_captions_use_known_words_alone_and_never_another_subjects_or_colours() -> None:
    known, rng = {word.lower() for word in known_words()}, np.random.default_rng(1)
    orders = set()
    for _ in range(400):
        scene = sample_scene(rng)
        words = re.findall(r"[a-z0-9]+", caption(scene, rng).lower())
        assert set(words) <= known
        mine = {cast.colour for cast in scene.cast}
        wrong = set(words) & ({"red", "blue", "purple", "yellow", "green"} - mine)
        assert not wrong
        orders.add(words[0])
    assert len(orders) > 30


def test_what_a_picture_tells_is_left_out_of_the_caption() -> None:
    scene, rng = (
        Scene((Cast("car", "red", "left"), Cast("cat", "blue")), "street", look="neon"),
        np.random.default_rng(5),
    )
    for _ in range(60):
        said = caption(scene, rng, unnamed={0, LOOK}).lower()
        assert not any(word in said for word in ("car", "automobile", "red", "crimson", "scarlet", "neon"))
        assert OBJECT in said
    assert plain_caption(scene, {1}) == "a red car moving left and an object, in the street, neon"


def test_the_plain_caption_says_everything() -> None:
    scene = Scene((Cast("car", "red", "left"), Cast("cat", "blue")), "street", "night", "pan left", 0.6, "neon")
    assert plain_caption(scene) == (
        "a red car moving left and a blue cat, in the street, at night, the camera pans left, neon"
    )


def test_what_is_held_out_is_about_a_tenth_and_never_drawn_for_training() -> None:
    rng = np.random.default_rng(2)
    pairs = [pair_held_out(trait, subject) for subject in KINDS for trait in (*COLOURS, *PLACES)]
    assert 0.07 < np.mean(pairs) < 0.13
    assert not any(held_out(sample_scene(rng)) for _ in range(400))
    assert all(held_out(sample_scene(rng, held=True)) for _ in range(60))


def test_the_held_out_pairs_stay_the_same_from_edition_to_edition() -> None:
    assert [pair_held_out(colour, "cat") for colour in COLOURS] == [
        False,
        False,
        False,
        False,
        False,
        False,
        False,
        True,
        False,
        False,
    ]


def test_pictures_show_nothing_that_moves() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        scene = sample_scene(rng, still=True)
        assert scene.camera == "static"
        assert all(cast.motion == "still" for cast in scene.cast)


@pytest.mark.parametrize("subject", [name for name, kind in KINDS.items() if not kind.walks])
def test_only_what_has_legs_walks(subject: str) -> None:
    rng = np.random.default_rng(4)
    scenes = [
        scene for scene in (sample_scene(rng) for _ in range(600)) for cast in scene.cast if cast.subject == subject
    ]
    assert not any(cast.motion == "walking" for scene in scenes for cast in scene.cast if cast.subject == subject)
