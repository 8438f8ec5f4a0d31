"""A person's own footage on the page: a file the browser cannot play is shown all the same, and compared if it can."""

from __future__ import annotations

from pathlib import Path

import av
import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from studio import words
from tests.browser import hands
from tests.browser.conftest import PATIENCE, Inputs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them


def test_a_video_the_browser_cannot_play_is_shown_used_and_not_compared(
    page: Page, inputs: Inputs, tmp_path: Path
) -> None:
    tab = hands.open_tab(page, "stylization")
    box = tab.locator("#stylization-video")
    box.locator("input[type=file]").first.set_input_files(str(_as_prores(inputs.video, tmp_path / "shot.mov")))
    expect(box.get_by_text(words.UNPLAYED)).to_be_visible()
    picture = (
        "url => new Promise(done => { const it = new Image(); it.onload = () => done(it.naturalWidth); it.src = url; })"
    )
    assert page.evaluate(picture, box.locator("video").get_attribute("poster")) == 320
    expect(page.get_by_test_id("toast-body")).to_have_count(0)
    hands.field(tab, "prompt").fill("the blue night")
    hands.hurry(tab)
    hands.generate_new(tab, "stylization")
    panel = hands.result(page, "stylization")
    hands.assert_plays(hands.wait_for_clip(panel))
    panel.get_by_role("button", name=words.COMPARE).click()
    expect(panel.get_by_text(words.COMPARE_UNPLAYED)).to_be_visible()


def test_a_picture_of_an_iphone_is_shown_and_makes_way_for_one_that_cannot_be_read_and_the_other_way_round(
    page: Page, inputs: Inputs, tmp_path: Path
) -> None:
    photograph, broken = tmp_path / "IMG_0412.heic", tmp_path / "IMG_0413.heic"
    pillow_heif.from_pillow(Image.open(inputs.image)).save(photograph)
    broken.write_bytes(photograph.read_bytes()[:600])
    tab = hands.open_tab(page, "image-to-video")
    box = tab.locator("#image-to-video-image")
    for path in (photograph, broken, photograph):
        box.locator("input[type=file]").first.set_input_files(str(path))
        picture, sentence = box.locator("img"), box.get_by_text("IMG_0413.heic is damaged")
        expect(sentence).to_have_count(int(path == broken))
        expect(picture).to_be_visible(visible=path != broken)
        expect(picture).to_have_js_property("naturalWidth", 0 if path == broken else 320)
        box.get_by_label("Remove").or_(box.get_by_label("Clear")).first.click()
    expect(page.get_by_test_id("toast-body")).to_have_count(0)


def test_the_source_is_compared_from_where_the_clip_begins(page: Page, inputs: Inputs) -> None:
    tab = hands.open_tab(page, "stylization")
    hands.give_inputs(tab, "stylization", inputs)
    hands.hurry(tab)
    hands.unfold(tab, words.STRUCTURE)
    hands.field(tab, "start").fill("0.5")
    hands.generate_new(tab, "stylization")
    panel = hands.result(page, "stylization")
    hands.wait_for_clip(panel)
    panel.get_by_role("button", name=words.COMPARE).click()
    ahead = """() => {
      const [after, before] = ["after", "before"].map((name) => document.querySelector(`.s-compare video.${name}`));
      return after.currentTime > 0.1 && Math.abs(before.currentTime - after.currentTime - 0.5) < 0.2;
    }"""
    page.wait_for_function(ahead, timeout=PATIENCE)
    expect(panel.get_by_text(words.COMPARE_UNPLAYED)).to_be_hidden()


def test_videos_of_a_long_sitting_load_no_program_each(page: Page, inputs: Inputs) -> None:
    tab = hands.open_tab(page, "stylization")
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    for _ in range(2):
        hands.give_file(tab, "stylization", "video", inputs.video)
        page.wait_for_timeout(1000)
        tab.locator("#stylization-video").get_by_label("Clear").click()
    assert any("file=" in url for url in asked)
    assert not any("ffmpeg" in url for url in asked)
    assert not page.workers


def _as_prores(source: Path, target: Path) -> Path:
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        video = given.streams.video[0]
        stream = made.add_stream("prores_ks", rate=video.average_rate)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv422p10le"
        for index, frame in enumerate(given.decode(video)):
            picture = frame.reformat(format="yuv422p10le")
            picture.time_base, picture.pts = 1 / video.average_rate, index
            made.mux(stream.encode(picture))
        made.mux(stream.encode(None))
    return target
