"""Render from a 3D file and from passes: what the model is shown, what the clip is, what is refused."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.errors import InputError, MediaError, ModelMissing
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from pipelines.media.provenance import read_origin
from pipelines.model import LatentVideoModel
from pipelines.passes import shaded
from pipelines.render import Render, RenderRequest
from pipelines.scene import open_scene
from pipelines.settings import Finishing
from pipelines.types import Conditioning
from tests.media_samples import make_video
from tests.pipelines.scene.shapes import ball_file, box_file
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="16")
SIZE = (64, 32)


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("render")


@pytest.fixture(scope="module")
def box(folder: Path) -> str:
    return str(box_file(folder))


def request(**fields: Any) -> RenderRequest:
    return RenderRequest(**{"prompt": "a red cube", "seed": 3, "finishing": Finishing(upscaler="lanczos"), **fields})


def prepared(**fields: Any) -> RenderRequest:
    ready: RenderRequest = Render.prepare(request(**fields), INFO)
    return ready


def questions(model: LatentVideoModel, **fields: Any) -> list[Conditioning]:
    return list(Render(model).plan(prepared(**fields)).conditionings)


def control(model: LatentVideoModel, **fields: Any) -> np.ndarray:
    """The first window's control video, one channel."""
    video = questions(model, **fields)[0].video
    assert video is not None
    return video[..., 0].astype(int)


def test_a_3d_file_becomes_a_clip_of_the_models_size_rate_and_length(model, box, tmp_path: Path) -> None:
    clip = Render(model).run(prepared(mesh=box), tmp_path, lambda _: None)
    info = probe_video(clip.path)
    assert (info.width, info.height, info.frame_rate) == (*SIZE, 16)
    assert info.duration == pytest.approx(9 / 8, abs=0.07)
    assert not info.has_audio
    recipe = read_recipe(clip.path)
    assert recipe["request"]["mesh"].endswith("box.glb")
    assert recipe["request"]["seconds"] == 9 / 8
    assert read_origin(clip.path) == "trainedAlgorithmicMedia"


def test_the_model_is_shown_the_clay_pass(model, box) -> None:
    pass_ = np.concatenate(list(open_scene(box).clay(prepared(mesh=box).camera, 9, SIZE)))
    assert np.array_equal(control(model, mesh=box), pass_[..., 0])


def test_with_structure_depth_it_is_shown_exact_depth_without_any_network(model, box) -> None:
    pass_ = np.concatenate(list(open_scene(box).depth(prepared(mesh=box).camera, 9, SIZE)))
    assert np.array_equal(control(model, mesh=box, structure="depth"), pass_[..., 0])


def test_edges_of_the_clay_pass_are_lines(model, box) -> None:
    assert set(np.unique(control(model, mesh=box, structure="edges"))) == {0, 255}


def test_structure_blur_softens_the_pass(model, box) -> None:
    sharp, soft = (np.abs(np.diff(control(model, mesh=box, structure_blur=blur))).max() for blur in (0, 6))
    assert soft < sharp / 2


def test_a_long_move_goes_on_from_window_to_window(model, box) -> None:
    plan = Render(model).plan(prepared(mesh=box, seconds=2.5))
    windows = [each.video for each in plan.conditionings]
    assert plan.num_frames == 20
    assert len(windows) == plan.count == 4
    assert np.array_equal(windows[0][-plan.overlap :], windows[1][: plan.overlap])
    whole = np.concatenate(list(open_scene(box).clay(prepared(mesh=box).camera, 20, SIZE)))
    assert np.array_equal(windows[1], whole[4:13])


@pytest.mark.parametrize(("asked", "seconds", "frames"), [
    ({}, 9 / 8, 9), ({"num_frames": 5}, 5 / 8, 5), ({"num_frames": 17}, 17 / 8, 9), ({"seconds": 0.5}, 0.5, 5),
    ({"seconds": 4.0, "num_frames": 5}, 4.0, 5), ({"frame_rate": 4.0}, 9 / 4, 9),
])  # fmt: skip
def test_seconds_and_frames_of_a_3d_file(asked: dict, seconds: float, frames: int, box) -> None:
    ready = prepared(mesh=box, **asked)
    assert (ready.seconds, ready.num_frames) == (seconds, frames)
    assert Render.prepare(ready, INFO) == ready


def test_the_shape_asked_for_is_the_shape_of_the_pass(model, box) -> None:
    video = questions(model, mesh=box, finishing=Finishing(aspect_ratio="9:16"))[0].video
    assert video.shape[1] > video.shape[2]


CAMERA = {
    "camera_move": "dolly",
    "camera_azimuth": 90.0,
    "camera_elevation": 40.0,
    "camera_amount": -0.1,
    "up_axis": "z",
    "seconds": 0.5,
}


@pytest.mark.parametrize("name", CAMERA)
def test_every_control_of_the_camera_changes_what_the_model_is_shown(name: str, model, box) -> None:
    plain, changed = control(model, mesh=box), control(model, mesh=box, **{name: CAMERA[name]})
    assert plain.shape != changed.shape or not np.array_equal(plain, changed)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "video or from a 3D file"),
        ({"mesh": "box", "video": "pass"}, "Give one of the two"),
        ({"mesh": "box", "start": 1.0}, "start, render_pass and invert_depth"),
        ({"mesh": "box", "render_pass": "depth"}, "start, render_pass and invert_depth"),
        ({"mesh": "box", "prompt": ""}, "neither a prompt nor a style image"),
        ({"mesh": "box", "seconds": 61.0}, "seconds is 61"),
        ({"mesh": "box", "num_frames": 6}, "num_frames is 6"),
        ({"mesh": "pass"}, "no 3D file that is read"),
        ({"mesh": "/gone/x.glb"}, "x.glb cannot be opened"),
        ({"video": "pass", "invert_depth": True}, "invert_depth is for a depth pass"),
    ],
)
def test_what_cannot_be_rendered_is_refused_at_the_door(fields: dict, words: str, folder: Path, box) -> None:
    files = {"box": box, "pass": str(depth_pass(folder))}
    with pytest.raises(InputError, match=words):
        prepared(
            **{name: files.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}
        )


