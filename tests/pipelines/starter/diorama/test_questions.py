"""The table of the world: true renders are right, copies and noise are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.checkpoints import model_info
from pipelines.portrait import alone_on_white
from pipelines.starter import evaluate as command
from pipelines.starter.diorama.answering import Model, copied, true, untrained
from pipelines.starter.diorama.cases import CASES, Case, Set, photo_case, wish_case
from pipelines.starter.diorama.evaluation import Asking, as_table, evaluate
from pipelines.starter.diorama.judge import Judge
from pipelines.starter.diorama.judging import save_judge
from pipelines.starter.diorama.prompts import understood
from pipelines.starter.diorama.questions import ROWS
from pipelines.starter.photos import Frames
from tests.pipelines.starter.diorama.stages import CUBE, small_library

NUMBER = 2
SEEN = {"subject": "cube", "colour": "red", "place": "sea", "light": "day", "look": "neon", "motion": "left",
        "camera": "static"}  # fmt: skip


class Telling(Judge):
    """Says always the same, whatever it is shown."""

    def __init__(self, answers: dict[str, str] = SEEN) -> None:
        super().__init__(4)
        self.answers = answers

    def name(self, frames: Frames) -> dict[str, str]:
        return self.answers


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Set:
    return Set(small_library(str(tmp_path_factory.mktemp("things"))), (128, 80), 9)


@pytest.fixture(scope="module")
def cases(where: Set) -> dict[str, Case]:
    return {name: make(where, NUMBER) for name, make in CASES.items()}


def verdicts(name: str, case: Case, frames: Frames, judge: Judge | None = None) -> dict[str, bool]:
    return {row: right for row, (right, _) in ROWS[name][1](case, frames, judge or Telling()).items()}


def noise(case: Case) -> Frames:
    return np.random.default_rng(0).integers(0, 256, case.truth.shape).astype(np.uint8)


def test_there_is_a_way_to_judge_every_question() -> None:
    assert ROWS.keys() == {*CASES, "photos"}


@pytest.mark.parametrize("name", CASES)
def test_questions_are_of_one_size_and_length(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    assert case.truth.shape == (9, 80, 128, 3)
    for frames in (case.given, case.asked.video, case.asked.start_from):
        assert frames is None or (frames.shape == case.truth.shape and frames.dtype == np.uint8)


MEASURED = {
    "first": ("kept", "moves"), "empty": ("kept", "moves"), "stylization": ("structure kept",),
    "style": ("structure kept",), "render": ("structure kept",), "storyboard": ("layout followed",),
    "mask": ("outside kept",), "text": ("frames consistent",),
}  # fmt: skip


@pytest.mark.parametrize("name", MEASURED)
def test_true_renders_are_right_and_noise_is_not(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    for row in MEASURED[name]:
        assert verdicts(name, case, case.truth)[row]
        assert not verdicts(name, case, noise(case))[row]


def test_a_still_picture_is_the_picture_and_does_not_move(cases: dict[str, Case]) -> None:
    for name in ("first", "empty"):
        found = verdicts(name, cases[name], copied(cases[name]))
        assert found["kept"]
        assert not found["moves"]


def test_a_copy_is_not_nearer_to_the_style_and_the_redrawn_is(cases: dict[str, Case]) -> None:
    case = cases["style"]
    assert not verdicts("style", case, copied(case))["nearer than the source"]
    assert case.asked.start_from is not None
    assert case.asked.hold == 1
    assert verdicts("style", case, np.repeat(case.style[None], 9, axis=0))["nearer than the source"]  # type: ignore[index]


def test_a_copied_mock_up_is_glued_to_its_boxes(where: Set) -> None:
    rockets = [i for i, scene in enumerate(where.scenes) if scene.cast[0].subject == "rocket"]
    case = CASES["storyboard"](where, rockets[0])
    assert not verdicts("storyboard", case, copied(case))["not glued to the boxes"]
    assert verdicts("storyboard", case, true(case))["not glued to the boxes"]


def test_the_judges_answer_decides_what_words_want(cases: dict[str, Case]) -> None:
    case = cases["text"]
    right = Telling({**SEEN, **case.wish.wanted})
    assert all(verdicts("text", case, case.truth, right).values())
    other = Telling(dict.fromkeys(SEEN, "nothing of it"))
    wrong = {row for row, right in verdicts("text", case, case.truth, other).items() if not right}
    assert wrong == case.wish.rows().keys()


def test_words_do_not_say_what_a_reference_shows(cases: dict[str, Case]) -> None:
    case = cases["reference"]
    assert case.asked.reference_images[0].shape[0] == case.asked.reference_images[0].shape[1]
    assert not {case.wish.wanted["subject"], case.wish.wanted["colour"]} & set(case.asked.prompt.split())
    assert case.wish.wanted["place"] == understood(case.asked.prompt).wanted["place"]


def test_a_reference_shows_the_subject_alone(where: Set) -> None:
    shot = where.shot(CUBE, 1)
    picture = alone_on_white(shot.frames[0], shot.mask[0])
    assert (picture[0] == 255).all() and (picture[:, 0] == 255).all()
    middle = picture[len(picture) // 2, len(picture) // 2]
    assert middle[0] > 1.5 * middle[2]  # the cube is red


def test_outside_of_the_mask_all_is_given_and_inside_nothing(cases: dict[str, Case]) -> None:
    asked, source = cases["mask"].asked, cases["mask"].source
    assert asked.mask is not None and asked.video is not None and source is not None
    assert (asked.mask[source.mask > 127] == 255).all()
    assert (asked.video[asked.mask == 0] == source.frames[asked.mask == 0]).all()
    assert (asked.video[asked.mask == 255] == 127).all()


def test_anybodys_words_are_asked_and_only_they_are_judged(where: Set) -> None:
    case = wish_case(where, 0, understood("a red cube by day"))
    assert verdicts("text", case, case.truth) | {"frames consistent": True} == {
        "subject": True, "colour": True, "light": True, "frames consistent": True
    }  # fmt: skip


def test_a_photo_of_any_shape_becomes_the_first_frame(where: Set) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (90, 300, 3)).astype(np.uint8)
    case = photo_case(where, 0, picture)
    assert case.asked.hold == 1
    assert verdicts("photos", case, copied(case)) == {"kept": True}
    assert verdicts("photos", case, noise(case)) == {"kept": False}


def test_the_table_counts_every_case_of_every_model_and_shows_the_first_ones(where: Set, tmp_path: Path) -> None:
    asking = Asking(limit=2, only=("text", "first"))
    scores = evaluate({"true": true, "copy": copied}, Telling(), where, asking, tmp_path)
    rows = {title: {str(row["name"]): (row["right"], row["cases"]) for row in found} for title, found in scores.items()}
    assert rows["true"]["first frame: moves"] == (2, 2)
    assert rows["copy"]["first frame: moves"] == (0, 2)
    assert rows["copy"]["first frame: kept"] == (2, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.png", "text.png"]


def test_the_table_has_a_row_for_every_question_and_a_column_for_every_model() -> None:
    row = {"name": "kept", "right": 9, "cases": 10, "mean": 27.25}
    table = as_table({"model": [row], "copy": [{**row, "right": 1, "mean": None}]})
    assert table.splitlines() == ["| asked | of | model | copy |", "|---|---|---|---|", "| kept | 10 | 9 (27.2) | 1 |"]


@torch.no_grad()
def test_the_untrained_one_is_of_the_same_make_and_knows_nothing(tmp_path: Path) -> None:
    info = model_info("starter", tmp_path)
    trained, drawn = Model(info, "cpu"), untrained(info, "cpu")
    assert isinstance(drawn, Model)
    networks = (answering.model._any_transformer for answering in (trained, drawn))
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        assert one.shape == other.shape
        if one.numel() > 1000 and one.std() > 0:
            assert abs(float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])) < 0.2


@pytest.mark.slow
def test_the_resident_model_answers_what_every_mode_asks(tmp_path: Path) -> None:
    where = Set(small_library(str(tmp_path)), (96, 64), 5)
    model = Model(model_info("starter", tmp_path), "cpu")
    for make in (CASES[name] for name in ("first", "reference", "style", "mask")):
        case = make(where, NUMBER)
        frames = model(case)
        assert frames.shape == case.truth.shape
        assert frames.dtype == np.uint8


@pytest.mark.slow
def test_the_command_prints_one_table_and_keeps_numbers_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_library(str(tmp_path))  # leaves small.zip there
    judge, lines = Judge(4), tmp_path / "prompts.txt"
    save_judge(judge, tmp_path / "judge.safetensors")
    lines.write_text("a red cube moving left, on the beach\n")
    usual = ["evaluate", "--atlas", str(tmp_path / "small.zip"), "--judge",
             str(tmp_path / "judge.safetensors"), "--json", str(tmp_path / "numbers.json"), "--limit", "1"]  # fmt: skip
    monkeypatch.setattr("sys.argv", [*usual, "--only", "text"])
    command.main()
    printed = capsys.readouterr().out
    assert "| asked | of | model | random weights | copy of the input | true renders |" in printed
    assert "| subject | 1 |" in printed
    assert "judge subject" in printed
    assert json.loads((tmp_path / "numbers.json").read_text())["scores"].keys() >= {"model", "true renders"}
    assert (tmp_path / "sheets" / "text.png").stat().st_size > 5000
    monkeypatch.setattr("sys.argv", [*usual, "--prompts", str(lines), "--against", "copy of the input"])
    command.main()
    assert "| direction | 1 |" in capsys.readouterr().out
