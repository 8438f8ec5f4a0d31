"""A studio with accounts, in a browser: the way in, the way out, a link for somebody who has none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from studio import words
from tests.browser import hands
from tests.browser.conftest import PHONE, ROOT, WIDE, Studio, start_studio, stop_studio

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PASSWORD = "a password of ten or more"


@pytest.fixture(scope="module")
def shared_studio(tmp_path_factory: pytest.TempPathFactory, model: str) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("shared")
    users = str(folder / "users.json")
    add = [sys.executable, "-m", "studio", "users", "add", "ann", "--auth", users]
    subprocess.run(add, input=PASSWORD, text=True, check=True, cwd=ROOT, env=dict(os.environ))
    studio = start_studio(folder / "data", model, "--auth", users)
    yield studio
    stop_studio(studio)


def enter(page: Page, password: str) -> None:
    page.get_by_label(words.SIGN_IN_NAME).fill("Ann")
    page.get_by_label(words.SIGN_IN_PASSWORD).fill(password)
    page.get_by_role("button", name=words.SIGN_IN).click()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_way_in_and_out(browser: Browser, shared_studio: Studio, size: dict[str, int]) -> None:
    page = browser.new_context(viewport=size).new_page()  # type: ignore[arg-type]
    page.goto(shared_studio.url)
    expect(page).to_have_url(f"{shared_studio.url}/sign-in")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    enter(page, "a wrong password")
    expect(page.get_by_role("alert")).to_have_text(words.SIGN_IN_WRONG)
    expect(page.get_by_label(words.SIGN_IN_NAME)).to_have_value("Ann")
    enter(page, PASSWORD)
    expect(page.get_by_role("tab").first).to_be_visible(timeout=60_000)
    leave = page.get_by_role("button", name=words.SIGN_OUT)
    expect(leave).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    leave.click()
    expect(page.get_by_role("button", name=words.SIGN_IN)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name=words.SIGN_IN)).to_be_visible()
    page.context.close()


def test_a_link_shows_the_clip_to_somebody_without_an_account(browser: Browser, shared_studio: Studio) -> None:
    page = browser.new_context(viewport=WIDE).new_page()  # type: ignore[arg-type]
    page.goto(shared_studio.url)
    enter(page, PASSWORD)
    tab = hands.open_tab(page, "text-to-video")
    hands.hurry(tab)
    hands.field(tab, "prompt").fill("the red ball over the sea")
    hands.generate(tab)
    hands.wait_for_clip(hands.result(page, "text-to-video"))
    library = hands.open_tab(page, "library")
    library.get_by_role("button", name=words.DETAILS).first.click()
    page.get_by_role("button", name=words.SHARE, exact=True).click()
    link = page.get_by_label(words.SHARE_LINK, exact=True)
    expect(link).to_be_visible()
    address = link.input_value()
    stranger = browser.new_context().new_page()
    stranger.goto(address)
    hands.assert_plays(stranger.locator("video"))
    expect(stranger.get_by_role("link", name=words.DOWNLOAD)).to_be_visible()
    assert "red ball" not in stranger.content()
    page.get_by_role("button", name=words.SHARE_STOP).click()
    expect(page.get_by_role("button", name=words.SHARE, exact=True)).to_be_visible()
    stranger.goto(address)
    expect(stranger.get_by_role("heading", name=words.NOT_SHARED)).to_be_visible()
    stranger.context.close()
    page.context.close()
