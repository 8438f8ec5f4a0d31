"""Where the model's folder says so, a picture of which nobody says how it moves is drawn in on, and a camera told in
words is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.board import Panel
from pipelines.checkpoints import ModelInfo
from pipelines.model import LatentVideoModel
from pipelines.motion.brush import MotionBrush
from pipelines.motion.camera import Camera
from pipelines.types import Conditioning
from tests.media_samples import picture
from tests.pipelines.motion.conftest import INFO

NEAR = dataclasses.replace(INFO, approach=4.0)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    cv2.imwrite(str(tmp_path / "photo.png"), picture(64, 32))
    return str(tmp_path / "photo.png")


@pytest.fixture
def first_question(model: LatentVideoModel, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Conditioning]:
    """What a model of that kind is asked first."""

    def asked(info: ModelInfo, mode: str = "image-to-video", **fields: Any) -> Conditioning:
        monkeypatch.setattr(model, "info", info)
        pipeline = PIPELINES[mode](model)
        request = pipeline.prepare(pipeline.request_type(seed=5, **fields), info)
        return next(iter(pipeline.plan(request).conditionings))

    return asked


def test_a_picture_alone_is_given_with_the_camera_drawing_in(first_question, photo):
    asked = first_question(NEAR, image=photo)
    assert asked.onward is not None and asked.onward.camera == Camera(zoom=4.0)
    frames, mask = asked.onward.after(asked.video[0], asked.num_frames - 1)
    assert np.array_equal(asked.video[1:], frames) and not mask.any()  # nothing is uncovered, so all of it is shown
    assert not np.array_equal(asked.video[-1], asked.video[0])


def test_a_model_that_needs_no_such_help_is_left_alone(first_question, photo):
    asked = first_question(INFO, image=photo)
    assert asked.onward is None and asked.mask[1:].all()


@pytest.mark.parametrize(
    "said",
    [
        lambda photo: {"camera": Camera(pan=3.0)},
        lambda photo: {"last_image": photo},
        lambda photo: {"brushes": (MotionBrush(mask=photo, horizontal=3.0),)},
    ],
    ids=["camera", "last image", "brush"],
)
def test_whatever_is_said_of_it_is_followed_instead(said, first_question, photo):
    told = said(photo)
    asked = first_question(NEAR, image=photo, **told)
    assert (asked.onward and asked.onward.camera) == (None if "last_image" in told else told.get("camera", Camera()))


def test_the_amount_of_motion_is_how_fast_it_draws_in(first_question, photo):
    """The model's own way: at 10 the frames are those of 5, twice as many of them in the same time."""
    rates = {amount: first_question(NEAR, image=photo, motion_amount=amount).onward.rate for amount in (5.0, 10.0)}
    assert rates[5.0] == rates[10.0] == Fraction(8)


def test_words_that_say_nothing_of_motion_leave_it_drawn_in_on(first_question, photo):
    words = {"mode": "text-image-to-video", "image": photo, "prompt": "a red ball, unmoved"}
    assert first_question(NEAR, image=photo, prompt="a red ball").onward.camera == Camera(zoom=4.0)
    assert first_question(NEAR, **words).onward.camera == Camera(zoom=4.0)
    assert first_question(NEAR, **words, image_role="reference").onward is None
    assert first_question(INFO, **words).onward is None


def test_a_camera_told_in_words_is_shown(first_question, photo):
    def camera(prompt: str, info: ModelInfo = NEAR, **fields: Any) -> Camera | None:
        onward = first_question(info, image=photo, prompt=prompt, **fields).onward
        return onward and onward.camera

    assert camera("a red ball, the camera pans right") == Camera(pan=5.0)
    assert camera("slow zoom out") == Camera(zoom=-2.0)
    assert camera("pan right, pan left") == Camera(zoom=4.0)  # they cancel out
    assert camera("pan right", INFO) is None
    assert camera("pan right", camera=Camera(tilt=1.0)) == Camera(tilt=1.0)
    assert camera("pan right", mode="text-image-to-video") == Camera(pan=5.0)


def test_a_panel_with_nothing_but_a_picture_is_drawn_in_on_too(first_question, photo):
    def asked(panel: Panel) -> Conditioning:
        return first_question(NEAR, "storyboard", panels=(panel,))

    assert asked(Panel(image=photo, seconds=1.0)).onward.camera == Camera(zoom=4.0)
    assert asked(Panel(image=photo, prompt="tilt up", seconds=1.0)).onward.camera == Camera(tilt=5.0)
    assert asked(Panel(image=photo, camera=Camera(tilt=2.0), seconds=1.0)).onward.camera == Camera(tilt=2.0)
    assert asked(Panel(prompt="a red ball", seconds=1.0)).onward is None
