"""Options: one for every field of every mode, and values that arrive as the field wants them."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import InputError
from pipelines.motion.camera import Camera
from pipelines.registry import PIPELINES
from pipelines.scene import CameraMove
from pipelines.settings import Finishing, Settings
from studio.options import add_options, fields_from, options_of, request_from

StoryboardRequest = PIPELINES["storyboard"].request_type
MaskRequest = PIPELINES["mask"].request_type
RenderRequest = PIPELINES["render"].request_type


def given(request_type: type[Settings], *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_options(parser, request_type)
    return parser.parse_args(words)


@pytest.mark.parametrize("mode", PIPELINES)
def test_every_field_of_a_mode_has_an_option_of_its_own(mode: str) -> None:
    request_type = PIPELINES[mode].request_type
    options = options_of(request_type)
    reached = {option.path[0] for option in options} | {option.path for option in options if len(option.path) > 1}
    assert reached >= set(request_type.model_fields)
    assert reached >= {("finishing", name) for name in Finishing.model_fields}
    flags = [option.flag for option in options]
    assert len(flags) == len(set(flags))
    assert {"--prompt", "--negative-prompt", "--num-frames", "--guidance-scale", "--seed", "--size"} <= set(flags)


def test_values_arrive_in_the_types_of_their_fields(tmp_path: Path) -> None:
    words = "--video v.mp4 --seed 4 --guidance-scale 3 --upscale 2 --finishing-frame-rate 24 --frame-rate 8"
    words += " --green-screen --no-invert --region background --grow -3"
    request: Any = request_from(given(MaskRequest, *words.split()), MaskRequest)
    assert request.video == str(Path("v.mp4").resolve())
    assert (request.seed, request.guidance_scale, request.frame_rate, request.grow) == (4, 3.0, 8.0, -3)
    assert request.finishing == Finishing(upscale=2, frame_rate="24")
    assert (request.green_screen, request.invert, request.region) == (True, False, "background")


def test_a_3d_file_and_its_camera_have_options_beside_the_model() -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--model")
    add_options(parser, RenderRequest)
    words = "--model starter --mesh r.glb --camera-move rise --camera-amount -0.5 --camera-azimuth 0 --up-axis z"
    request: Any = request_from(parser.parse_args(words.split()), RenderRequest)
    assert request.mesh == str(Path("r.glb").resolve())
    assert request.camera == CameraMove("rise", azimuth=0.0, amount=-0.5)
    assert request.up_axis == "z"


def test_what_is_not_given_stays_open() -> None:
    assert fields_from(given(StoryboardRequest), StoryboardRequest) == {}


def test_panels_are_name_value_pairs(tmp_path: Path) -> None:
    words = ["--panel", "image=a.png", "prompt=one = first", "--panel", "prompt=two", "seconds=1.5"]
    request: Any = request_from(given(StoryboardRequest, *words), StoryboardRequest)
    first, second = request.panels
    assert (first.image, first.prompt) == (str(Path("a.png").resolve()), "one = first")
    assert (second.image, second.prompt, second.seconds) == (None, "two", 1.5)


def test_what_is_marked_on_frames_is_name_value_pairs_too() -> None:
    words = ["--video", "v.mp4", "--point", "x=0.5", "y=0.25", "--point", "x=1", "y=0", "include=no", "at=1.5"]
    words += ["--box", "left=0", "top=0.1", "right=0.5", "bottom=1", "--stroke", "mask=a.png", "include=TRUE"]
    request: Any = request_from(given(MaskRequest, *words), MaskRequest)
    assert [(point.x, point.y, point.include, point.at) for point in request.points] == [
        (0.5, 0.25, True, None),
        (1.0, 0.0, False, 1.5),
    ]
    assert request.boxes[0].right == 0.5
    assert (request.strokes[0].mask, request.strokes[0].include) == (str(Path("a.png").resolve()), True)
    with pytest.raises(InputError, match="--point include: 'maybe' is neither true nor false"):
        request_from(given(MaskRequest, "--video", "v.mp4", "--point", "x=0", "y=0", "include=maybe"), MaskRequest)


def test_a_camera_is_one_option_for_each_move_and_a_pair_for_each_in_a_panel() -> None:
    text_to_video = PIPELINES["text-to-video"].request_type
    request: Any = request_from(given(text_to_video, "--pan", "-2.5", "--zoom", "3"), text_to_video)
    assert request.camera == Camera(pan=-2.5, zoom=3.0)
    words = ["--panel", "prompt=one", "pan=4", "tilt=-1", "--panel", "prompt=two"]
    board: Any = request_from(given(StoryboardRequest, *words), StoryboardRequest)
    assert [panel.camera for panel in board.panels] == [Camera(pan=4.0, tilt=-1.0), Camera()]


def test_brushes_are_name_value_pairs() -> None:
    image_to_video = PIPELINES["image-to-video"].request_type
    words = ["--image", "a.png", "--brush", "mask=m.png", "horizontal=-3", "--brush", "mask=n.png", "ambient=2"]
    request: Any = request_from(given(image_to_video, *words, "--motion-amount", "7"), image_to_video)
    first, second = request.brushes
    assert (first.mask, first.horizontal, first.ambient) == (str(Path("m.png").resolve()), -3.0, 0.0)
    assert (second.mask, second.ambient, request.motion_amount) == (str(Path("n.png").resolve()), 2.0, 7.0)


@pytest.mark.parametrize("words", [["wings=2"], ["a prompt"], ["seconds=long"]])
def test_a_panel_that_cannot_be_read_is_named(words: list[str]) -> None:
    with pytest.raises(InputError, match="--panel"):
        request_from(given(StoryboardRequest, "--panel", *words), StoryboardRequest)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("--num-frames 0", "num_frames"), ("--guidance-scale nan", "guidance_scale"), ("--size 1x", "size")],
)
def test_values_out_of_bounds_are_refused_like_anywhere_else(words: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        request_from(given(StoryboardRequest, *words.split()), StoryboardRequest)
