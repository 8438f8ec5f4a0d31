"""A real studio and a real browser: one server per session, one fresh browser profile per test."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from pipelines.checkpoints import ASSETS
from pipelines.media.write import write_video
from pipelines.types import FrameStream

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FRAMES, RATE, SIZE = 12, 12, (320, 176)  # of the source video
PATIENCE = 120_000  # milliseconds a clip may take on a busy machine

expect.set_options(timeout=45_000)


@dataclass(frozen=True)
class Studio:
    """A running `python app.py`."""

    url: str
    data: Path
    process: subprocess.Popen[str]


@dataclass(frozen=True)
class Inputs:
    """Files a person might bring."""

    video: Path
    image: Path
    style: Path
    mask: Path
    broken: Path


def start_studio(data: Path, model: str, *flags: str) -> Studio:
    """Start app.py on a free port and wait until it says where it is."""
    command = [sys.executable, "app.py", "--data", str(data), "--port", "0", "--model", model, "--no-browser", *flags]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+:\d+", line)
    assert found, f"app.py did not start: {line!r}, exit status {process.poll()}"
    return Studio(found.group(), data, process)


def stop_studio(studio: Studio) -> None:
    """Ctrl-C, and no mercy for one that does not listen."""
    studio.process.send_signal(signal.SIGINT)
    try:
        studio.process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(studio.process.pid, signal.SIGKILL)
        raise


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The embedded model; where a checkout has none yet, a tiny real one."""
    if (ASSETS / "starter" / "model_index.json").is_file():
        return "starter"
    from tests.tiny import tiny_model_folder

    folder = tmp_path_factory.mktemp("model") / "tiny"
    shutil.copytree(tiny_model_folder(), folder)
    facts = {"title": "Tiny", "native_size": [96, 64], "num_frames": 9, "frame_rate": 8, "num_inference_steps": 4}
    (folder / "septet.json").write_text(json.dumps({**facts, "guidance_scale": 2.0, "max_prompt_tokens": 16}))
    return str(folder)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, model: str) -> Iterator[Studio]:
    studio = start_studio(tmp_path_factory.mktemp("studio") / "data", model)
    yield studio
    stop_studio(studio)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    own = playwright.chromium.executable_path
    if not installed and not Path(own).exists():
        pytest.fail("No Chromium: install the chromium package, or run `python -m playwright install chromium`.")
    browser = playwright.chromium.launch(executable_path=installed or own, args=ARGUMENTS)
    yield browser
    browser.close()


@contextmanager
def opened_page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """The studio's page, wide. No test may see a request to another host, or an error in a script."""
    context = browser.new_context(viewport=WIDE, accept_downloads=True)  # type: ignore[arg-type]
    page = context.new_page()
    strangers: list[str] = []
    faults: list[str] = []
    page.on("request", lambda each: None if _ours(each.url, studio.url) else strangers.append(each.url))
    # what the page's policy stopped was never sent
    page.on("requestfailed", lambda each: strangers.remove(each.url) if each.failure == "csp" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(studio.url)
    expect(page.get_by_role("tab").first).to_be_visible(timeout=60_000)
    yield page
    context.close()
    assert not strangers, f"asked of other hosts: {strangers}"
    assert not faults, faults


@pytest.fixture
def page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A page of a browser that was never here."""
    with opened_page(browser, studio) as page:
        yield page


def _ours(address: str, own: str) -> bool:
    return address.startswith((own, "data:", "blob:"))


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A ball crossing a field, a picture of it, a mask of it, a style, and a file that is no video."""
    folder = tmp_path_factory.mktemp("inputs")
    frames = np.stack([_ball(index) for index in range(FRAMES)])
    found = Inputs(*(folder / name for name in ("ball.mp4", "ball.png", "style.png", "mask.png", "broken.mp4")))
    write_video(FrameStream(iter([frames]), *SIZE, Fraction(RATE), FRAMES), found.video)
    Image.fromarray(frames[0]).save(found.image)
    Image.fromarray(np.roll(frames[0], 1, 2)).save(found.style)
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.circle(mask, (60, 100), 40, 255, -1)
    Image.fromarray(mask).save(found.mask)
    found.broken.write_bytes(b"this is no video at all" * 50)
    return found


def _ball(index: int) -> np.ndarray:
    frame = np.full((SIZE[1], SIZE[0], 3), (40, 60, 90), np.uint8)
    frame[110:] = (60, 110, 60)
    cv2.circle(frame, (60 + 14 * index, 100), 34, (220, 70, 50), -1)
    return frame


def wait_for(what: str, condition: object, seconds: float = 20.0) -> None:
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def unused_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
