"""The page itself: what it looks like at two widths, what a keyboard and a screen reader find, what errors say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines import PIPELINES
from pipelines.finish import FinishVideo
from studio import words
from tests.browser import hands
from tests.browser.conftest import PHONE, WIDE, Inputs, Studio

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them

TABS = [*PIPELINES, "library", "finish"]
NAMELESS = """() => [...document.querySelectorAll('input, textarea, select, button, a[href], [role=tab], video')]
  .filter(each => each.offsetParent !== null && !each.closest('[aria-hidden=true]') && each.tabIndex >= 0)
  .filter(each => !(each.labels?.length || each.getAttribute('aria-label') || each.getAttribute('aria-labelledby')
    || each.title || each.textContent.trim() || each.closest('label')?.innerText.trim()))
  .map(each => each.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go: SEPTET_SHOTS, or a folder pytest keeps for a while."""
    folder = Path(os.environ.get("SEPTET_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_words_the_small_model_was_never_shown_are_named_and_those_it_knows_are_a_click_away(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    prompt = hands.field(tab, "prompt")
    prompt.fill("a red dragon moving left --seed 4")
    line = tab.locator(".s-knows p").filter(visible=True)
    expect(line).to_have_text(words.UNKNOWN_WORDS.format(words="dragon"))
    prompt.fill("ein roter Ball")
    expect(line).to_contain_text("ein, roter")
    prompt.fill("un chien rouge court")
    expect(line).to_have_text(words.UNKNOWN_LANGUAGE)
    prompt.fill("a purple ball")
    expect(line).to_have_count(0)
    tab.locator(".s-knows summary").click()
    tab.get_by_role("button", name="in space", exact=True).click()
    expect(prompt).to_have_value("a purple ball in space")


def test_words_that_move_a_first_picture_are_not_called_unknown(page: Page) -> None:
    tab = hands.open_tab(page, "text-image-to-video")
    line = tab.locator(".s-knows p").filter(visible=True)
    hands.field(tab, "prompt").fill("a red dragon takes off")
    expect(line).to_have_text(words.UNKNOWN_WORDS.format(words="dragon"))
    hands.field(tab, "prompt").fill("the ball takes off")
    expect(line).to_have_count(0)
    hands.choose(tab, "image_role", "reference")
    expect(line).to_have_text(words.UNKNOWN_WORDS.format(words="takes, off"))


def test_words_that_name_a_style_are_not_called_unknown_where_a_source_is_restyled(page: Page) -> None:
    tab = hands.open_tab(page, "stylization")
    line = tab.locator(".s-knows p").filter(visible=True)
    hands.field(tab, "prompt").fill("a red dragon, oil painting")
    expect(line).to_have_text(words.UNKNOWN_WORDS.format(words="dragon"))
    hands.field(tab, "prompt").fill("a red ball, oil painting")
    expect(line).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_every_tab_fits_its_width_and_names_its_controls(page: Page, shots: Path, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for mode in TABS:
        hands.open_tab(page, mode)
        expect(page.locator(".s-stage, .s-library-root").filter(visible=True).first).to_be_visible()
        page.wait_for_timeout(600)  # for pictures, so that the shot is worth looking at
        wider = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{mode} is {wider} px wider than {size['width']}"
        assert page.evaluate(NAMELESS) == [], mode
        page.screenshot(path=shots / f"{size['width']}-{mode}.png", full_page=True)


def test_the_chosen_tab_stays_in_sight_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    hands.open_tab(page, "render")
    tab = page.get_by_role("tab", selected=True)
    expect(tab).to_be_in_viewport(ratio=0.9)


def test_tabs_come_in_the_order_of_the_registry(page: Page) -> None:
    titles = [*(pipeline.title for pipeline in PIPELINES.values()), words.LIBRARY, FinishVideo.title]
    assert page.get_by_role("tab").all_inner_texts() == titles


def test_the_header_tells_model_device_folder_and_worker(page: Page, studio: Studio) -> None:
    header = page.locator("#header")
    expect(header).to_contain_text(words.WORKER["ready"], timeout=60_000)
    expect(header).to_contain_text(str(studio.data))
    header.locator("summary").click()
    expect(header.get_by_text(words.MODEL_RUNNING)).to_be_visible()
    expect(header.get_by_role("button", name="Fetch 19 GB")).to_be_visible()
    page.keyboard.press("Escape")
    expect(header.get_by_text(words.MODEL_RUNNING)).not_to_be_visible()


def test_the_keyboard_reaches_prompt_and_generate_with_a_visible_ring(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.field(tab, "prompt").focus()
    page.keyboard.press("Tab")  # to the words the model follows
    page.keyboard.press("Tab")
    focused = page.evaluate(
        "() => [document.activeElement.innerText, getComputedStyle(document.activeElement).outlineWidth]"
    )
    assert words.GENERATE in focused[0]
    assert float(focused[1].removesuffix("px")) >= 2


def test_rolling_and_forgetting_a_seed(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.unfold(tab, words.SETTINGS)
    seed = hands.field(tab, "seed")
    tab.get_by_role("button", name=words.DICE).click()
    expect(seed).not_to_have_value("")
    tab.get_by_role("button", name=words.CLEAR_SEED).click()
    expect(seed).to_have_value("")


@pytest.mark.parametrize(
    ("prompt", "field", "value", "said"),
    [
        ("", None, "", "prompt is empty"),
        ("x", "seed", "minus one", "not a whole number"),
        ("x", "num_frames", "0", "would last 0 s"),
        ("x", "guidance_scale", "nan", "not a number"),
        ("x --sparkle", None, "", "--sparkle"),
    ],
)
def test_bad_settings_get_one_sentence(page: Page, prompt: str, field: str | None, value: str, said: str) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.field(tab, "prompt").fill(prompt)
    if field:
        hands.unfold(tab, words.SETTINGS)
        hands.field(tab, field).fill(value)
    hands.generate(tab)
    notice = page.get_by_test_id("toast-body").first
    expect(notice).to_contain_text(said)
    assert "Traceback" not in notice.inner_text()


def test_a_file_that_is_no_video_gets_one_sentence(page: Page, inputs: Inputs) -> None:
    tab = hands.open_tab(page, "stylization")
    tab.locator("input[type=file]").first.set_input_files(str(inputs.broken))
    hands.field(tab, "prompt").fill("the blue night")
    page.wait_for_timeout(1500)  # for the upload
    hands.generate(tab)
    notice = page.get_by_test_id("toast-body").first
    expect(notice).to_contain_text("broken.mp4")
    assert str(inputs.broken.parent) not in notice.inner_text()


def test_a_missing_source_gets_one_sentence(page: Page) -> None:
    tab = hands.open_tab(page, "render")
    hands.field(tab, "prompt").fill("the red desert")
    hands.generate(tab)
    expect(page.get_by_test_id("toast-body").first).to_contain_text("video")


def test_nothing_is_remembered_in_the_browser_but_which_job(page: Page) -> None:
    assert page.evaluate("() => Object.keys(localStorage).filter(key => !key.startsWith('septet.job.'))") == []


def test_a_prompt_past_its_end_is_said_while_it_is_typed(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    count = tab.locator("[data-part=tokens]")
    hands.field(tab, "prompt").fill("a red ball")
    expect(count).to_be_hidden()
    hands.field(tab, "prompt").fill("ball " * 40 + "zeppelin")
    expect(count).to_contain_text("tokens. What is not read begins with")
    hands.field(tab, "prompt").fill("a red ball")
    expect(count).to_be_hidden()


def test_the_length_is_typed_in_seconds_and_said_in_frames(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.unfold(tab, words.SETTINGS)
    length = hands.field(tab, "num_frames")
    length.fill("3")
    hands.field(tab, "frame_rate").fill("8")
    expect(tab.get_by_text(words.LENGTH.format(seconds="3.12", frames=25, rate=8))).to_be_visible()
    expect(length).to_have_value("3")
