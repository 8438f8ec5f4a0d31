"""A 3D file on the page: given, seen, shown as its first clay frame, and made into a clip."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pipelines.checkpoints import ASSETS
from studio import words
from tests.browser import hands
from tests.browser.conftest import PHONE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_3d_file_is_seen_and_becomes_a_clip_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    tab = hands.open_tab(page, "render")
    tab.get_by_label(words.RENDER_WAYS["mesh"]).check()
    expect(tab.locator("#render-video")).to_be_hidden()
    box = tab.locator("#render-mesh")
    box.locator("input[type=file]").first.set_input_files(str(ASSETS / "examples" / "toy-rocket.glb"))
    expect(box.locator("canvas")).to_be_visible()
    tab.get_by_role("button", name=words.MESH_SHOW).click()
    expect(page.locator("#mesh-preview img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    hands.field(tab, "prompt").fill("a red rocket in a studio")
    hands.hurry(tab)
    hands.generate_new(tab, "render")
    hands.assert_plays(hands.wait_for_clip(hands.result(page, "render")))
    tab.get_by_label(words.RENDER_WAYS["video"]).check()
    expect(tab.locator("#render-video")).to_be_visible()
    expect(box).to_be_hidden()
