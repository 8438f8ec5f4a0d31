"""The corpus over HTTP, to a studio as people run it: what is refused, what becomes a clip, what is left behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.corpus.cases import CASES, place_in
from tests.corpus.doors import DOORS
from tests.corpus.kinds import Case
from tests.corpus.serving import Running, fields_of
from tests.corpus.test_library import assert_is_a_sentence

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("corpus")]  # one studio for all of them

FILES = [case for case in CASES if case.into in DOORS and not case.missing]


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.id)
def test_a_file_becomes_of_what_the_table_says(case: Case, studio: Running, tmp_path_factory: Any) -> None:
    with place_in(tmp_path_factory.mktemp(case.id)) as (place, callers):
        for variant in case.make(place):
            _try(case, variant, studio)
        assert not callers


def _try(case: Case, variant: Any, studio: Running) -> None:
    if isinstance(variant, str):  # no file of ours at all
        named = {"path": variant, "url": variant, "meta": {"_type": "gradio.FileData"}}
        for given in (variant, named):
            assert studio.submit("image-to-video", {"image": given}).outcome == "refused"
        return
    mode, fields, shown = fields_of(case, variant, studio)
    answer = studio.submit(mode, fields)
    said = answer.said if answer.outcome != "taken" else ""
    if answer.outcome == "taken":
        ended = studio.ended(answer.said["id"])
        said = "" if ended["state"] == "done" else ended["error"]["message"]
        assert case.outcome in ("taken", "survived") or case.late, f"{variant}: {ended}"
    assert case.outcome in ("refused" if said else "taken", "survived"), f"{variant}: {said or 'taken'}"
    if said:
        assert_is_a_sentence(said, shown, case.says)
        assert str(studio.data) not in said
