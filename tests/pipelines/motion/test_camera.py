"""Every move goes the right way and farther the more of it is asked; frame 0 and what stays in sight are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from pipelines.motion.camera import Camera
from pipelines.motion.layout import FARTHEST, standing_on_ground
from pipelines.motion.path import Motion
from pipelines.motion.warp import moved, seen_through
from pipelines.types import NOTHING, Conditioning
from tests.pipelines.motion.seen import across, down, flow, growth, textured, turning

WIDTH, HEIGHT, RATE, COUNT = 160, 96, Fraction(8), 8
NO_MODELS = Path("/nonexistent")
PICTURE = textured(WIDTH, HEIGHT)
STRAIGHT = np.eye(3, dtype=np.float32)


# what is measured, and the sign a positive move gives it: when the camera goes right, what it sees goes left
MOVES: dict[str, tuple[Callable[[NDArray[Any]], float], int]] = {
    "truck": (across, -1),
    "pedestal": (down, 1),
    "pan": (across, -1),
    "tilt": (down, 1),
    "roll": (turning, -1),
    "zoom": (growth, 1),
}


def seen(**moves: float) -> NDArray[Any]:
    """The flow of a picture under a moving camera, away from the edges, where it shows something all the time."""
    frames, _ = Motion(Camera(**moves), RATE, NO_MODELS).after(PICTURE, COUNT)
    return flow(np.concatenate([PICTURE[None], frames]))[:, 20:-20, 30:-30]


@pytest.mark.parametrize("move", MOVES)
def test_a_move_goes_its_way_and_farther_the_more_is_asked(move: str) -> None:
    measure, sign = MOVES[move]
    ways = [sign * measure(seen(**{move: amount})) for amount in (-10.0, -5.0, 2.5, 5.0, 10.0)]
    assert ways[0] < ways[1] < 0 < ways[2] < ways[3] < ways[4]
    assert ways[4] == pytest.approx(2 * ways[3], rel=0.25)


@pytest.mark.parametrize("move", MOVES)
def test_a_move_is_mostly_that_move(move: str) -> None:
    motion = seen(**{move: 5.0})
    measured = {name: abs(measure(motion)) for name, (measure, _sign) in MOVES.items()}
    other = max(size for name, size in measured.items() if MOVES[name][0] is not MOVES[move][0])
    assert measured[move] > 2 * other


def test_a_camera_at_rest_shows_the_picture_bit_for_bit() -> None:
    frames, mask = Motion(Camera(), RATE, NO_MODELS).after(PICTURE, 2)
    assert (frames == PICTURE).all()
    assert not mask.any()
    assert Camera().is_still
    assert not Camera(roll=-0.1).is_still


def test_what_is_uncovered_and_nothing_else_is_grey_and_to_be_made() -> None:
    frames, mask = Motion(Camera(pan=10.0), RATE, NO_MODELS).after(PICTURE, COUNT)
    assert (frames[mask == 255] == NOTHING).all()
    assert set(np.unique(mask)) == {0, 255}
    uncovered = (mask > 0).mean((1, 2))
    assert (np.diff(uncovered) > 0).all()
    expected = 0.5 - np.tan(np.arctan(0.5) - 0.15)  # of the width, which is as long as the focal length
    assert (mask[-1, HEIGHT // 2] > 0).mean() == pytest.approx(expected, abs=1 / WIDTH)
    assert not mask[-1, HEIGHT // 2, : WIDTH // 2].any()


@pytest.mark.parametrize(("zoom", "emptied"), [(10.0, False), (-10.0, True)])
def test_only_drawing_back_uncovers_anything(zoom: float, emptied: bool) -> None:
    _, mask = Motion(Camera(zoom=zoom), RATE, NO_MODELS).after(PICTURE, COUNT)
    assert mask.any() == emptied
    if emptied:
        assert (mask[-1] == 0).mean() == pytest.approx(1.2**-2, abs=0.03)  # both sides 1.2 times shorter after a second


def test_whole_pixels_moved_are_the_same_pixels_and_leave_exactly_their_gap() -> None:
    flat = np.ones((HEIGHT, WIDTH), np.float32)
    view = moved(np.dstack([7 * flat, -3 * flat]), flat, STRAIGHT)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[:-3, 7:] = True
    assert (view.seen == expected).all()
    assert (view.of(PICTURE)[:-3, 7:] == PICTURE[3:, :-7]).all()


def test_a_near_thing_passes_over_a_far_one_and_uncovers_exactly_what_it_hid() -> None:
    near = np.full((HEIGHT, WIDTH), 0.2, np.float32)
    near[30:60, 40:70] = 1.0
    view = moved(near[..., None] * np.array((10, 0), np.float32), near, STRAIGHT)
    gone, here = np.zeros((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
    gone[30:60, 42:50], gone[:, :2], here[30:60, 50:80] = True, True, True
    assert (view.of(PICTURE)[31:59, 52:78] == PICTURE[31:59, 42:68]).all()
    gaps = ~view.seen
    assert gaps[gone].all()
    torn = cv2.dilate(here.astype(np.uint8), np.ones((5, 5))) - cv2.erode(here.astype(np.uint8), np.ones((3, 3)))
    beside = cv2.dilate(gone.astype(np.uint8), np.ones((5, 5)))
    assert not gaps[(torn | beside) == 0].any()  # but for the torn outline, nothing else is to be made
    assert view.seen[32:58, 51:79].all()


def test_a_tall_turn_and_back_is_the_picture_again() -> None:
    camera = Camera(pan=8.0, tilt=-5.0, roll=6.0, zoom=4.0)
    there = camera.turned(WIDTH, HEIGHT, 0.0, 1.0)
    on = camera.turned(WIDTH, HEIGHT, 1.0, 1.7)
    whole = camera.turned(WIDTH, HEIGHT, 0.0, 1.7)
    assert np.allclose((on @ there) / (on @ there)[2, 2], whole / whole[2, 2], atol=1e-3)
    assert seen_through(np.linalg.inv(whole), WIDTH, HEIGHT).seen.any()


def test_near_ground_passes_faster_than_the_horizon_and_a_subject_as_one() -> None:
    subject = np.zeros((HEIGHT, WIDTH), np.uint8)
    subject[20:72, 60:90] = 255
    near = standing_on_ground(WIDTH, HEIGHT, subject)
    assert near[0, 0] == near[HEIGHT // 2 - 1, 0] == pytest.approx(FARTHEST)
    assert (np.diff(near[HEIGHT // 2 :, 0]) > 0).all()
    assert near[-1, 0] == 1
    assert (near[20:72, 60:90] == near[71, 0]).all()


def test_what_a_model_only_finishes_has_no_gaps_to_start_from() -> None:
    """It starts from the moved frames, and where they show nothing from what is around."""
    red = np.full_like(PICTURE, (200, 60, 40))
    finished = Motion(Camera(pan=10.0), RATE, NO_MODELS, strength=0.4)
    asked = Conditioning(9, HEIGHT, WIDTH, "", onward=finished).beginning_with(red[None])
    assert (asked.strength, asked.hold) == (0.4, 1)
    gap = asked.mask > 0
    assert gap[-1].any() and (asked.video[gap] == NOTHING).all()
    assert np.abs(asked.start_from.astype(int) - red).max() < 8
    whole = Conditioning(9, HEIGHT, WIDTH, "", onward=replace(finished, strength=1.0)).beginning_with(red[None])
    assert (whole.strength, whole.start_from) == (1.0, None)


def test_the_move_goes_on_at_the_same_speed_in_a_later_window() -> None:
    early = Motion(Camera(pan=4.0, zoom=3.0), RATE, NO_MODELS)
    late = early.later(16)
    assert late.start == 2.0
    speeds = [
        across(flow(np.concatenate([PICTURE[None], each.after(PICTURE, 4)[0]]))[:, 20:-20, 30:-30])
        for each in (early, late)
    ]
    assert speeds[1] == pytest.approx(speeds[0] * 1.2 ** (0.3 * 2), rel=0.1)  # seen larger, so it passes faster


def test_what_follows_a_frame_is_drawn_after_the_ones_that_are_held() -> None:
    asked = Conditioning(9, HEIGHT, WIDTH, "", onward=Motion(Camera(pan=5.0), RATE, NO_MODELS))
    held = np.stack([np.zeros_like(PICTURE)] * 4 + [PICTURE])
    given = asked.beginning_with(held)
    assert given.hold == 5
    assert (given.video[:5] == held).all() and not given.mask[:5].any()
    frames, mask = asked.onward.after(PICTURE, 4)
    assert (given.video[5:] == frames).all() and (given.mask[5:] == mask).all()


@pytest.mark.parametrize("move", Camera.model_fields)
@pytest.mark.parametrize("amount", [10.5, -11, float("nan")])
def test_more_than_ten_is_refused(move: str, amount: float) -> None:
    with pytest.raises(ValidationError, match=move):
        Camera(**{move: amount})
