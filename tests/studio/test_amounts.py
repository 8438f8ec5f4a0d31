"""Amounts are said as people say them."""

from __future__ import annotations

import pytest

from studio import amounts, words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.4, words.ETA_SOON), (12.3, "about 12 s left"), (200, "about 3 min left")],
)
def test_eta_is_said_as_a_person_would(seconds: float | None, said: str) -> None:
    assert amounts.eta(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(4.21, "4.2 s"), (185, "3 min 5 s"), (7260, "2 h 1 min")])
def test_durations_are_said_as_a_person_would(seconds: float, said: str) -> None:
    assert amounts.duration(seconds) == said


@pytest.mark.parametrize(("count", "said"), [(640e6, "640 MB"), (19e9, "19 GB"), (1.5e9, "1.5 GB"), (0, "0 B")])
def test_sizes_are_said_as_a_person_would(count: float, said: str) -> None:
    assert amounts.size(count) == said
