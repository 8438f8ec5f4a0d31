"""Progress in words and bars."""

import pytest

from studio.progress import Line


def test_away_from_a_terminal_each_stage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Line() as line:
        line.show("queued", 0.0, place=3)
        for step in range(50):
            line.show("denoise", step / 50, eta_seconds=100 - step)
        line.show("decode", 0.99)
    said = capsys.readouterr().err.splitlines()
    assert [words.split("  ")[0] for words in said] == ["queued, 3 in line", "denoise", "decode"]
    assert "2 min left" in said[1]
