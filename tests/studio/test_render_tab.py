"""The render tab: a video or a 3D file, never both; looks that differ in nothing but words; a first frame to see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from pipelines.checkpoints import ASSETS
from pipelines.errors import InputError, MediaError
from pipelines.render import RenderRequest
from studio.person import LOCAL
from studio.recipes import build_request
from studio.tabs import render
from studio.tabs.base import Page
from tests.studio.rooms import quiet_shelf

ROCKET = str(ASSETS / "examples" / "toy-rocket.glb")


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[render.RenderTab]:
    shelf = quiet_shelf(tmp_path)
    with gr.Blocks():
        yield render.build(Page(shelf, shelf.desk.model))
    shelf.desk.close()


def values(tab: render.RenderTab, **changes: Any) -> dict[Any, Any]:
    """What the page would send; `changes` name fields of the request or extra widgets."""
    found = {widget: widget.value for widget in tab.widgets | {tab.variants}}
    for name, value in changes.items():
        found[tab.extra[name] if name in tab.extra else tab.form.widget(name)] = value
    return found


def test_only_what_belongs_to_the_chosen_way_is_asked(tab: render.RenderTab) -> None:
    both = {"video": "clip.mp4", "mesh": ROCKET, "start": "1", "seconds": "3"}
    by_video = tab.collect(values(tab, way="video", **both), LOCAL)
    assert "mesh" not in by_video
    assert not [name for name in by_video if name.startswith("camera")]
    by_mesh = tab.collect(values(tab, way="mesh", **both), LOCAL)
    assert not {"video", "start", "render_pass", "invert_depth"} & set(by_mesh)
    assert (by_mesh["mesh"], by_mesh["seconds"]) == (ROCKET, 3)


def test_an_untouched_tab_with_a_3d_file_is_a_request(tab: render.RenderTab) -> None:
    request = build_request(RenderRequest, tab.collect(values(tab, way="mesh", mesh=ROCKET, prompt="x"), LOCAL))
    assert request.camera == RenderRequest(mesh=ROCKET).camera
    assert request.structure_blur == 0


FILLED = {
    "prompt": "a red rocket",
    "mesh": ROCKET,
    "seconds": 1.5,
    "up_axis": "z",
    "camera_move": "dolly",
    "camera_amount": -0.5,
    "camera_azimuth": -45.0,
    "camera_elevation": 30.0,
}


def test_what_the_tab_is_filled_with_is_what_it_reads(tab: render.RenderTab) -> None:
    shown = values(tab) | {
        widget: value.get("value") if isinstance(value, dict) else value for widget, value in tab.fill(FILLED).items()
    }
    read = tab.collect(shown, LOCAL)
    assert Path(read.pop("mesh")).read_bytes() == Path(ROCKET).read_bytes()
    assert {name: read[name] for name in FILLED if name != "mesh"} == {
        name: value for name, value in FILLED.items() if name != "mesh"
    }


def test_filling_with_a_video_goes_back_to_videos(tab: render.RenderTab) -> None:
    shown = tab.fill({"prompt": "x", "video": str(ASSETS / "examples" / "clay-rocket.mp4"), "seconds": 2.0})
    assert shown[tab.extra["way"]] == "video"
    assert shown[tab.form.widget("seconds")] == "2"
    assert shown[tab.extra["seconds"]] == ""


def test_a_clip_sent_here_is_a_video(tab: render.RenderTab) -> None:
    assert tab.on_given("video") == {tab.extra["way"]: "video"}
    assert tab.on_given("image") == {}


def test_each_line_is_a_look_with_the_same_seed(tab: render.RenderTab) -> None:
    orders = tab.orders({"prompt": "red", "mesh": ROCKET}, values(tab, looks="blue\n\n  green  \n"))
    assert [order["prompt"] for order in orders] == ["red", "blue", "green"]
    assert len({order["seed"] for order in orders}) == 1
    assert all(order["mesh"] == ROCKET for order in orders)


def test_looks_alone_need_no_prompt_and_keep_the_seed_asked_for(tab: render.RenderTab) -> None:
    orders = tab.orders({"mesh": ROCKET, "seed": 5}, values(tab, looks="blue\ngreen"))
    assert [(order["prompt"], order["seed"]) for order in orders] == [("blue", 5), ("green", 5)]


def test_a_style_image_is_a_look_of_its_own(tab: render.RenderTab) -> None:
    orders = tab.orders({"style_image": "oil.jpg"}, values(tab, looks="blue"))
    assert [order["prompt"] for order in orders] == ["", "blue"]


def test_variants_of_looks_are_the_same_seeds_for_each_look(tab: render.RenderTab) -> None:
    shown = values(tab, looks="blue") | {tab.variants: 2}
    orders = tab.orders({"prompt": "red", "seed": 9}, shown)
    assert [(order["prompt"], order["seed"]) for order in orders] == [
        ("red", 9), ("red", 10), ("blue", 9), ("blue", 10),
    ]  # fmt: skip


def test_without_further_looks_there_is_one_request(tab: render.RenderTab) -> None:
    assert tab.orders({"prompt": "red"}, values(tab, looks=" \n")) == [{"prompt": "red"}]


def test_more_than_four_looks_are_refused(tab: render.RenderTab) -> None:
    with pytest.raises(InputError, match="5 looks; 4"):
        tab.orders({"prompt": "red"}, values(tab, looks="a\nb\nc\nd"))


def test_the_first_frame_is_large_enough_to_see_and_has_the_clips_shape(tab: render.RenderTab) -> None:
    asked = {"way": "mesh", "mesh": ROCKET}
    wide = tab.first_frame(values(tab, **asked), LOCAL)
    tall = tab.first_frame(values(tab, **asked) | {tab.form.widget("finishing.aspect_ratio"): "9:16"}, LOCAL)
    assert wide.shape[1] >= 480
    assert wide.shape[0] < wide.shape[1]
    assert tall.shape[0] > tall.shape[1]
    assert wide.std() > 5


def test_without_a_3d_file_there_is_no_first_frame(tab: render.RenderTab, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no 3D file yet"):
        tab.first_frame(values(tab, way="mesh"), LOCAL)
    (tmp_path / "x.glb").write_bytes(b"garbage")
    with pytest.raises(MediaError, match=r"x\.glb"):
        tab.first_frame(values(tab, way="mesh", mesh=str(tmp_path / "x.glb")), LOCAL)
