"""Requests are refused at the door, and files in them can be found and moved."""

from typing import ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.fields import map_media, media_fields
from pipelines.settings import Finishing, ImageFile, Settings, VideoFile
from pipelines.types import Conditioning, Request


class Shot(Settings):
    image: ImageFile | None = None


class Everything(Request):
    mode: ClassVar[str] = "everything"
    video: VideoFile | None = None
    pictures: tuple[ImageFile, ...] = ()
    shots: tuple[Shot, ...] = ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"guidance_scale": float("nan")},
        {"guidance_scale": float("inf")},
        {"guidance_scale": 1e308},
        {"num_frames": -1},
        {"num_frames": "12"},
        {"num_frames": True},
        {"num_inference_steps": 0},
        {"seed": 2**63},
        {"prompt": None},
        {"prompt": "x" * 4001},
        {"no_such_field": 1},
        {"width": 16.5},
    ],
)
def test_wrong_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        Request(**wrong)


@pytest.mark.parametrize("wrong", ["0", "241", "24/0", "1/2", "nan", "-3", "24.5"])
def test_frame_rates_are_whole_or_fractions_in_range(wrong):
    with pytest.raises(ValidationError):
        Finishing(frame_rate=wrong)


@pytest.mark.parametrize("size", ["0x10", "10", "10x", "axb", "100000x2"])
def test_sizes_are_width_by_height(size):
    with pytest.raises(ValidationError):
        Finishing(size=size)


def test_a_request_cannot_be_changed():
    with pytest.raises(ValidationError):
        Request().prompt = "other"


def test_json_and_back_is_the_same_request():
    request = Everything(prompt="a", video="v.mp4", pictures=("a.png",), shots=(Shot(image="b.png"), Shot()))
    assert Everything.model_validate_json(request.model_dump_json()) == request


def test_every_file_is_found_wherever_it_lies():
    request = Everything(video="v.mp4", pictures=("a.png", "b.png"), shots=(Shot(), Shot(image="c.png")))
    assert media_fields(request) == {
        "video": ("video", "v.mp4"),
        "pictures.0": ("image", "a.png"),
        "pictures.1": ("image", "b.png"),
        "shots.1.image": ("image", "c.png"),
    }


def test_every_file_can_be_moved():
    request = Everything(prompt="p", video="v.mp4", pictures=("a.png",), shots=(Shot(), Shot(image="c.png")))
    moved = map_media(request, lambda kind, path: f"/in/{kind}/{path}")
    assert moved.video == "/in/video/v.mp4"
    assert moved.pictures == ("/in/image/a.png",)
    assert moved.shots[1].image == "/in/image/c.png"
    assert moved.shots[0].image is None
    assert moved.prompt == "p"
    assert request.video == "v.mp4"


def test_beginning_and_ending_are_given_and_the_rest_is_to_be_made():
    question = Conditioning(num_frames=9, height=4, width=6, prompt="")
    first = np.full((5, 4, 6, 3), 9, np.uint8)
    last = np.full((4, 6, 3), 7, np.uint8)
    both = question.beginning_with(first).ending_with(last)
    assert both.hold == 5
    assert (both.video[:5] == 9).all()
    assert (both.video[-1] == 7).all()
    assert (both.video[5:-1] == 127).all()
    assert both.mask[:, 0, 0].tolist() == [0] * 5 + [255] * 3 + [0]
    assert question.video is None
