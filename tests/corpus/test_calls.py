"""Names, prompts and calls over HTTP: what nobody's client sends, to a studio as people run it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cases import CASES
from tests.corpus.kinds import Case
from tests.corpus.pictures import shown
from tests.corpus.raw import png
from tests.corpus.serving import Answer, Running, uploaded
from tests.studio.access.house import House, furnish, open_house

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("corpus")]  # one studio for all of them

NEVER = re.compile(r'Traceback|File "|pydantic|Error\b.*\bat 0x|/site-packages/')


def _of(*kinds: str) -> list[Case]:
    return [case for case in CASES if case.into in kinds]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    house = open_house(folder)
    with house.web:
        yield furnish(house, folder)
    house.shelf.desk.close()


@pytest.mark.parametrize("case", _of("call", "house"), ids=lambda case: case.id)
def test_a_call_is_answered_as_the_table_says(case: Case, studio: Running, request: pytest.FixtureRequest) -> None:
    asked: Any = request.getfixturevalue("house") if case.into == "house" else studio
    answers: list[Answer] = list(case.make(asked))
    assert answers
    for answer in answers:
        assert answer.outcome == case.outcome or case.outcome == "survived", answer
        if answer.outcome == "refused":
            assert not NEVER.search(str(answer.said)), answer
            assert case.outcome == "survived" or re.search(case.says, str(answer.said), re.IGNORECASE), answer
    assert studio.web.get("/healthz").json()["status"] == "ok"


@pytest.mark.parametrize("case", _of("name"), ids=lambda case: case.id)
def test_an_upload_of_any_name_lies_in_its_senders_folder_and_becomes_a_clip(case: Case, studio: Running) -> None:
    uploads = studio.data / "uploads"
    for index, name in enumerate(case.make()):
        picture = png(shown()[: 60 - index])
        (path,) = studio.upload((name, picture))
        assert Path(path).resolve().is_relative_to(uploads) and Path(path).read_bytes() == picture
        assert Path(path).name.isascii() or len(Path(path).name.encode()) <= 255
        answer = studio.submit("image-to-video", {"image": uploaded(path), "prompt": name.replace("\0", "")[:100]})
        assert answer.outcome == "taken", answer
        record = studio.ended(answer.said["id"])
        assert record["state"] == "done"
        said = record["recipe"]["inputs"]["image"]["name"]
        assert said.isprintable() and len(said) <= 80
        assert re.fullmatch(r"[0-9a-f]{64}\.[a-z0-9]+", record["recipe"]["request"]["image"])
        page = studio.web.get(f"/library/{record['id']}").text
        assert "<img src=x" not in page
        download = studio.web.get(f"/media/{record['id']}/clip.mp4", params={"download": "1"})
        assert re.fullmatch(
            r'attachment; filename="[a-z0-9.-]+"; filename\*=UTF-8\'\'[\w.%-]+', download.headers["content-disposition"]
        )
        assert "set-cookie" not in download.headers


@pytest.mark.parametrize("case", _of("prompt"), ids=lambda case: case.id)
def test_a_prompt_is_answered_as_the_table_says(case: Case, studio: Running) -> None:
    for prompt in case.make():
        answer = studio.submit("text-to-video", {"prompt": prompt})
        assert answer.outcome == case.outcome, answer
        if answer.outcome == "refused":
            assert re.search(case.says, answer.said) and not NEVER.search(answer.said)
            continue
        assert studio.ended(answer.said["id"])["state"] == "done"
    assert "red ball" not in (studio.data / "worker.log").read_text("utf-8", "replace")


def test_a_drawing_with_a_script_is_never_shown_as_a_page(studio: Running) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    (path,) = studio.upload(("script.svg", svg))
    got = studio.web.get(f"/gradio_api/file={path}")
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["content-disposition"].startswith("attachment")
