"""The library and what leaves it: find, play, compare, use again, send on, delete."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from studio import words
from tests.browser import hands
from tests.browser.conftest import Studio

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them


def make(page: Page, prompt: str, seed: int) -> None:
    """One quick clip from words."""
    tab = hands.open_tab(page, "text-to-video")
    if not hands.field(tab, "num_inference_steps").is_visible():
        hands.hurry(tab)
    hands.field(tab, "seed").fill(str(seed))
    hands.field(tab, "prompt").fill(prompt)
    hands.generate_new(tab, "text-to-video")
    panel = hands.result(page, "text-to-video")
    expect(panel.locator("[data-seed]")).to_have_text(str(seed))
    hands.wait_for_clip(panel)


def test_a_clip_goes_through_its_whole_life(page: Page, studio: Studio) -> None:
    make(page, "the red star over the sea", 21)
    make(page, "the blue star over the sea", 22)
    library = hands.open_tab(page, "library")
    library.get_by_label(words.SEARCH).fill("star SEA")
    cards = library.locator("article")
    expect(cards).to_have_count(2)

    for card in cards.all():
        card.get_by_role("checkbox").check()
    library.get_by_role("button", name=words.COMPARE_TWO).click()
    pair = page.get_by_role("dialog", name=words.COMPARE_TWO)
    expect(pair.locator("video")).to_have_count(2)
    page.keyboard.press("Escape")

    card = library.get_by_role("article", name="the red star over the sea")
    card.get_by_role("button", name=words.PLAY).click()
    dialog = page.get_by_role("dialog", name=words.DETAILS)
    hands.assert_plays(dialog.locator("video"))
    expect(dialog).to_contain_text("21")
    dialog.get_by_role("button", name=words.USE_AGAIN).click()
    tab = page.get_by_role("tabpanel").filter(visible=True)
    expect(hands.field(tab, "prompt")).to_have_value("the red star over the sea")

    library = hands.open_tab(page, "library")
    library.get_by_label(words.SEARCH).fill("red star SEA")
    card = library.get_by_role("article", name="the red star over the sea")
    card.get_by_role("button", name=words.DELETE).click()
    page.get_by_role("button", name=words.KEEP).click()
    expect(card).to_be_visible()
    card.get_by_role("button", name=words.DELETE).click()
    page.get_by_role("button", name=words.DELETE_YES).click()
    expect(library.get_by_text(words.LIBRARY_NOTHING)).to_be_visible()


def test_settings_are_used_again_and_frames_are_sent_on(page: Page) -> None:
    make(page, "the red cube over the city", 31)
    panel = hands.result(page, "text-to-video")
    tab = page.get_by_role("tabpanel").filter(visible=True)
    prompt = hands.field(tab, "prompt")
    prompt.fill("something else")
    panel.get_by_role("button", name=words.USE_AGAIN).click()
    expect(prompt).to_have_value("the red cube over the city")
    expect(hands.field(tab, "seed")).to_have_value("31")

    panel.get_by_text(words.SEND_TO).click()
    panel.get_by_role("button", name=f"Image to video {words.SEND_LAST}", exact=True).click()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Image to video")
    tab = page.get_by_role("tabpanel").filter(visible=True)
    expect(tab.locator(".s-media img").first).to_be_visible()

    hands.open_tab(page, "text-to-video")
    panel.get_by_text(words.SEND_TO).click()
    panel.get_by_role("button", name=f"Render {words.SEND_CLIP}").click()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Render")
    tab = page.get_by_role("tabpanel").filter(visible=True)
    expect(tab.locator(".s-media video").first).to_be_visible()


def test_a_file_deleted_by_hand_leaves_a_card_and_a_way_back(page: Page, studio: Studio) -> None:
    make(page, "the green ball over the desert", 41)
    job = page.evaluate("() => localStorage.getItem('septet.job.text-to-video')")
    (studio.data / "jobs" / job / "clip.mp4").unlink()
    library = hands.open_tab(page, "library")
    card = library.get_by_role("article", name="the green ball over the desert").first
    expect(card).to_contain_text(words.MISSING_FILE)
    card.get_by_role("button", name=words.MAKE_AGAIN).click()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Text to video")
    hands.wait_for_clip(hands.result(page, "text-to-video"))