@pytest.mark.parametrize(("name", "value"), [
    ("camera_elevation", -1.0), ("camera_elevation", 81.0), ("camera_azimuth", 181.0), ("camera_amount", 2.1),
    ("camera_move", "zoom"), ("up_axis", "x"), ("render_pass", "beauty"),
])  # fmt: skip
def test_a_request_has_bounds(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        request(mesh="box.glb", **{name: value})


def depth_pass(folder: Path, bright: int = 150, dark: int = 60) -> Path:
    """A second of a ramp from dark (left) to bright (right), half of the range of grey."""
    ramp = np.linspace(dark, bright, SIZE[0]).astype(np.uint8)
    frames = np.broadcast_to(ramp[None, None, :, None], (8, SIZE[1], SIZE[0], 3))
    return make_video(folder / f"depth-{dark}-{bright}.mp4", np.ascontiguousarray(frames), Fraction(8))


@pytest.mark.parametrize("structure", ["grey", "depth"])
def test_a_depth_pass_is_used_as_it_is_on_the_full_range(structure: str, model, folder: Path) -> None:
    row = control(model, video=str(depth_pass(folder)), render_pass="depth", structure=structure)[0, 16]
    assert row[0] < 8
    assert row[-1] > 247
    assert (np.diff(row) >= -3).all()


def test_an_inverted_depth_pass_is_turned_round(model, folder: Path) -> None:
    row = control(model, video=str(depth_pass(folder)), render_pass="depth", invert_depth=True)[0, 16]
    assert row[0] > 247
    assert row[-1] < 8


def test_a_depth_pass_of_one_grey_does_not_burst(model, folder: Path) -> None:
    assert control(model, video=str(depth_pass(folder, 90, 90)), render_pass="depth").max() <= 255


def test_a_depth_pass_keeps_one_scale_over_all_windows(model, folder: Path) -> None:
    nearer = np.stack([np.full((*SIZE[::-1], 3), 40 + 5 * index, np.uint8) for index in range(32)])
    video = make_video(folder / "nearer.mp4", nearer, Fraction(8))
    planes = [each.video.mean() for each in questions(model, video=str(video), render_pass="depth")]
    assert len(planes) > 3
    assert planes == sorted(planes)
    assert planes[0] < 60 < 190 < planes[-1]


def test_clay_still_asks_for_the_network_where_depth_is_wanted(folder: Path) -> None:
    for render_pass in ("clay", "normal"):
        with pytest.raises(ModelMissing, match="depth network"):
            prepared(video=str(depth_pass(folder)), render_pass=render_pass, structure="depth")


def normal_pass(scene_file: str, size: tuple[int, int]) -> np.ndarray:
    """(1, H, W, 3): the normals of a mesh as the camera sees them, on black."""
    scene = open_scene(scene_file)
    view = request(mesh=scene_file, camera_amount=0.0).camera.views(scene.mesh, 1, size[0] / size[1])[0]
    hits, where = scene._cast(view, size, (0, 0, *size), 1)
    axes = np.stack([view.right, view.up, -view.forward], axis=1)
    pixels = np.zeros((size[0] * size[1], 3), np.uint8)
    pixels[where] = np.rint((hits.normals @ axes + 1) * 127.5)
    return pixels.reshape(1, size[1], size[0], 3)


def test_a_normal_pass_is_lit_like_the_clay_pass_of_the_same_mesh(folder: Path) -> None:
    ball = str(ball_file(folder))
    normals = normal_pass(ball, (160, 96))
    lit = shaded(normals)[0, ..., 0].astype(float)
    clay = open_scene(ball).clay_frame(request(mesh=ball).camera, (160, 96))[..., 0].astype(float)
    inside = cv2.erode((normals[0].max(axis=-1) > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert inside.sum() > 1000
    assert np.corrcoef(lit[inside], clay[inside])[0, 1] > 0.97


@pytest.mark.parametrize("nothing", [(0, 0, 0), (127, 127, 127), (255, 255, 255)])
def test_where_a_normal_pass_holds_no_normal_there_is_plain_background(nothing: tuple[int, int, int]) -> None:
    assert np.unique(shaded(np.full((1, 4, 4, 3), nothing, np.uint8))).tolist() == [172]


def test_a_normal_pass_is_read_in_the_mode(model, folder: Path) -> None:
    frames = np.repeat(normal_pass(str(ball_file(folder)), (96, 48)), 8, axis=0)
    video = make_video(folder / "normals.mp4", frames, Fraction(8))
    as_clay, as_normals = (control(model, video=str(video), render_pass=each) for each in ("clay", "normal"))
    assert as_normals[0, 1, 1] == pytest.approx(172, abs=3)
    assert as_clay[0, 1, 1] < 20


def test_a_broken_file_is_refused_before_it_is_queued(folder: Path) -> None:
    broken = folder / "broken.glb"
    broken.write_bytes(b"glTF and no more")
    with pytest.raises(MediaError, match=r"broken\.glb"):
        prepared(mesh=str(broken))
