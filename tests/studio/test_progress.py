"""Progress in words and bars."""

import pytest

from studio.progress import Line, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (8.4, "8 s"), (89, "89 s"), (120, "2 min"), (3599, "1 h 00 min"), (3900, "1 h 05 min")],
)
def test_durations_as_a_person_says_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_away_from_a_terminal_each_stage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Line() as line:
        line.show("queued", 0.0, place=3)
        for step in range(50):
            line.show("denoise", step / 50, eta_seconds=100 - step)
        line.show("decode", 0.99)
    said = capsys.readouterr().err.splitlines()
    assert [words.split("  ")[0] for words in said] == ["queued, 3 in line", "denoise", "decode"]
    assert "2 min left" in said[1]
