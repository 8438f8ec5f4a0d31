"""The amount of motion bends the model's time: the same clip slower or faster, at the same rate and length."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.errors import InputError
from pipelines.media.write import write_video
from pipelines.model import LatentVideoModel
from pipelines.motion.camera import Camera
from pipelines.settings import Finishing
from pipelines.types import Frames, Request
from studio.jobs.estimates import work_of
from tests.media_samples import collect, picture, stream_of
from tests.pipelines.motion.conftest import INFO


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Frames]]:
    """The frames each clip's encoder was given: exact, where the codec's are not."""
    clips: list[Frames] = []

    def listen(stream: Any, path: Path, **options: Any) -> Any:
        clips.append(collect(stream))
        return write_video(stream_of(clips[-1], stream.frame_rate), path, **options)

    monkeypatch.setattr("pipelines.running.write_video", listen)
    return clips


def prepared(**fields: Any) -> Request:
    plain = {"prompt": "a red ball", "seed": 5, "finishing": Finishing(upscaler="lanczos")}
    pipeline = PIPELINES["text-to-video"]
    return pipeline.prepare(pipeline.request_type(**{**plain, **fields}), INFO)


def make(model: LatentVideoModel, folder: Path, **fields: Any) -> Any:
    return PIPELINES["text-to-video"](model).run(prepared(**fields), folder, lambda _: None)


def test_below_five_the_models_own_clip_is_shown_more_slowly(model, asked, written, tmp_path):
    own = make(model, tmp_path / "own")
    slow = make(model, tmp_path / "slow", motion_amount=2.5)
    assert asked[0] == asked[1]  # it hurries through no shorter clip
    assert (slow.num_frames, slow.frame_rate) == (own.num_frames, own.frame_rate) == (9, 8)
    assert np.array_equal(written[1][::2], written[0][:5])


def test_past_five_more_of_the_clip_is_made_and_shown_in_the_same_time(model, asked, written, tmp_path):
    make(model, tmp_path / "long", num_frames=17)
    fast = make(model, tmp_path / "fast", motion_amount=10.0)
    assert (fast.num_frames, fast.frame_rate) == (9, 8)
    assert [question.num_frames for question in asked[:3]] == [question.num_frames for question in asked[3:]]
    assert np.array_equal(written[1], written[0][::2])


def test_a_clip_shorter_than_the_model_makes_moves_to_its_end(model, written, tmp_path):
    make(model, tmp_path / "long")
    fast = make(model, tmp_path / "fast", num_frames=5, motion_amount=10.0)
    assert fast.num_frames == 5
    assert np.array_equal(written[1], written[0][::2])


def test_five_is_the_models_own_and_so_is_none(model, written, tmp_path):
    make(model, tmp_path / "own")
    make(model, tmp_path / "five", motion_amount=5.0)
    assert np.array_equal(*written)


def test_the_amount_never_changes_how_long_a_clip_is(model, written, tmp_path):
    for index, amount in enumerate((1.0, 3.0, 7.0)):
        clip = make(
            model, tmp_path / str(index), motion_amount=amount, finishing=Finishing(upscaler="lanczos", frame_rate="24")
        )
        assert (clip.num_frames, clip.frame_rate) == (27, 24)


def test_a_camera_keeps_its_speed_at_any_amount(model, asked, tmp_path):
    make(model, tmp_path / "slow", motion_amount=2.5, camera=Camera(pan=5.0))
    make(model, tmp_path / "fast", motion_amount=10.0, camera=Camera(pan=5.0))
    slow, fast = asked[1].onward, asked[3].onward
    assert (slow.rate, fast.rate) == (Fraction(4), Fraction(16))  # frames a second of what is shown


def test_more_motion_is_more_work_and_less_is_not_less():
    work = {amount: work_of(prepared(motion_amount=amount)) for amount in (None, 2.0, 10.0)}
    assert work[2.0] == work[None]
    assert work[10.0]["denoise"] == 2 * work[None]["denoise"]
    assert work[10.0]["finish"] == work[None]["finish"]


def test_it_cannot_be_had_together_with_a_picture_to_end_on(tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), picture(64, 32))
    photo = str(tmp_path / "photo.png")
    request = PIPELINES["image-to-video"].request_type(image=photo, last_image=photo, motion_amount=3.0)
    with pytest.raises(InputError, match="last_image says where the clip ends"):
        PIPELINES["image-to-video"].prepare(request, INFO)
