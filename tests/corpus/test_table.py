"""The table holds every class there is, once, and each says what it is."""

from __future__ import annotations

from collections import Counter

from tests.corpus.cases import CASES

GROUPS = {"I": 47, "M": 12, "V": 56, "A": 6, "F": 13, "P": 17, "X": 24}


def test_every_class_is_there_once() -> None:
    ids = [case.id for case in CASES]
    assert sorted(ids) == sorted(
        f"{letter}{number:02}" for letter, count in GROUPS.items() for number in range(1, count + 1)
    )
    assert len(ids) == 175


def test_a_class_that_cannot_be_made_says_why() -> None:
    assert [case.id for case in CASES if case.missing] == []
    assert all(case.what and not case.what.endswith(".") for case in CASES)
    assert max(Counter(case.what for case in CASES).values()) == 1
