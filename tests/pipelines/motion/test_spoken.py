"""What is read as a camera move in a prompt, and what is not."""

from __future__ import annotations

import pytest

from pipelines.motion.camera import Camera
from pipelines.motion.spoken import spoken_camera
from pipelines.starter.diorama.captions import CAMERA_WORDS

UPWARD = {"right", "up", "in"}  # ways that a slider goes to above 0


def test_every_camera_of_the_world_is_told_to_its_own_slider():
    for name, phrases in CAMERA_WORDS.items():
        move, _, way = name.partition(" ")
        for phrase in phrases:
            camera, rest = spoken_camera(f"a red ball, {phrase}.")
            if move == "static":
                assert (camera, rest) == (Camera(), f"a red ball, {phrase}.")
                continue
            sign = 1.0 if way in UPWARD else -1.0
            told = {"truck": 5 * sign, "pan": -5 * sign} if move == "orbit" else {move: 5 * sign}
            assert camera == Camera(**told), phrase
            assert rest.replace(" ", "") == "aredball,.", phrase


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("The camera slowly pans right", {"pan": 2}),
        ("a cat in a room, a slow pan to the right", {"pan": 2}),
        ("CAMERA ZOOMS OUT QUICKLY", {"zoom": -8}),
        ("push in fast", {"zoom": 8}),
        ("A dog, camera dollies in", {"zoom": 5}),
        ("camera is panning left, tilting up", {"pan": -5, "tilt": 5}),
        ("pull back gently, tilt down", {"zoom": -2, "tilt": -5}),
        ("the camera descends", {"pedestal": -5}),
        ("camera rolls clockwise", {"roll": 5}),
        ("zoom in fast, camera zooms in fast", {"zoom": 10}),
    ],
)
def test_moves_in_peoples_words(prompt, told):
    assert spoken_camera(prompt)[0] == Camera(**told)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a balloon rises",
        "the cat moves left and looks up",
        "A truck left the station",
        "a red truck left of the house",
        "a frying pan left on the stove",
        "the boat rolls right",
        "a photographer with a camera on the right",
    ],
)
def test_what_a_subject_does_or_is_moves_no_camera(prompt):
    assert spoken_camera(prompt) == (Camera(), prompt)
