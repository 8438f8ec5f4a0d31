"""Twelve kinds of bad input through the page: each gets its sentence, and then the page works as before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from studio import tab_words
from tests.browser import hands
from tests.browser.conftest import Inputs, Studio, opened_page
from tests.corpus.cases import CASES, place_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them

SHOWN = ("I02", "I33")  # what a browser shows all the same: half a picture, a drawing
NEVER = re.compile(r"Traceback|Error:|/tmp/|uploads")


@pytest.fixture(scope="module")
def page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """One page for all of them: what the one before brought is taken away first."""
    with opened_page(browser, studio) as page:
        yield page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """The first variant of a class of the corpus."""
    with ExitStack() as stack:

        def make(id: str) -> Any:
            place, _ = stack.enter_context(place_in(tmp_path_factory.mktemp(id)))
            case = next(case for case in CASES if case.id == id)
            return case.make(place)[0] if case.into in ("image", "video", "mask") else case.make()[0]

        yield make


def _bring(tab: Locator, mode: str, field: str, path: Path) -> None:
    """Give a file and wait until the studio has it, whether the page can show it or not."""
    box = tab.locator(f"#{mode}-{field}")
    taken_away = box.get_by_label(re.compile("^(Clear|Remove)"))
    if taken_away.count():
        taken_away.first.click()
    with tab.page.expect_response(re.compile("/gradio_api/upload")) as answer:
        box.locator("input[type=file]").first.set_input_files(str(path))
    assert answer.value.ok
    tab.page.wait_for_timeout(300)  # until the page has heard of it


def _hurry(tab: Locator) -> None:
    """Few steps and frames, also where the settings are open already."""
    if hands.field(tab, "num_inference_steps").is_visible():
        hands.field(tab, "num_inference_steps").fill("2")
    else:
        hands.hurry(tab)
    hands.field(tab, "num_frames").fill("5")


def _refused(page: Page, says: str) -> None:
    """The notice says that and nothing of the inside; it is closed again."""
    notice = page.get_by_test_id("toast-body").filter(has_text=re.compile(says)).first
    expect(notice).to_be_visible()
    assert not NEVER.search(notice.inner_text())
    for close in page.get_by_test_id("toast-close").all():
        with suppress(PlaywrightError):  # it went by itself meanwhile
            close.click(timeout=3000)
    expect(page.get_by_test_id("toast-body")).to_have_count(0)


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("I01", r"nothing\.png is not a picture"),
        ("I02", r"half\.jpg is damaged"),
        ("I07", r"claim\.png has more than 64 million pixels"),
        ("I47", r"heic\.heic is damaged"),
        ("I33", r"a\.svg is not a picture"),
    ],
)
def test_a_picture_that_is_none_gets_its_sentence(page: Page, made: Callable[[str], Any], id: str, says: str) -> None:
    tab = hands.open_tab(page, "image-to-video")
    _bring(tab, "image-to-video", "image", made(id))
    if id not in SHOWN:
        expect(tab.locator("#image-to-video-image .s-unshown")).to_have_text(re.compile(says))
    hands.generate(tab)
    _refused(page, says)


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("V02", r"cut\.mp4 is damaged"),
        ("V06", r"song\.mp4 holds only sound"),
        ("V40", r"host\.mp4 is not a video"),
    ],
)
def test_a_video_that_is_none_gets_its_sentence(page: Page, made: Callable[[str], Any], id: str, says: str) -> None:
    tab = hands.open_tab(page, "stylization")
    hands.field(tab, "prompt").fill("the blue night")
    _bring(tab, "stylization", "video", made(id))
    expect(tab.locator("#stylization-video .s-unshown")).to_have_text(re.compile(says))
    hands.generate(tab)
    _refused(page, says)


def test_a_mask_that_marks_nothing_gets_its_sentence(page: Page, made: Callable[[str], Any]) -> None:
    video, mask = made("M03")
    tab = hands.open_tab(page, "mask")
    hands.field(tab, "prompt").fill("the blue cube")
    hands.give_file(tab, "mask", "video", video)
    tab.get_by_label(tab_words.MASK_WAYS["file"], exact=True).check()
    box = tab.locator("#mask-mask")
    box.locator("input[type=file]").first.set_input_files(str(mask))
    page.wait_for_timeout(1500)  # until the studio has it
    hands.generate(tab)
    _refused(page, "marks nothing to change")


def test_words_and_numbers_that_cannot_be_get_their_sentence(page: Page, made: Callable[[str], Any]) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.field(tab, "prompt").fill(made("P03"))
    hands.generate(tab)
    _refused(page, "prompt.*4000 characters")
    hands.field(tab, "prompt").fill("a red ball")
    _hurry(tab)
    hands.field(tab, "guidance_scale").fill("NaN")
    hands.generate(tab)
    _refused(page, "not a number")
    hands.field(tab, "guidance_scale").fill("")


def test_markup_in_a_prompt_is_words_in_the_panel_and_in_the_library(page: Page, made: Callable[[str], Any]) -> None:
    prompt = made("P08")
    tab = hands.open_tab(page, "text-to-video")
    hands.field(tab, "prompt").fill(prompt)
    _hurry(tab)
    hands.generate_new(tab, "text-to-video")
    panel = hands.result(page, "text-to-video")
    hands.wait_for_clip(panel)
    expect(panel.locator(".s-said")).to_have_text(prompt)
    library = hands.open_tab(page, "library")
    expect(library.get_by_role("article", name=prompt).first).to_be_visible()
    assert page.locator("img[onerror], img[src='x']").count() == 0


@pytest.mark.parametrize("name", ["a'b\"c;$(touch x).png", "写真🎬.png", "photo\u202egnp.exe.png"])
def test_a_good_picture_of_any_name_becomes_a_clip(page: Page, inputs: Inputs, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(inputs.image.read_bytes())
    tab = hands.open_tab(page, "image-to-video")
    _bring(tab, "image-to-video", "image", path)
    _hurry(tab)
    hands.generate_new(tab, "image-to-video")
    hands.assert_plays(hands.wait_for_clip(hands.result(page, "image-to-video")))
