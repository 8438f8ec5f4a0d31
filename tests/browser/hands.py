"""What a person does on the page, in their words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from studio import labels, words
from tests.browser.conftest import PATIENCE, Inputs

VIDEO_MODES = ("stylization", "storyboard", "mask", "render")
NEEDS_PROMPT = {
    "text-to-video": "the red ball moving left over the sea",
    "text-image-to-video": "the ball moving right",
    "stylization": "the blue night",
    "storyboard": "the red city night",
    "mask": "the blue cube",
    "render": "the red desert",
}


def open_tab(page: Page, mode: str) -> Locator:
    """Choose a tab; its panel of inputs and result."""
    page.locator(f"[role=tab][data-tab-id={mode}]").click()
    tab = page.get_by_role("tabpanel").filter(visible=True)
    expect(tab).to_be_visible()
    return tab


def field(tab: Locator, name: str) -> Locator:
    """The text field of a request's field: its accessible name begins with its label and goes on with its help."""
    return tab.get_by_role("textbox", name=re.compile("^" + re.escape(labels.label(name)))).first


def give_file(tab: Locator, mode: str, field: str, path: Path) -> None:
    """Give a media input a file, and wait until it is there."""
    box = tab.locator(f"#{mode}-{field}")
    box.locator("input[type=file]").first.set_input_files(str(path))
    expect(box.locator("video, img").first).to_be_visible()


def give_inputs(tab: Locator, mode: str, inputs: Inputs) -> None:
    """The least a mode needs."""
    if mode in VIDEO_MODES:
        give_file(tab, mode, "video", inputs.video)
    if mode in ("text-image-to-video", "image-to-video"):
        give_file(tab, mode, "image", inputs.image)
    if mode in NEEDS_PROMPT:
        field(tab, "prompt").fill(NEEDS_PROMPT[mode])


def unfold(tab: Locator, name: str) -> None:
    """Open a fold. Gradio makes its inside only then, and on a busy machine was once seen not to: then again, as a
    person would."""
    button = tab.get_by_role("button", name=name)
    inside = button.locator("xpath=following-sibling::*").locator("textarea, input").first
    button.click()
    try:
        expect(inside).to_be_visible(timeout=10_000)
    except AssertionError:
        button.click()
        button.click()
        expect(inside).to_be_visible()


def hurry(tab: Locator, steps: int = 2, seed: int | None = None) -> None:
    """Few steps, so that a test is quick."""
    unfold(tab, words.SETTINGS)
    field(tab, "num_inference_steps").fill(str(steps))
    if seed is not None:
        field(tab, "seed").fill(str(seed))


def choose(tab: Locator, name: str, value: str) -> None:
    """One of a field's few choices."""
    group = tab.get_by_role("group").filter(has_text=labels.label(name)).first
    group.get_by_label(labels.CHOICES[name][value], exact=True).check()


def generate(tab: Locator) -> None:
    """Press the one primary button."""
    tab.get_by_role("button", name=words.GENERATE, exact=True).click()


def generate_new(tab: Locator, mode: str, press: Callable[[Locator], None] = generate) -> None:
    """Press it, or another button that makes clips, and wait until the page knows of the new job."""
    key = f"septet.job.{mode}"
    before = tab.page.evaluate("key => localStorage.getItem(key)", key)
    press(tab)
    tab.page.wait_for_function(
        "([key, before]) => localStorage.getItem(key) !== before", arg=[key, before], timeout=45_000
    )


def paint(canvas: Locator, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """One stroke of the brush, from place to place: shares of the canvas's width and height."""
    expect(canvas).to_be_visible(timeout=60_000)
    canvas.scroll_into_view_if_needed()
    canvas.page.wait_for_timeout(1500)  # the editor draws its picture after it says that it is there
    box = canvas.bounding_box()
    assert box is not None
    mouse = canvas.page.mouse
    mouse.move(box["x"] + box["width"] * begin[0], box["y"] + box["height"] * begin[1])
    mouse.down()
    mouse.move(box["x"] + box["width"] * end[0], box["y"] + box["height"] * end[1], steps=8)
    mouse.up()
    canvas.page.wait_for_timeout(800)


def result(page: Page, mode: str) -> Locator:
    """The result panel of a mode."""
    return page.locator(f"#result-{mode}")


def wait_for_clip(panel: Locator) -> Locator:
    """Wait until the clip is there; the player."""
    expect(panel.get_by_role("link", name=words.DOWNLOAD)).to_be_visible(timeout=PATIENCE)
    return panel.locator("video").first


def assert_plays(video: Locator) -> None:
    """The browser decodes the clip, and its time goes on."""
    video.evaluate("video => { video.muted = true; return video.play(); }")
    video.page.wait_for_function("video => video.readyState >= 2", arg=video.element_handle(), timeout=60_000)
    before = video.evaluate("video => video.currentTime")
    video.page.wait_for_function(
        "([video, before]) => video.currentTime !== before && video.currentTime > 0",
        arg=[video.element_handle(), before],
        timeout=60_000,
    )
    assert video.evaluate("video => video.videoWidth") > 0


def download(panel: Locator, folder: Path) -> Path:
    """Download the clip under the name the studio gives it."""
    with panel.page.expect_download() as waiting:
        panel.get_by_role("link", name=words.DOWNLOAD).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path
