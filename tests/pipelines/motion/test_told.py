"""What stands out in a picture does what words tell, where the model's folder says that it needs to be shown so."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import cv2
import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.board import Panel
from pipelines.motion.camera import Camera
from pipelines.motion.path import Motion
from pipelines.motion.told import told_way
from pipelines.types import Frame
from tests.pipelines.motion.conftest import INFO

NEAR = dataclasses.replace(INFO, approach=4.0)
RATE = Fraction(8)
WIDTH, HEIGHT, RADIUS = 160, 96, 18
RED = (200, 30, 30)


@pytest.fixture(scope="module")
def ball() -> Frame:
    """A red ball on a wall."""
    frame = np.full((HEIGHT, WIDTH, 3), 190, np.uint8)
    cv2.circle(frame, (WIDTH // 2, HEIGHT // 2), RADIUS, RED, cv2.FILLED, cv2.LINE_AA)
    return frame


def told(prompt: str, picture: Frame) -> Motion:
    way = told_way(prompt, picture, RATE, NEAR)
    assert way is not None
    return way


def seen(frame: Frame) -> tuple[float, float, int]:
    """Where the ball is, in pixels to the right and down, and how many it covers."""
    rows, columns = np.nonzero((frame[..., 0] > 120) & (frame[..., 1] < 90))
    return float(columns.mean()), float(rows.mean()), len(rows)


@pytest.mark.parametrize(
    ("prompt", "way"),
    [("moving left", (-16, 0)), ("moves slowly to the right", (6.4, 0)), ("rising", (0, -16)), ("falling", (0, 16))],
)
def test_it_goes_where_it_is_told_and_the_rest_stays(prompt, way, ball):
    motion = told(f"a red ball {prompt}", ball)
    frames, open_ = motion.after(ball, 8)
    x, y, size = seen(frames[-1])
    x0, y0, size0 = seen(ball)
    assert (x - x0, y - y0) == (pytest.approx(way[0], abs=1.5), pytest.approx(way[1], abs=1.5))
    assert size == pytest.approx(size0, rel=0.15)
    assert motion.camera == Camera()
    away = np.hypot(*(np.indices((HEIGHT, WIDTH)) - np.array((HEIGHT, WIDTH))[:, None, None] / 2)) > RADIUS + 22
    assert np.array_equal(frames[-1][away], ball[away]) and not open_[-1][away].any()
    assert open_[-1].any()  # what it has uncovered is to be made


@pytest.mark.parametrize(("prompt", "factor"), [("coming closer", 1.5), ("receding", 0.7)])
def test_it_comes_closer_or_recedes(prompt, factor, ball):
    frames, _ = told(f"a red ball {prompt}", ball).after(ball, 8)
    assert seen(frames[-1])[2] / seen(ball)[2] == pytest.approx(factor, rel=0.15)


def test_it_jumps_up_and_lands(ball):
    heights = [seen(frame)[1] for frame in told("a red ball jumping", ball).after(ball, 16)[0]]
    assert min(heights) < HEIGHT / 2 - 8
    assert max(heights[5:8]) > HEIGHT / 2 - 4  # a hop takes 0.8 s


def test_what_does_something_in_its_place_sways_while_the_camera_draws_in(ball):
    motion = told("a red ball spinning", ball)
    assert motion.camera == Camera(zoom=4.0)
    assert [region.movement.ambient for region in motion.regions] == [10.0]


def test_a_camera_that_is_told_goes_its_own_way_beside(ball):
    motion = told("a red ball moving left, the camera pans right", ball)
    assert motion.camera == Camera(pan=5.0)
    assert [region.movement.horizontal for region in motion.regions] == [-5.0]


def test_what_is_told_to_rest_hardly_moves_and_nor_does_the_camera(ball):
    motion = told("a red ball, static camera", ball)
    frames, _ = motion.after(ball, 16)
    assert motion.camera == Camera()
    moved = [np.abs(frame.astype(int) - ball).max() for frame in frames]
    assert max(moved) > 10  # a clip, not a still
    assert all(np.hypot(seen(frame)[0] - WIDTH / 2, seen(frame)[1] - HEIGHT / 2) < 1.5 for frame in frames)


def test_what_is_around_it_sways_without_it(ball):
    motion = told("a red ball, trees swaying in the wind", ball)
    (around,) = motion.regions
    assert around.movement.ambient == 5.0
    assert around.share[HEIGHT // 2, WIDTH // 2] < 1e-6 and around.share[0, 0] == 1


def test_where_nothing_stands_out_all_of_it_sways_or_it_is_drawn_in_on():
    wall = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for prompt in ("moving left", "static camera, a car moving left"):
        assert (told(prompt, wall).regions, told(prompt, wall).camera) == ((), Camera(zoom=4.0))
    (everything,) = told("waves", wall).regions
    assert everything.share.all()


def test_other_models_are_left_to_move_it(ball):
    assert told_way("a red ball moving left", ball, RATE, INFO) is None


@pytest.mark.parametrize(
    ("mode", "given"),
    [
        ("image-to-video", lambda path: {"image": path, "prompt": "a ball moving left"}),
        ("text-image-to-video", lambda path: {"image": path, "prompt": "a ball moving left"}),
        ("storyboard", lambda path: {"panels": (Panel(image=path, prompt="a ball moving left", seconds=1.0),)}),
    ],
)
def test_every_mode_that_begins_with_a_picture_does_it(mode, given, ball, tmp_path, model, monkeypatch):
    cv2.imwrite(str(tmp_path / "ball.png"), cv2.cvtColor(ball, cv2.COLOR_RGB2BGR))
    monkeypatch.setattr(model, "info", NEAR)
    pipeline = PIPELINES[mode](model)
    request = pipeline.prepare(pipeline.request_type(seed=5, **given(str(tmp_path / "ball.png"))), NEAR)
    asked = next(iter(pipeline.plan(request).conditionings))
    assert asked.onward is not None and [region.movement.horizontal for region in asked.onward.regions] == [-5.0]
    assert asked.start_from is None and asked.mask[1:].any() and not asked.mask[1:].all()
