"""From a clip to the next one: drafts become first frames, clips are gone on from."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from studio import labels, words
from tests.browser import hands
from tests.browser.conftest import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them


def test_a_clip_is_extended_with_its_own_words(page: Page, tmp_path: Path) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.hurry(tab, seed=21)
    hands.field(tab, "prompt").fill("the blue ball")
    hands.generate_new(tab, "text-to-video")
    panel = hands.result(page, "text-to-video")
    hands.wait_for_clip(panel)
    before = probe_video(hands.download(panel, tmp_path))
    panel.get_by_role("button", name=words.EXTEND).click()
    given = tab.locator("#text-to-video-continues video").first
    expect(given).to_be_visible()
    expect(hands.field(tab, "prompt")).to_have_value("the blue ball")
    hands.generate_new(tab, "text-to-video")
    hands.wait_for_clip(panel)
    path = hands.download(panel, tmp_path)
    after, recipe = probe_video(path), read_recipe(path)
    assert (after.width, after.height, after.frame_rate) == (before.width, before.height, before.frame_rate)
    assert after.duration > before.duration + 1
    assert recipe is not None and recipe["request"]["continues"]


def test_a_draft_becomes_the_first_frame(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.hurry(tab, seed=30)
    hands.field(tab, "prompt").fill("the red star")
    hands.generate_new(tab, "text-to-video", lambda tab: tab.get_by_role("button", name=words.DRAFTS).click())
    panel = hands.result(page, "text-to-video")
    expect(panel.locator("[data-seed]")).to_have_text("30", timeout=PATIENCE)
    takes = panel.locator(".s-take")  # the newest first
    for place, seed in enumerate(("33", "32", "31", "30")):
        expect(takes.nth(place).locator("img")).to_be_visible(timeout=PATIENCE)
        takes.nth(place).click()
        expect(panel.locator("[data-seed]")).to_have_text(seed)
    panel.get_by_role("button", name=words.ANIMATE).click()
    other = hands.open_tab(page, "text-image-to-video")
    expect(other.locator("#text-image-to-video-image img").first).to_be_visible()
    expect(hands.field(other, "prompt")).to_have_value("the red star")
    expect(other.get_by_label(labels.CHOICES["image_role"]["first-frame"])).to_be_checked()
