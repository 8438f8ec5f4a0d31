"""Starting and stopping: the first page, timed beside an empty one, and nothing left behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from studio import words
from tests.browser.conftest import start_studio, stop_studio, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them

EMPTY = """
import gradio as gr
with gr.Blocks() as page:
    gr.Button("ready")
page.launch(server_port={port}, quiet=True, prevent_thread_lock=False)
"""


def test_the_first_page_shows_and_how_much_later_than_an_empty_one_is_printed(
    browser: Browser, tmp_path: Path, model: str, unused_port: int
) -> None:
    started = time.monotonic()
    empty = subprocess.Popen([sys.executable, "-c", EMPTY.format(port=unused_port)], stdout=subprocess.DEVNULL)
    try:
        empty_seconds = _seconds_until(browser, f"http://127.0.0.1:{unused_port}", "ready", started)
    finally:
        empty.kill()
        empty.wait()
    started = time.monotonic()
    studio = start_studio(tmp_path / "data", model)
    try:
        own_seconds = _seconds_until(browser, studio.url, words.GENERATE, started)
    finally:
        stop_studio(studio)
    print(f"\nfirst page: empty gradio {empty_seconds:.2f} s, Septet {own_seconds:.2f} s")


def _seconds_until(browser: Browser, url: str, button: str, started: float) -> float:
    page = browser.new_page()
    wait_for(url, lambda: _answers(url), 60)
    page.goto(url)
    expect(page.get_by_role("button", name=button, exact=True)).to_be_visible(timeout=60_000)
    seconds = time.monotonic() - started
    page.close()
    return seconds


def _answers(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def test_control_c_leaves_no_process_behind(tmp_path: Path, model: str) -> None:
    studio = start_studio(tmp_path / "data", model)
    parent = psutil.Process(studio.process.pid)
    wait_for("a worker", lambda: parent.children(recursive=True))
    family = [parent, *parent.children(recursive=True)]
    stop_studio(studio)
    assert studio.process.stdout is not None
    assert words.STOPPED in studio.process.stdout.read()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert studio.process.returncode == 0
