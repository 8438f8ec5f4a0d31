"""What is told by more than a prompt: a board of shots, pictures with names, regions painted to move."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from pipelines.media.metadata import read_recipe
from studio import labels, tab_words, words
from studio.examples import examples
from tests.browser import hands
from tests.browser.conftest import PATIENCE, Inputs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def panel_field(tab: Locator, number: int, name: str) -> Locator:
    """A text field of one panel of the board."""
    label = f"{tab_words.BOARD_PANEL.format(number=number)}: {labels.label(f'panel.{name}').lower()}"
    return tab.get_by_label(label)


def test_a_board_is_watched_made_and_one_of_its_shots_made_again(page: Page, tmp_path: Path) -> None:
    tab = hands.open_tab(page, "storyboard")
    tab.get_by_label(tab_words.BOARD_WAYS["panels"], exact=True).check()
    for number, said in enumerate(("a red ball at sea", "a blue star in space"), 1):
        panel_field(tab, number, "prompt").fill(said)
        panel_field(tab, number, "seconds").fill("1")
    tab.get_by_role("button", name=tab_words.ANIMATIC).click()
    film = tab.locator("#storyboard-animatic video")
    expect(film).to_be_visible(timeout=PATIENCE)
    hands.assert_plays(film)
    assert film.evaluate("video => video.duration") == pytest.approx(2.25, abs=0.05)  # 4k + 1 frames, 8 a second

    hands.hurry(tab, seed=3)
    hands.generate_new(tab, "storyboard")
    panel = hands.result(page, "storyboard")
    hands.wait_for_clip(panel)
    first = read_recipe(hands.download(panel, tmp_path))
    panel.get_by_text(words.SHOT_AGAIN).click()
    panel.get_by_role("button", name="a blue star in space").click()
    expect(panel.get_by_role("link", name=words.DOWNLOAD)).to_have_count(0)
    hands.wait_for_clip(panel)
    again = read_recipe(hands.download(panel, tmp_path))
    assert first is not None
    assert again is not None
    assert [each["take"] for each in first["request"]["panels"]] == [1, 1]
    assert [each["take"] for each in again["request"]["panels"]] == [1, 2]


def test_a_picture_with_a_name_is_offered_under_the_prompt_and_used(page: Page, inputs: Inputs, tmp_path: Path) -> None:
    tab = hands.open_tab(page, "text-image-to-video")
    tab.get_by_role("button", name=tab_words.REFERENCES).click()
    row = tab.locator(".s-reference").first
    row.locator("input[type=file]").first.set_input_files(str(inputs.image))
    expect(row.locator("img").first).to_be_visible()
    row.get_by_role("textbox").first.fill("hero")
    row.get_by_role("textbox").last.fill("a red ball")
    hands.field(tab, "prompt").fill("moving right: ")
    offered = tab.get_by_role("button", name="@hero")
    expect(offered).to_be_visible()
    offered.click()
    expect(hands.field(tab, "prompt")).to_have_value("moving right: @hero")
    hands.hurry(tab)
    hands.generate_new(tab, "text-image-to-video")
    panel = hands.result(page, "text-image-to-video")
    hands.wait_for_clip(panel)
    recipe = read_recipe(hands.download(panel, tmp_path))
    assert recipe is not None
    assert [each["name"] for each in recipe["request"]["references"]] == ["hero"]


def test_painted_regions_become_brushes_one_of_which_is_seen_at_a_time(
    page: Page, inputs: Inputs, tmp_path: Path
) -> None:
    tab = hands.open_tab(page, "image-to-video")
    hands.give_inputs(tab, "image-to-video", inputs)
    hands.unfold(tab, words.MOTION)
    editor = tab.get_by_text(labels.label("brush.mask")).filter(visible=True)
    for way, strength in (("horizontal", "6"), ("vertical", "-3")):
        tab.get_by_role("button", name=tab_words.BRUSH_ADD).click()
        slider = tab.get_by_label(labels.label(f"brush.{way}")).filter(visible=True).first
        expect(slider).to_have_value("0")  # the new brush's
        expect(editor).to_have_count(1)
        hands.paint(tab.locator("canvas").filter(visible=True).first, (0.2, 0.5), (0.4, 0.55))
        slider.fill(strength)
        slider.press("Tab")
    tab.get_by_label("1", exact=True).filter(visible=True).first.check()
    expect(editor).to_have_count(1)
    expect(tab.get_by_label(labels.label("brush.horizontal")).filter(visible=True).first).to_have_value("6")
    hands.hurry(tab)
    hands.generate_new(tab, "image-to-video")
    panel = hands.result(page, "image-to-video")
    hands.wait_for_clip(panel)
    recipe = read_recipe(hands.download(panel, tmp_path))
    assert recipe is not None
    brushes = recipe["request"]["brushes"]
    assert [(brush["horizontal"], brush["vertical"]) for brush in brushes] == [(6, 0), (0, -3)]


def test_the_last_of_two_examples_clicked_in_haste_is_shown(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    rows = tab.locator(".s-example")
    rows.nth(0).click()
    rows.nth(1).click()
    expect(hands.field(tab, "prompt")).to_have_value(str(examples()["text-to-video"][1].fields["prompt"]))


def test_generate_pressed_while_an_example_is_filled_in_waits_for_it(page: Page) -> None:
    tab = hands.open_tab(page, "image-to-video")

    def in_haste(tab: Locator) -> None:
        tab.locator(".s-example").first.click()
        hands.generate(tab)

    hands.generate_new(tab, "image-to-video", in_haste)
    expect(tab.get_by_role("button", name=words.GENERATE, exact=True)).not_to_have_attribute("aria-busy", "true")
