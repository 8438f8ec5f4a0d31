"""The storyboard tab: takes and the kept subject travel with the board; one shot is asked for again; an animatic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from pipelines.checkpoints import STARTER, ModelInfo
from studio.length import told
from studio.person import LOCAL
from studio.recipes import build_request
from studio.shelf import Shelf
from studio.tabs import storyboard
from studio.tabs.base import Page
from studio.tabs.storyboard import StoryboardTab
from studio.views.panel import panel
from tests.studio.rooms import called_by, finish, handler, quiet_shelf

STILL = {"truck": 0.0, "pedestal": 0.0, "pan": 0.0, "tilt": 0.0, "roll": 0.0, "zoom": 0.0}
PANELS = [
    {"prompt": "a red ball", "seconds": 1, "take": 3, "camera": STILL},
    {"prompt": "a <b>blue</b> star", "seconds": 0.6, "take": 1, "camera": STILL},
]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)
    yield shelf
    shelf.desk.close()


@pytest.fixture
def tab(shelf: Shelf) -> StoryboardTab:
    with gr.Blocks():
        built = storyboard.build(Page(shelf, shelf.desk.model))
    assert isinstance(built, StoryboardTab)
    return built


def board(shelf: Shelf, **changes: Any) -> Any:
    fields = {"panels": PANELS, "seed": 4, **changes}
    return build_request(storyboard.StoryboardRequest, fields)


def test_takes_and_the_kept_subject_come_back_as_they_were(tab: StoryboardTab) -> None:
    fields = {"panels": PANELS, "transition": 0.5, "keep_subject": True, "prompt": "at sea"}
    shown = tab.fill(fields)
    again = tab.collect(shown, LOCAL)
    assert again["panels"] == PANELS
    assert (again["transition"], again["keep_subject"]) == (0.5, True)
    assert tab.folded["keep_subject"] in shown
    assert tab.folded["camera0"] in shown  # a third take is worth seeing
    assert tab.folded["camera1"] not in shown


def test_a_mock_up_is_asked_for_without_what_only_a_board_has(tab: StoryboardTab) -> None:
    shown = tab.fill({"video": "v.mp4", "prompt": "x"}) | {tab.form.widget("keep_subject"): True}
    assert not {"panels", "transition", "keep_subject", "subject_image"} & set(tab.collect(shown, LOCAL))


def test_one_shot_is_asked_for_again_and_the_recipe_says_so(shelf: Shelf) -> None:
    with gr.Blocks() as blocks:
        storyboard.build(Page(shelf, shelf.desk.model))
    job = finish(shelf, board(shelf))
    answer = handler(blocks, "reshoot")(SimpleNamespace(job=job.id, shot=2), called_by())
    made = shelf.desk.job(LOCAL, answer["job"])
    asked = made.recipe["request"]
    assert [each["take"] for each in asked["panels"]] == [3, 2]
    assert asked["seed"] == 4
    assert asked["panels"][0] == job.recipe["request"]["panels"][0]


def test_a_finished_board_offers_each_of_its_shots(shelf: Shelf) -> None:
    html = panel(job := finish(shelf, board(shelf)), [job])["html"]
    assert html.count('data-action="reshoot"') == 2
    assert 'data-shot="2"' in html
    assert "<b>blue" not in html
    alone = finish(shelf, board(shelf, panels=PANELS[:1]))
    assert "reshoot" not in panel(alone, [alone])["html"]


def latents_of(shelf: Shelf, job_id: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in shelf.desk.folder.job(job_id).glob(".work-*/latents-*")}


def keep(shelf: Shelf, job_id: str, content: bytes) -> None:
    work = shelf.desk.folder.work(job_id, 1)
    work.mkdir()
    (work / "latents-0000.safetensors").write_bytes(content)


def test_a_board_is_given_the_latents_of_the_one_most_like_it(shelf: Shelf) -> None:
    near, far = (
        finish(shelf, board(shelf)),
        finish(shelf, board(shelf, panels=[PANELS[0], {"prompt": "other", "seconds": 1}])),
    )
    keep(shelf, near.id, b"near")
    keep(shelf, far.id, b"far")
    same = shelf.desk.submit(LOCAL, board(shelf, transition=0.2))
    assert latents_of(shelf, same.id) == {"latents-0000.safetensors": b"near"}
    stranger = shelf.desk.submit(
        LOCAL, board(shelf, panels=[{"prompt": each, "seconds": 1} for each in ("one", "two")])
    )
    assert latents_of(shelf, stranger.id) == {}


def test_latents_are_not_given_to_a_board_of_another_model(shelf: Shelf) -> None:
    keep(shelf, finish(shelf, board(shelf)).id, b"paper")
    shelf.desk.use_model(STARTER)
    assert latents_of(shelf, shelf.desk.submit(LOCAL, board(shelf)).id) == {}


def test_a_shot_says_what_the_model_makes_of_its_seconds() -> None:
    info = ModelInfo("wan", "Wan", Path(), Path(), num_frames=17, frame_rate=8.0)
    assert told("1", None, info, most=True) == "1.12 s, 9 frames at 8 a second."
    assert told("9", None, info, most=True) == "2.12 s, 17 frames at 8 a second."
