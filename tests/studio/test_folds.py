"""Settings that come from a clip open what holds them; those it left alone stay folded."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from pipelines.motion.camera import Camera
from studio.shelf import Shelf
from studio.tabs.base import Page, Tab

STILL = Camera().model_dump()


def tab_of(shelf: Shelf, mode: str) -> Tab:
    with gr.Blocks():
        tab: Tab = import_module(f"studio.tabs.{mode}").build(Page(shelf, shelf.desk.model))
    return tab


def opened(tab: Tab, fields: dict[str, Any]) -> set[gr.Accordion]:
    shown: dict[Any, Any] = tab.fill(fields)
    assert set(shown) <= set(tab.outputs)
    return {widget for widget in shown if isinstance(widget, gr.Accordion)}


@pytest.mark.parametrize("mode", ["text_to_video", "text_image_to_video", "image_to_video"])
def test_a_camera_or_an_amount_of_motion_opens_what_holds_it(shelf: Shelf, mode: str) -> None:
    tab = tab_of(shelf, mode)
    assert not opened(tab, {"camera": STILL, "motion_amount": None})
    assert opened(tab, {"camera": STILL | {"pan": -2.0}}) == {tab.folded["camera"]}
    assert opened(tab, {"motion_amount": 3.0}) == {tab.folded["camera"]}


def test_a_brush_opens_what_holds_it(shelf: Shelf, tmp_path: Path) -> None:
    tab = tab_of(shelf, "image_to_video")
    picture, mask = tmp_path / "picture.png", tmp_path / "mask.png"
    Image.new("RGB", (32, 16)).save(picture)
    Image.new("L", (32, 16), 255).save(mask)
    brush = {"mask": str(mask), "horizontal": 3.0, "vertical": 0.0, "proximity": 0.0, "ambient": 0.0}
    assert opened(tab, {"image": str(picture), "brushes": [brush]}) == {tab.folded["brushes"]}
    assert not opened(tab, {"image": str(picture), "brushes": []})


def test_a_panel_with_a_camera_opens_its_own(shelf: Shelf) -> None:
    tab = tab_of(shelf, "storyboard")
    panels = [{"prompt": "one", "camera": STILL}, {"prompt": "two", "camera": STILL | {"zoom": 4.0}}]
    assert opened(tab, {"panels": panels}) == {tab.folded["camera1"]}
