"""Fetching a model beside the page: what goes wrong is kept to be shown, and never stops the studio."""

from __future__ import annotations

import time
from pathlib import Path

from studio.fetches import Fetches


def test_a_fetch_that_fails_says_why_and_can_be_begun_again(tmp_path: Path) -> None:
    fetches = Fetches(tmp_path)
    for _ in range(2):
        fetches.start("no-such-model")
        deadline = time.monotonic() + 20
        while fetches.known["no-such-model"].running:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "no-such-model" in fetches.known["no-such-model"].error


def test_nothing_is_fetched_until_somebody_asks(tmp_path: Path) -> None:
    assert Fetches(tmp_path).known == {}
    assert list(tmp_path.iterdir()) == []
