"""Every file of the corpus through the checks that each way in shares: refused in one sentence, or read to its end."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.checkpoints import ModelInfo
from pipelines.errors import SeptetError
from tests.corpus.cases import CASES, SONG, place_in
from tests.corpus.doors import DOORS, named, read_whole
from tests.corpus.kinds import Case

FILES = [case for case in CASES if case.into in DOORS and not case.missing]
PATIENCE = 2.0  # seconds of computing until a refusal
SECRET = "a-private-folder"
TO_DO = re.compile(
    r"\b(use|choose|upload|export|convert|save|make|crop|give|get|copy|paint|remove|unpack|draw)\b", re.IGNORECASE
)


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.id)
def test_a_file_becomes_of_what_the_table_says(case: Case, info: ModelInfo, tmp_path: Path) -> None:
    with place_in(tmp_path / SECRET) as (place, callers):
        files = case.make(place)
        assert files
        for file in files:
            _try(case, file, info)
        assert not callers
    assert place.canary.read_text("utf-8") == SONG
    assert not case.confined or sorted(tmp_path.iterdir()) == [tmp_path / SECRET]


def _try(case: Case, file: Any, info: ModelInfo) -> None:
    request: Any = None
    said = ""
    begin = time.process_time()
    try:
        request = DOORS[case.into](file, info)
    except SeptetError as error:
        said = str(error)
        assert time.process_time() - begin < PATIENCE
    if request is not None:
        try:
            frames = read_whole(request)
            assert frames.size
        except SeptetError as error:
            said = str(error)
    outcome = "refused" if said else "taken"
    assert case.outcome in (outcome, "survived"), f"{named(file)}: {said or 'taken'}"
    if said:
        assert_is_a_sentence(said, file, case.says)
        assert request is None or case.late or case.outcome == "survived", (
            f"{named(file)} was refused only while it was read"
        )


def assert_is_a_sentence(said: str, file: Any, says: str = "") -> None:
    """It names the file, the rule and what to do, and nothing a person has no use for."""
    assert named(file) in said
    assert re.search(says, said), said
    assert TO_DO.search(said), said
    assert 1 <= said.count(". ") + said.endswith(".") <= 3, said
    for never in (SECRET, SONG, "Traceback", "Error", "\n"):
        assert never not in said
