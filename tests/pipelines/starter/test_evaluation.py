"""The table of what the starter obeys: its questions can be failed, and its judge can be checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.starter.baselines import Copier, untrained
from pipelines.starter.evaluate import SHOWN, as_table, contact_sheet
from pipelines.starter.judge import Judge
from pipelines.starter.photos import Frames
from pipelines.starter.questions import (
    score_first_frame,
    score_first_frame_named,
    score_mask,
    score_reference,
    score_structure,
    tracker_trust,
)
from pipelines.starter.render import render
from pipelines.starter.sampler import FRAMES, HEIGHT, WIDTH, Sampler
from pipelines.starter.tracking import moved
from pipelines.starter.world import Scene

FOLDER = Path(__file__).parents[3] / "assets" / "starter"


class Knowing(Judge):
    """Answers "red ball at sea" to everything."""

    def name(self, frames: object) -> dict[str, str]:
        return {"subject": "ball", "colour": "red", "place": "sea"}


@pytest.fixture(scope="module")
def copier() -> Copier:
    return Copier(FOLDER)


def test_true_clips_go_where_their_words_say() -> None:
    assert tracker_trust(12) > 0.9


def test_a_clip_that_goes_the_other_way_is_told() -> None:
    frames = render(Scene("ball", "red", "space", "night", "left", "static", 3), WIDTH, HEIGHT, FRAMES).frames
    assert moved(frames, "red", "left")
    assert not moved(frames[::-1], "red", "left")
    assert not moved(np.repeat(frames[:1], FRAMES, axis=0), "red", "left")


def test_a_still_picture_fails_to_move(copier: Copier) -> None:
    kept, alive, *_ = score_first_frame(copier, Knowing(), 2)
    assert (kept.cases, alive.right, alive.cases) == (2, 0, 2)


def test_what_the_first_frame_shows_is_looked_for_in_later_ones(copier: Copier) -> None:
    stays = score_first_frame(copier, Knowing(), 12)[2:]
    assert [score.name.split()[2] for score in stays] == ["subject", "colour", "place"]
    assert all(score.cases == 12 and score.right < 6 for score in stays)


def test_it_is_looked_for_too_when_words_say_what_it_is(copier: Copier) -> None:
    stays = score_first_frame_named(copier, Knowing(), 12)
    assert [score.name.split()[4] for score in stays] == ["subject", "colour", "place"]
    assert all(score.cases == 12 and score.right < 6 for score in stays)


def test_a_copy_keeps_the_form_and_what_lies_outside(copier: Copier) -> None:
    form, _ = score_structure(copier, Knowing(), 2)
    _, outside = score_mask(copier, Knowing(), 2)
    assert form.right == outside.right == 2


def test_the_judges_answer_decides(copier: Copier) -> None:
    colour, subject, place = score_reference(copier, Knowing(), 12)
    for score in (colour, subject, place):
        assert score.cases == 12
        assert score.right < 6


@torch.no_grad()
def test_the_untrained_one_is_of_the_same_make_and_knows_nothing() -> None:
    trained, drawn = Sampler(FOLDER), untrained(FOLDER)
    pairs = zip(trained.pipeline.transformer.parameters(), drawn.pipeline.transformer.parameters(), strict=True)
    for one, other in pairs:
        assert one.shape == other.shape
        if one.numel() > 1000 and one.std() > 0:
            assert abs(float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])) < 0.2


def test_the_table_has_a_column_for_every_model() -> None:
    row = {"name": "colour", "right": 9, "cases": 10, "detail": ""}
    table = as_table({"model": [row], "copy of the input": [{**row, "right": 1}]})
    assert table.splitlines()[-1] == "| colour | 10 | 9 | 1 |  |"
    assert {line.count("|") for line in table.splitlines()} == {6}


def test_the_sheet_shows_every_prompt() -> None:
    def clip(prompt: str, seed: int) -> Frames:
        return np.full((FRAMES, HEIGHT, WIDTH, 3), 40 * (seed + 1), np.uint8)

    sheet = contact_sheet(clip, ("a red ball", "a blue fish"))  # type: ignore[arg-type]
    assert sheet.shape == (2 * (HEIGHT + 22), len(SHOWN) * WIDTH, 3)
    assert (sheet[22 : HEIGHT + 22] == 40).all()
    assert (sheet[HEIGHT + 44 :] == 80).all()
