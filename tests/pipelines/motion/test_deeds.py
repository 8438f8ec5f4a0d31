"""What is read in a prompt as something a subject, or what is around it, does; and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.motion.camera import Camera
from pipelines.motion.deeds import Deed, Told, told_deeds
from pipelines.motion.spoken import spoken_camera
from pipelines.starter.diorama.captions import AMBIENT, MOTION_WORDS, TABLES

OF_THE_WORLD = {
    "left": {"horizontal": -5},
    "right": {"horizontal": 5},
    "towards": {"proximity": 10},
    "away": {"proximity": -10},
    "walking": {"ambient": 10},
    "jumping": {"hop": 5},
    "spinning": {"ambient": 10},
    "rising": {"vertical": 5},
    "falling": {"vertical": -5},
    "growing": {"proximity": 10},
    "still": {},
}


@pytest.mark.parametrize("motion", MOTION_WORDS)
def test_every_motion_of_the_world_is_told_to_the_subject(motion):
    for phrase in MOTION_WORDS[motion]:
        for prompt in (f"a red ball {phrase} on the beach", f"A red ball, {phrase}"):
            camera, rest = spoken_camera(prompt)
            assert (camera, rest) == (Camera(), prompt)
            assert told_deeds(rest)[0] == Told(Deed(**OF_THE_WORLD[motion]), rests=motion == "still"), prompt


def test_what_moves_around_nobody_is_told_to_the_surroundings():
    stirring = ("waves", "swaying", "moving", "drifting", "twinkling", "rolling")
    for phrase in sum(AMBIENT.values(), ()):
        moves = any(word in phrase for word in stirring)
        assert told_deeds(phrase)[0] == Told(Deed(), 5.0 if moves else 0.0), phrase


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("the cat walks slowly to the left", {"horizontal": -2}),
        ("a fish swimming to the right quickly", {"horizontal": 8}),
        ("THE BOAT SAILS FROM LEFT TO RIGHT", {"horizontal": 5}),
        ("make the car go left, and up", {"horizontal": -5}),
        ("the rocket lifts off", {"vertical": 5}),
        ("an apple falls from a tree", {"vertical": -5}),
        ("she runs towards us fast", {"proximity": 10}),
        ("the dog is getting smaller", {"proximity": -10}),
        ("it slowly shrinks", {"proximity": -4}),
        ("the boy hops to the left, jumping", {"horizontal": -5, "hop": 5}),
        ("a ball moving left, moving left, going left", {"horizontal": -10}),
        ("one moving left, one moving right", {}),
        ("a woman dancing", {"ambient": 10}),
    ],
)
def test_deeds_in_peoples_words(prompt, told):
    assert told_deeds(prompt)[0] == Told(Deed(**told))


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("snow is falling, a man walking away", Told(Deed(proximity=-10), 5.0)),
        ("the leaves gently rustle", Told(Deed(), 2.0)),
        ("clouds drift slowly", Told(Deed(), 2.0)),
        ("static camera, a car driving left", Told(Deed(horizontal=-5), rests=True)),
    ],
)
def test_the_surroundings_and_what_rests_are_told_apart_from_the_subject(prompt, told):
    assert told_deeds(prompt)[0] == told


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a cat on the left",
        "a walk in the park",
        "Niagara Falls",
        "drops of water on a leaf",
        "autumn, the fall of an empire",
        "a run-down house",
        "a photo of a cup on the right",
    ],
)
def test_what_a_thing_is_or_where_it_lies_is_no_deed(prompt):
    assert told_deeds(prompt)[0] == Told(Deed())


def test_no_name_or_look_of_the_world_is_a_deed():
    for table in ("subjects", "colours", "places", "lights", "looks"):
        for phrase in sum(TABLES[table].values(), ()):
            assert told_deeds(f"a {phrase}")[0].subject == Deed(), phrase


def test_a_hop_goes_up_and_comes_back_again_and_again():
    heights = [-Deed(hop=10).way(160, 100, 0.0, moment)[1] for moment in np.linspace(0, 1.6, 33)]
    assert max(heights) == pytest.approx(30.0, abs=1e-3) and min(heights) == pytest.approx(0.0, abs=1e-3)
    assert np.diff(np.sign(np.diff(heights))).astype(bool).sum() == 3  # up, down, up, down
