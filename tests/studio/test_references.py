"""The references of the text + image tab: read into a request, shown again, and named where something is missing."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from pipelines.errors import InputError
from studio.person import LOCAL
from studio.shelf import Shelf
from studio.tabs import text_image_to_video
from studio.tabs.base import Page
from studio.tabs.text_image_to_video import TextImageToVideoTab

GIVEN = [
    {"image": "a.png", "name": "hero", "description": "a red ball"},
    {"image": "b.png", "name": "dog", "description": ""},
]


@pytest.fixture
def tab(shelf: Shelf) -> TextImageToVideoTab:
    with gr.Blocks():
        built = text_image_to_video.build(Page(shelf, shelf.desk.model))
    assert isinstance(built, TextImageToVideoTab)
    return built


def test_references_come_back_as_they_were_and_open_what_holds_them(tab: TextImageToVideoTab) -> None:
    shown = tab.fill({"prompt": "@hero and @dog", "references": GIVEN})
    assert tab.collect(shown, LOCAL)["references"] == GIVEN
    assert tab.references.fold in shown
    cleared = tab.fill({"prompt": "x"})
    assert tab.collect(cleared, LOCAL)["references"] == []
    assert tab.references.fold not in cleared
    assert set(shown) <= set(tab.outputs)


def test_an_at_sign_before_the_name_is_no_part_of_it(tab: TextImageToVideoTab) -> None:
    shown: Any = tab.fill({"references": GIVEN[:1]})
    shown[tab.references.rows[0]["name"]] = " @hero "
    assert tab.collect(shown, LOCAL)["references"] == GIVEN[:1]


@pytest.mark.parametrize(("missing", "said"), [("name", "Reference 2 has no name"), ("image", "@dog has no picture")])
def test_half_a_reference_is_named(tab: TextImageToVideoTab, missing: str, said: str) -> None:
    shown: Any = tab.fill({"references": GIVEN})
    shown[tab.references.rows[1][missing]] = None
    with pytest.raises(InputError, match=said):
        tab.collect(shown, LOCAL)
