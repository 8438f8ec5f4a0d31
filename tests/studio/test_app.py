"""Starting the studio: one clear sentence for whatever stands in the way."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import app
from studio import words
from tests.studio.rooms import paper_model

ROOT = Path(app.__file__).parent


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.20", "::", "studio.example"])
def test_other_machines_are_refused_while_there_are_no_accounts(
    host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["--host", host, "--data", str(tmp_path / "data"), "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert host in said
    assert "--host 127.0.0.1" in said
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port), "--data", str(tmp_path / "data"), "--no-browser"]) == 1
    said = capsys.readouterr().err.strip()
    assert f"Port {port}" in said
    assert "--port" in said
    assert "\n" not in said


def test_a_port_that_cannot_be_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--port", "70000", "--data", str(tmp_path / "data"), "--no-browser"]) == 1
    assert "65535" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert app.main(["--port", "0", "--data", str(tmp_path / "file" / "data"), "--no-browser"]) == 1
    assert "--data" in capsys.readouterr().err


@pytest.mark.slow
def test_stopped_under_an_open_page_it_says_so_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "app.py", "--data", str(tmp_path / "data"), "--port", "0", "--no-browser"]
    with subprocess.Popen(
        [*command, "--model", str(paper_model(tmp_path / "paper"))],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as studio:
        assert studio.stdout is not None
        address = studio.stdout.readline().split()[4]
        try:
            with httpx.stream("GET", f"{address}/gradio_api/heartbeat/abcdefghijk", timeout=60) as page:
                assert page.status_code == 200
                studio.send_signal(signal.SIGINT)
                said, complained = studio.communicate(timeout=60)
        finally:
            studio.kill()
    assert (studio.returncode, said.strip(), complained) == (0, words.STOPPED, "")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_small_answers_are_not_held_back(host: str) -> None:
    """What the kernel holds back of an answer waits some 40 ms; the page asks for ninety files."""

    async def answers_wait() -> bool:
        delays: list[bool] = []

        class Served(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                connection = transport.get_extra_info("socket")
                delays.append(not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.close()

        with app._listen(host, 0) as listener:
            port = listener.getsockname()[1]
            server = await asyncio.get_running_loop().create_server(Served, sock=listener)
            reader, writer = await asyncio.open_connection(host, port)
            await reader.read()
            writer.close()
            server.close()
        return delays.pop()

    # a thread of its own: where a browser test ran before, this one has an event loop already
    with ThreadPoolExecutor(1) as threads:
        assert not threads.submit(asyncio.run, answers_wait()).result()
