"""What the page and a job's record say of a prompt that comes near its end, or past it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from pipelines.board import MAX_PANELS
from pipelines.checkpoints import STARTER, model_info
from pipelines.types import MAX_PROMPT
from studio import tab_words
from studio.flags import spoken
from studio.person import LOCAL
from studio.prompts import Typed, cuts, remarks
from studio.server import build_app
from studio.shelf import Shelf
from studio.views.panel import panel
from studio.views.vocabulary import under_prompt
from tests.studio.rooms import quiet_shelf

INFO = model_info(STARTER, Path())
MOST = INFO.max_prompt_tokens  # the last of which is the end of a prompt
WORD = "red "  # a token; a word for a subject is followed by others


def test_little_is_said_of_little() -> None:
    assert remarks({"prompt": WORD * 9, "negative_prompt": ""}, INFO) == []


def test_near_the_end_the_count_is_said_and_nothing_is_a_cut() -> None:
    prompts = {"prompt": WORD * (MOST - 4)}
    assert remarks(prompts, INFO) == [f"Prompt: {MOST - 3} of {MOST} tokens."]
    assert cuts(prompts, INFO) == []


def test_past_the_end_the_first_lost_words_are_named_by_field() -> None:
    prompts = {
        "panels.1.prompt": WORD * (MOST - 1) + "then a red cube spins slowly",
        "negative_prompt": WORD * (MOST - 2) + "one two three",
    }
    first, second = cuts(prompts, INFO)
    assert first.startswith("Panel 2: ")
    assert first.endswith("begins with “then a red cube spins …”.")
    assert second.startswith("Negative prompt: ")
    assert second.endswith("begins with “two three”.")
    assert remarks(prompts, INFO) == [first, second]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("a ball --seed 4, at sea", "a ball at sea"),
        ("a ball, --upscale over the sea", "a ball over the sea"),
        ("a ball --no", "a ball"),
        ("a ball --upscale=", "a ball ="),
        ("a ball --sparkle", "a ball"),
    ],
)
def test_flags_are_not_counted(typed: str, read: str) -> None:
    assert spoken(typed) == read


def test_what_is_typed_is_read_as_the_modes_read_it() -> None:
    typed = Typed(prompt="at night --seed 3", negative_prompt="text", panels=["a ball", ""], more=["a star"])
    assert typed.prompts() == {
        "panels.0.prompt": "a ball, at night",
        "panels.1.prompt": "at night",
        "negative_prompt": "text",
        "looks.0": "a star",
    }
    assert remarks(Typed(more=[WORD * MOST]).prompts(), INFO)[0].startswith("Further prompt 1: ")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)
    shelf.desk.use_model(STARTER)
    yield shelf
    shelf.desk.close()


def test_the_page_may_ask(shelf: Shelf) -> None:
    with TestClient(build_app(shelf), base_url="http://127.0.0.1") as client:
        reply = client.post("/prompts", json={"prompt": WORD * MOST})
        assert reply.json()["lines"][0].startswith(f"Prompt: {MOST + 1} of {MOST} tokens. What is not read begins with")
        assert client.post("/prompts", json={"prompt": "a ball"}).json() == {"lines": [], "read": []}
        assert client.post("/prompts", json={"prompt": "x" * (MAX_PROMPT + 1)}).status_code == 422
        assert client.post("/prompts", json={"panels": ["x"] * (MAX_PANELS + 1)}).status_code == 422


def test_words_that_move_a_first_picture_are_told_apart_from_those_the_model_must_know(shelf: Shelf) -> None:
    with TestClient(build_app(shelf), base_url="http://127.0.0.1") as client:

        def read(**typed: object) -> list[str]:
            return client.post("/prompts", json=typed).json()["read"]

        assert read(prompt="the dragon takes off, camera pans left --seed 4", begun=True) == [
            "camera", "left", "off", "pans", "takes"
        ]  # fmt: skip
        assert read(panels=["a dragon rises", "at night"], begun=True) == ["rises"]
        assert read(prompt="the dragon takes off") == []
        assert read(prompt="a dragon", begun=True) == []
        assert read(prompt="a dragon", negative_prompt="it takes off", begun=True) == []
        assert read(prompt="a dragon, Oil Painting", restyled=True) == ["oil", "painting"]
        assert read(prompt="a dragon, oil painting") == []
        assert read(panels=["a dragon, oil painting"], restyled=True) == []
    assert "data-begun" in under_prompt(INFO, begun=True)
    assert "data-begun" not in under_prompt(INFO)


def test_a_tip_is_for_those_whose_model_knows_few_words() -> None:
    assert "&lt;tip&gt;" in under_prompt(INFO, tip="<tip>")
    assert "tip" not in under_prompt(replace(INFO, knows={}), tip="<tip>")
    assert tab_words.STYLE_TIP.split(",")[0] not in under_prompt(INFO)


def test_a_job_whose_prompt_was_cut_says_so_wherever_it_is_shown(shelf: Shelf) -> None:
    job = shelf.submit(LOCAL, "text-to-video", {"prompt": WORD * (MOST - 1) + "<b>cube</b> spins"})
    (notice,) = job.record()["notices"]
    assert f"of {MOST} tokens" in notice
    assert job.recipe["notices"] == [notice]
    html = panel(job, [job])["html"]
    assert "s-notice" in html
    assert "<b>cube" not in html
    assert shelf.submit(LOCAL, "text-to-video", {"prompt": "a ball"}).record()["notices"] == []


def test_words_to_click_on_come_from_the_models_own_folder(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    for part in ("model_index.json", "vae", "transformer", "scheduler"):
        source = INFO.folder / part
        target = folder / part
        target.mkdir(parents=True) if source.is_dir() else folder.mkdir(exist_ok=True)
        for file in [source] if source.is_file() else source.glob("*.json"):
            (folder / file.relative_to(INFO.folder)).write_bytes(file.read_bytes())
    own = {"title": "Own", "native_size": [32, 32], "knows": {"subjects": ["teapot"]}, "known_words": ["teapot", "a"]}
    (folder / "septet.json").write_text(json.dumps(own), "utf-8")
    html = under_prompt(model_info(str(folder), tmp_path))
    assert 'data-word="teapot"' in html
    assert "Words that Own follows" in html
    assert "ball" not in html
    assert "<details>" not in under_prompt(None)
