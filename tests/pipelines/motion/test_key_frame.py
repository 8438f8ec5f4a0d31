"""Where a camera needs a picture and none is given, one is made first, kept like every other answer, and moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.board import Panel
from pipelines.errors import OutOfMemory
from pipelines.model import LatentVideoModel
from pipelines.motion.camera import Camera
from pipelines.settings import Finishing
from pipelines.types import Request
from tests.media_samples import picture
from tests.pipelines.motion.conftest import INFO


def prepared(mode: str, **fields: Any) -> Request:
    plain = {"prompt": "a red ball", "seed": 5, "finishing": Finishing(upscaler="lanczos"), "camera": Camera(pan=9.0)}
    return PIPELINES[mode].prepare(PIPELINES[mode].request_type(**{**plain, **fields}), INFO)


def make(model: LatentVideoModel, request: Request, folder: Path) -> None:
    PIPELINES[request.mode](model).run(request, folder, lambda _: None)


def test_a_key_frame_is_made_first_and_every_later_frame_is_that_one_moved(model, asked, tmp_path):
    make(model, prepared("text-to-video"), tmp_path)
    key, clip = asked
    assert (key.num_frames, key.prompt, key.mask, key.onward) == (1, "a red ball", None, None)
    assert (clip.num_frames, clip.hold) == (9, 1)
    frames, mask = clip.onward.after(clip.video[0], 8)
    assert (clip.video[1:] == frames).all() and (clip.mask[1:] == mask).all()
    assert mask[-1, :, -8:].all() and not mask[-1, :, :8].any()  # a camera turning right uncovers the right


def test_a_given_picture_needs_no_key_frame(model, asked, tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), picture(64, 32))
    photo = str(tmp_path / "photo.png")
    make(model, prepared("image-to-video", image=photo), tmp_path / "image")
    assert [question.num_frames for question in asked] == [9]
    make(model, prepared("text-image-to-video", image=photo, image_role="reference"), tmp_path / "reference")
    assert [question.num_frames for question in asked] == [9, 1, 9]
    assert len(asked[1].reference_images) == 1


def test_a_camera_at_rest_leaves_the_question_as_it_was(model, asked, tmp_path):
    make(model, prepared("text-to-video", camera=Camera()), tmp_path)
    (question,) = asked
    assert question.video is None and question.onward is None


def test_the_path_goes_on_from_window_to_window(model, asked, tmp_path):
    make(model, prepared("text-to-video", num_frames=17, camera=Camera(zoom=-8.0)), tmp_path)
    _, first, second, third = asked
    assert [question.hold for question in (first, second, third)] == [1, 5, 5]
    assert [question.onward.start * 8 for question in (first, second, third)] == [0, 8, 12]
    for question in (second, third):
        assert (question.video[5:] == question.onward.after(question.video[4], 4)[0]).all()
    assert second.mask[5:].any()


def test_neither_key_frame_nor_clip_is_denoised_again_after_a_failure(model, tmp_path, monkeypatch):
    request = prepared("text-to-video")

    def broken(*_args: Any, **_options: Any) -> None:
        raise OutOfMemory("no room")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.running.write_video", lambda stream, *a, **k: broken(next(stream.chunks)))
        with pytest.raises(OutOfMemory):
            make(model, request, tmp_path)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["latents-0000-key.safetensors", "latents-0000.safetensors"]
    monkeypatch.setattr(model, "denoise", broken)
    make(model, request, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_the_same_seed_makes_the_same_key_frame_and_another_seed_another(model, asked, tmp_path):
    for index, seed in enumerate((1, 1, 2)):
        make(model, prepared("text-to-video", seed=seed), tmp_path / str(index))
    first, again, other = (question.video[0] for question in asked[1::2])
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_panel_of_a_board_has_a_camera_of_its_own(model, asked, tmp_path):
    cv2.imwrite(str(tmp_path / "photo.png"), picture(64, 32))
    panels = (
        Panel(prompt="a ball", seconds=1, camera=Camera(tilt=6.0)),
        Panel(image=str(tmp_path / "photo.png"), seconds=1, camera=Camera(zoom=-6.0)),
        Panel(prompt="a star", seconds=1),
    )
    board = PIPELINES["storyboard"].request_type(
        prompt="night", seed=1, panels=panels, finishing=Finishing(upscaler="lanczos")
    )
    make(model, PIPELINES["storyboard"].prepare(board, INFO), tmp_path / "film")
    assert [question.num_frames for question in asked] == [1, 9, 9, 9]
    assert asked[0].prompt == asked[1].prompt == "a ball, night"
    assert asked[1].mask[-1, 0].all() and not asked[1].mask[-1, -1].any()  # looking up uncovers the top
    assert asked[2].mask[-1, :, 0].all() and asked[2].mask[-1, :, -1].all()
    assert asked[3].onward is None
