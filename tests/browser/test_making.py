"""Every mode, through the page: give, generate, watch, reload half-way, play, download."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pipelines import PIPELINES
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from studio import labels, tab_words, words
from tests.browser import hands
from tests.browser.conftest import FRAMES, PATIENCE, PHONE, RATE, SIZE, Inputs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them


@pytest.mark.parametrize("mode", PIPELINES)
def test_a_mode_makes_a_clip_that_survives_a_reload(page: Page, inputs: Inputs, mode: str, tmp_path: Path) -> None:
    tab = hands.open_tab(page, mode)
    hands.give_inputs(tab, mode, inputs)
    hands.hurry(tab, seed=11)
    hands.generate_new(tab, mode)
    panel = hands.result(page, mode)
    expect(panel.get_by_role("progressbar")).to_be_visible()
    expect(panel.locator("[data-live=stage]")).not_to_be_empty()
    page.reload()
    hands.open_tab(page, mode)
    video = hands.wait_for_clip(hands.result(page, mode))
    hands.assert_plays(video)
    expect(panel.locator("[data-seed]")).to_have_text("11")
    path = hands.download(panel, tmp_path)
    assert path.name.startswith(f"septet-{mode}")
    _check_file(path, mode)


def test_nothing_on_the_page_moves_endlessly_while_a_clip_is_made(page: Page) -> None:
    """Without a GPU the browser draws on the cores that the model needs: a sweep of light doubled the wait."""
    tab = hands.open_tab(page, "text-to-video")
    hands.field(tab, "prompt").fill(hands.NEEDS_PROMPT["text-to-video"])
    hands.generate_new(tab, "text-to-video")
    panel = hands.result(page, "text-to-video")
    expect(panel.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".s-dot.busy")).to_be_visible()
    endless = "document.getAnimations().filter(a => a.effect.getTiming().iterations === Infinity).length"
    assert page.evaluate(endless) == 0
    hands.wait_for_clip(panel)


def _check_file(path: Path, mode: str) -> None:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        frames = sum(1 for _ in file.decode(stream))
        if mode in hands.VIDEO_MODES:
            assert (stream.width, stream.height) == SIZE
            assert (frames, stream.average_rate) == (FRAMES, RATE)
    recipe = read_recipe(path)
    assert recipe is not None
    assert (recipe["mode"], recipe["request"]["seed"]) == (mode, 11)


def test_control_enter_generates_and_flags_show_as_chips(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.hurry(tab)
    hands.field(tab, "prompt").fill("the blue ball --seed 5 --ar 1:1")
    page.keyboard.press("Control+Enter")
    panel = hands.result(page, "text-to-video")
    expect(panel.locator(".s-flag").first).to_contain_text("--seed 5")
    expect(panel.locator(".s-said")).to_have_text("the blue ball")
    hands.wait_for_clip(panel)
    expect(panel.locator("[data-seed]")).to_have_text("5")


def test_variants_are_made_one_after_the_other_and_wait_side_by_side(page: Page, inputs: Inputs) -> None:
    tab = hands.open_tab(page, "image-to-video")
    hands.give_inputs(tab, "image-to-video", inputs)
    hands.hurry(tab, seed=40)
    tab.get_by_label("3", exact=True).check()
    hands.generate_new(tab, "image-to-video")
    panel = hands.result(page, "image-to-video")
    expect(panel.locator("[data-seed]")).to_have_text("40", timeout=PATIENCE)
    takes = panel.locator(".s-take")  # the newest first
    for place, seed in enumerate(("42", "41", "40")):
        expect(takes.nth(place).locator("img")).to_be_visible(timeout=PATIENCE)
        takes.nth(place).click()
        expect(panel.locator("[data-seed]")).to_have_text(seed)


def test_a_clip_can_be_had_as_a_gif(page: Page, tmp_path: Path) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.hurry(tab)
    hands.field(tab, "prompt").fill("the red star")
    hands.generate_new(tab, "text-to-video")
    panel = hands.result(page, "text-to-video")
    hands.wait_for_clip(panel)
    page.set_viewport_size(PHONE)
    panel.get_by_text(words.OTHER_FORMATS).click()
    for entry in panel.locator("a[data-made]").all():
        box = entry.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
    with page.expect_download(timeout=PATIENCE) as waiting:
        panel.get_by_role("link", name=words.FORMATS["gif"][0]).click()
    assert waiting.value.suggested_filename.endswith(".gif")
    waiting.value.save_as(tmp_path / "clip.gif")
    with Image.open(tmp_path / "clip.gif") as image:
        assert image.n_frames > 1


def test_any_video_can_be_finished_and_what_comes_out_is_as_asked(page: Page, inputs: Inputs, tmp_path: Path) -> None:
    tab = hands.open_tab(page, "finish")
    hands.give_file(tab, "finish", "video", inputs.video)
    hands.choose(tab, "finishing.loop", "boomerang")
    hands.choose(tab, "finishing.upscaler", "lanczos")
    hands.field(tab, "finishing.size").fill("320x240")
    tab.get_by_role("button", name=words.FINISH_LOOK).click()
    tab.get_by_label(labels.label("finishing.label")).check()
    tab.get_by_role("button", name=words.FINISH_TRY).click()
    tried = tab.locator("img").filter(visible=True)
    expect(tried).to_be_visible(timeout=PATIENCE)
    assert tried.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [320, 240]
    tab.get_by_role("button", name=words.FINISH_IT).click()
    panel = hands.result(page, "finish")
    hands.assert_plays(hands.wait_for_clip(panel))
    expect(panel.locator("[data-seed]")).to_have_count(0)
    path = hands.download(panel, tmp_path)
    info = probe_video(path)
    assert (info.width, info.height, info.frame_rate, info.num_frames) == (320, 240, RATE, 2 * FRAMES - 2)
    recipe = read_recipe(path)
    assert recipe is not None
    assert recipe["request"]["finishing"]["label"] is True


def test_a_board_of_panels_becomes_one_film(page: Page) -> None:
    tab = hands.open_tab(page, "storyboard")
    tab.get_by_label(tab_words.BOARD_WAYS["panels"]).check()
    for number, said in ((1, "the red ball"), (2, "the blue cube")):
        name = tab_words.BOARD_PANEL.format(number=number)
        tab.get_by_label(f"{name}: what happens").fill(said)
        tab.get_by_label(f"{name}: seconds").fill("1")
    tab.get_by_role("button", name=tab_words.BOARD_EARLIER).filter(visible=True).click()
    expect(tab.get_by_label("Panel 1: what happens")).to_have_value("the blue cube")
    expect(tab.get_by_label("Panel 2: what happens")).to_have_value("the red ball")
    hands.hurry(tab)
    hands.generate_new(tab, "storyboard")
    hands.assert_plays(hands.wait_for_clip(hands.result(page, "storyboard")))


def test_a_running_job_is_cancelled_and_can_be_tried_again(page: Page) -> None:
    tab = hands.open_tab(page, "text-to-video")
    hands.hurry(tab, steps=150, seed=3)
    hands.field(tab, "prompt").fill("the star over the desert")
    hands.generate_new(tab, "text-to-video")
    panel = hands.result(page, "text-to-video")
    panel.get_by_role("button", name=words.CANCEL).click()
    expect(panel).to_contain_text(words.CANCELLED_TITLE, timeout=60_000)
    panel.get_by_role("button", name=words.TRY_AGAIN).click()
    expect(panel.get_by_role("progressbar")).to_be_visible()
    panel.get_by_role("button", name=words.CANCEL).click()
    expect(panel).to_contain_text(words.CANCELLED_TITLE, timeout=60_000)


def test_a_painted_mask_is_shown_and_used(page: Page, inputs: Inputs) -> None:
    tab = hands.open_tab(page, "mask")
    hands.give_file(tab, "mask", "video", inputs.video)
    tab.get_by_label(tab_words.MASK_WAYS["brush"], exact=True).check()
    hands.paint(tab.locator("canvas").first, (0.4, 0.5), (0.6, 0.55))
    tab.get_by_role("button", name=tab_words.MASK_SHOW).click()
    expect(tab.locator("#mask-preview img")).to_be_visible()
    hands.field(tab, "prompt").fill("the blue cube")
    hands.hurry(tab)
    hands.generate_new(tab, "mask")
    hands.wait_for_clip(hands.result(page, "mask"))


def test_a_subject_is_clicked_on_corrected_followed_and_used(page: Page, inputs: Inputs, tmp_path: Path) -> None:
    tab = hands.open_tab(page, "mask")
    hands.give_file(tab, "mask", "video", inputs.video)
    tab.get_by_label(tab_words.MASK_WAYS["click"], exact=True).check()
    tab.get_by_role("button", name=tab_words.MASK_CLICK).click()
    picture = tab.locator("#mask-preview img")
    expect(picture).to_be_visible()
    _click_on(page, 60, 100)
    tab.get_by_role("button", name=tab_words.MASK_CORRECT).click()
    tab.get_by_label(tab_words.MASK_TOOLS["exclude"], exact=True).check()
    expect(tab.get_by_role("slider").first).to_be_visible()
    _click_on(page, 290, 160)
    tab.get_by_role("button", name=tab_words.MASK_FOLLOW).click()
    followed = tab.locator("#mask-followed video")
    expect(followed).to_be_visible(timeout=PATIENCE)
    hands.assert_plays(followed)
    hands.field(tab, "prompt").fill("the blue cube")
    hands.hurry(tab)
    hands.generate_new(tab, "mask")
    panel = hands.result(page, "mask")
    hands.wait_for_clip(panel)
    recipe = read_recipe(hands.download(panel, tmp_path))
    assert recipe is not None
    first, second = recipe["request"]["points"]
    assert (first["include"], second["include"], recipe["request"]["find"]) == (True, False, False)
    assert abs(first["x"] - 60 / SIZE[0]) < 0.02 and abs(first["y"] - 100 / SIZE[1]) < 0.02
    panel.get_by_role("button", name=words.USE_AGAIN).click()
    expect(tab.get_by_label(tab_words.MASK_WAYS["click"], exact=True)).to_be_checked()


def _click_on(page: Page, across: int, down: int) -> None:
    """Click on a pixel of the source in the picture of its mask, and wait until the picture is another."""
    picture = page.locator("#mask-preview img")
    before = picture.get_attribute("src")
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": across / SIZE[0] * box["width"], "y": down / SIZE[1] * box["height"]})
    expect(picture).not_to_have_attribute("src", before or "")
