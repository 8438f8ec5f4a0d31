"""Length: chosen in seconds, kept in frames, and said as what the model makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from pipelines.checkpoints import STARTER, ModelInfo, model_info
from pipelines.errors import InputError
from studio import labels, words
from studio.length import told
from studio.shelf import Shelf
from studio.tabs import text_to_video
from studio.tabs.base import Page, Tab
from tests.studio.rooms import quiet_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)  # 9 frames at 8 a second
    yield shelf
    shelf.desk.close()


@pytest.fixture
def tab(shelf: Shelf) -> Tab:
    with gr.Blocks():
        return text_to_video.build(Page(shelf, shelf.desk.model))


def fields(tab: Tab, seconds: str, rate: str = "") -> dict[str, object]:
    shown = tab.form.fill({"prompt": "x"})
    return tab.form.fields({**shown, tab.form.widget("num_frames"): seconds, tab.form.widget("frame_rate"): rate})


def test_seconds_are_sent_as_frames_at_the_rate_that_is_chosen(tab: Tab) -> None:
    assert "num_frames" not in fields(tab, "")
    assert fields(tab, "2")["num_frames"] == 17
    assert fields(tab, "2", "16")["num_frames"] == 33


def test_a_recipe_is_shown_in_seconds_that_make_the_same_frames_again(tab: Tab) -> None:
    for frames, rate in ((17, 8.0), (81, 16.0), (17, 23.976), (13, None)):
        shown = tab.form.fill({"num_frames": frames} | ({"frame_rate": rate} if rate else {}))
        assert tab.form.fields(shown)["num_frames"] == frames
    assert shown[tab.form.widget("num_frames")] == "1.625"


def test_seconds_count_for_the_model_that_is_chosen_now(tab: Tab, shelf: Shelf) -> None:
    shelf.desk.use_model(STARTER)
    rate = model_info(STARTER, Path()).frame_rate
    shelf.desk.model.check_frames(frames := fields(tab, "3")["num_frames"])  # type: ignore[arg-type]
    assert abs(frames / rate - 3) < 0.3  # type: ignore[operator]


@pytest.mark.parametrize("text", ["soon", "0", "-2"])
def test_what_is_no_length_is_refused(tab: Tab, text: str) -> None:
    with pytest.raises(InputError):
        fields(tab, text)


def test_the_field_says_what_the_model_makes_of_it() -> None:
    info = ModelInfo("wan", "Wan", Path(), Path(), num_frames=17, frame_rate=8.0)
    assert told("2", "", info) == "2.12 s, 17 frames at 8 a second."
    assert told("", "", info) == told("2", None, info)
    assert told("5", "16", info) == "5.06 s, 81 frames at 16 a second."
    assert told("0.01", "", info) == words.LENGTH_STILL
    for half in ("0.", "-", "x", "0"):
        assert told(half, "", info) == labels.help_line("num_frames")
    assert told("2", "-5", info) == labels.help_line("num_frames")
    assert told("2", "", None) == labels.help_line("num_frames")
