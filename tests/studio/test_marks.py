"""What is marked on the page becomes the fields of a request, and comes back from them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.glancing import FRAMES, followed, followed_clip, frame_with_mask, glance_rate
from pipelines.marking import Point
from pipelines.mask import MaskRequest
from pipelines.media.write import write_video
from pipelines.source import Source
from pipelines.types import FrameStream
from studio.person import LOCAL
from studio.shelf import Shelf
from studio.tabs import mask
from studio.tabs.base import Page
from studio.tabs.marks import clicked, dotted
from tests.pipelines.moving_subject import moving_subject, overlap
from tests.studio.rooms import called_by, handler, quiet_shelf


@pytest.fixture
def page(tmp_path: Path) -> Iterator[tuple[gr.Blocks, Any]]:
    shelf: Shelf = quiet_shelf(tmp_path)
    with gr.Blocks() as blocks:
        yield blocks, mask.build(Page(shelf, shelf.desk.model))
    shelf.desk.close()


@pytest.fixture
def tab(page: tuple[gr.Blocks, Any]) -> Any:
    return page[1]


def values(tab: Any, **changed: Any) -> dict[Any, Any]:
    said = {widget: getattr(widget, "value", None) for widget in tab.widgets}
    said[tab.form.widget("video")] = "film.mp4"
    return said | {tab.extra[name]: value for name, value in changed.items()}


def test_two_corners_make_a_box_whichever_comes_first() -> None:
    marked = clicked(clicked([], "box", 0.8, 0.2, 1.0), "box", 0.3, 0.9, 1.0)
    assert marked == [{"kind": "boxes", "left": 0.3, "top": 0.2, "right": 0.8, "bottom": 0.9, "at": 1.0}]


def test_a_corner_alone_is_no_box_and_is_forgotten_by_the_next_point() -> None:
    marked = clicked(clicked([], "box", 0.8, 0.2, 0.0), "include", 0.5, 0.5, 0.0)
    assert [mark["kind"] for mark in marked] == ["points"]
    other_frame = clicked(clicked([], "box", 0.8, 0.2, 0.0), "box", 0.5, 0.5, 1.0)
    assert [(mark["kind"], mark["at"]) for mark in other_frame] == [("corner", 1.0)]


def test_clicks_become_points_and_choose_the_subject_alone(tab: Any) -> None:
    marked = clicked(clicked([], "include", 0.25, 0.5, 0.0), "exclude", 0.75, 0.5, 1.5)
    fields = tab.collect(values(tab, way="click", marks=marked), LOCAL)
    assert fields["points"] == [
        {"x": 0.25, "y": 0.5, "at": 0.0, "include": True},
        {"x": 0.75, "y": 0.5, "at": 1.5, "include": False},
    ]
    assert not fields.get("find")


def test_clicks_correct_the_subject_that_is_found(tab: Any) -> None:
    fields = tab.collect(values(tab, marks=clicked([], "exclude", 0.25, 0.5, 0.0)), LOCAL)
    assert fields["find"] is True
    assert tab.collect(values(tab), LOCAL)["find"] is False


def test_choosing_by_clicks_without_one_is_refused_with_what_to_do(tab: Any) -> None:
    with pytest.raises(InputError, match="Nothing is clicked on yet"):
        tab.collect(values(tab, way="click", marks=clicked([], "box", 0.5, 0.5, 0.0)), LOCAL)


def test_settings_used_again_bring_their_marks_back(tab: Any) -> None:
    fields = {"points": [{"x": 0.5, "y": 0.5, "include": False, "at": None}], "find": True}
    shown = tab.fill(fields)
    assert shown[tab.extra["way"]] == "automatic"
    assert tab.fill(fields | {"find": False})[tab.extra["way"]] == "click"
    assert tab.collect(values(tab, marks=shown[tab.extra["marks"]]), LOCAL)["points"] == fields["points"]


def test_a_click_is_shown_as_a_dot_in_the_colour_of_what_it_says() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    dotted(picture, [*clicked([], "include", 0.25, 0.5, 0.0), *clicked([], "exclude", 0.75, 0.5, 0.0)])
    green, red = picture[50, 50].astype(int), picture[50, 150].astype(int)
    assert green[1] > green[0] and red[0] > red[1]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    frames, truth = moving_subject(60)
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_video(FrameStream(iter([frames]), 208, 120, Fraction(20), 60), path)
    return path, truth


def test_a_glance_is_bounded_and_shows_the_mask_the_clip_will_have(film: tuple[Path, Any]) -> None:
    path, truth = film
    rows, columns = np.nonzero(truth[0] > 127)
    point = Point(x=float(columns.mean()) / 208, y=float(rows.mean()) / 120)
    request = MaskRequest(video=str(path), prompt="x", points=(point,))
    source, done = Source.of(request), []
    track = followed(source, request, done.append)
    assert len(track) == FRAMES == done[-1]
    assert followed(source, request.model_copy(update={"prompt": "y"})) is track  # other words follow nothing anew
    index = round(2.0 * 20)
    frame, mask = frame_with_mask(source, request, 2.0)
    assert overlap(mask, truth[index]) > 0.8
    assert overlap(track[round(2.0 * glance_rate(source))], truth[index]) > 0.8
    frames = np.concatenate(list(followed_clip(source, request).chunks))
    assert len(frames) == FRAMES
    inside, outside = truth[0] > 250, truth[0] < 5
    assert frames[0][inside].mean() > 1.5 * frames[0][outside].mean()
    assert frame.shape[:2] == mask.shape
    corrected = request.model_copy(update={"points": (point, Point(x=0.95, y=0.9, at=2.0))})
    assert (frame_with_mask(source, corrected, 2.0)[1] > 127).sum() > (mask > 127).sum()
    assert np.array_equal(frame_with_mask(source, corrected, 0.0)[1], frame_with_mask(source, request, 0.0)[1])


def test_a_look_at_the_mask_takes_back_no_click_that_is_made_meanwhile(
    page: tuple[gr.Blocks, Any], film: tuple[Path, Any]
) -> None:
    blocks, tab = page
    now = values(tab, way="click", marks=clicked([], "include", 0.5, 0.5, 0.0))
    now[tab.form.widget("video")] = str(film[0])
    seen = handler(blocks, "look")(now, called_by())
    assert seen[tab.marks.picture]["visible"]
    assert tab.marks.state not in seen
    turns = {name: _turn(blocks, name) for name in ("look", "click", "brushed", "undo", "clear", "canvas", "choose")}
    assert len(set(turns.values())) == 1, turns  # an answer that is late comes before the next one all the same


def _turn(blocks: gr.Blocks, name: str) -> str:
    """The queue that a handler waits in."""
    return next(fn.concurrency_id for fn in blocks.fns.values() if getattr(fn.fn, "__name__", "") == name)
