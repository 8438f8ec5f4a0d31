"""Starting the studio: one clear sentence for whatever stands in the way."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

import app


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
