"""The judge: what it learns from is true and its own, and it learns to tell it from anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipelines.starter.diorama import judging
from pipelines.starter.diorama.drawing import draw
from pipelines.starter.diorama.filming import film
from pipelines.starter.diorama.judge import Judge, motion_of
from pipelines.starter.diorama.judging import JUDGE, TRUST_SEEDS, Effort, load_judge, trained_judge, trust
from pipelines.starter.diorama.lessons import (
    ASKED,
    CELL,
    JUDGE_SEEDS,
    NOTHING,
    Lessons,
    answers_of,
    every,
    is_right,
    lesson_scene,
    small,
    true_lessons,
)
from pipelines.starter.diorama.lessons import SIZE as JUDGED
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.prompts import PROMPT_SEEDS
from pipelines.starter.diorama.scenes import Cast, Scene
from pipelines.starter.diorama.setting import set_stage
from pipelines.starter.diorama.varying import motion_lessons, softened, varied
from tests.pipelines.starter.diorama.stages import CUBE, SIZE, small_library

LEFT, CAMERA = list(ASKED).index("motion"), list(ASKED).index("camera")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return small_library(str(tmp_path_factory.mktemp("things")))


def test_its_scenes_are_neither_trainings_nor_the_prompts() -> None:
    rng = np.random.default_rng(1)
    details = [lesson_scene(rng, ASKED["subject"]).detail for _ in range(200)]
    assert 2**31 <= JUDGE_SEEDS <= min(details) <= max(details) < TRUST_SEEDS < TRUST_SEEDS + 10**6 < PROMPT_SEEDS


def test_a_judge_sees_the_very_frames_of_the_whole_clip(library: Library) -> None:
    scene = replace(CUBE, place="sea", camera="pan left")
    whole = film([scene], SIZE, 9, library).passes.colour
    some = draw([every(set_stage(scene, SIZE, 9, library), 4)], SIZE, library.textures).colour
    assert torch.equal(whole[:, :, ::4], some)


def test_every_answer_is_that_of_the_scene() -> None:
    scene = Scene((Cast("car", "red", "left"),), "street", "rain", "zoom in", 0.6, "neon")
    named = [options[i] for options, i in zip(ASKED.values(), answers_of(scene), strict=True)]
    assert named == ["car", "red", "street", "rain", "neon", "left", "zoom in"]
    unsaid = dict(zip(ASKED, answers_of(Scene((Cast("person"),), "space", "night")), strict=True))
    assert [name for name, answer in unsaid.items() if answer == NOTHING] == ["subject", "colour", "light"]


def test_a_person_is_any_man_woman_or_child() -> None:
    assert is_right("subject", "person", "child")
    assert not is_right("subject", "person", "robot")
    assert not is_right("subject", "man", "woman")


def lessons(library: Library, **changes: object) -> Lessons:
    return true_lessons([replace(CUBE, **changes)], library)  # type: ignore[arg-type]


def test_a_clip_played_back_or_mirrored_is_told_as_what_it_then_shows(library: Library) -> None:
    one = lessons(library, cast=(Cast("cube", "red", "left", 0.9),), camera="zoom in")
    motions, answers = motion_lessons(one, np.random.default_rng(0))
    told = [(ASKED["motion"][int(row[LEFT])], ASKED["camera"][int(row[CAMERA])]) for row in answers]
    assert told == [("left", "zoom in"), ("right", "zoom in"), ("right", "zoom out"), ("left", "zoom out")]
    mirrored = motion_of(one.frames[0].permute(0, 2, 3, 1).numpy()[:, :, ::-1].copy())
    assert (
        np.abs(motions[1].float().numpy() - mirrored).mean()
        < 0.15
        < np.abs(motions[0].float().numpy() - mirrored).mean()
    )
    growing, right = motion_lessons(lessons(library, cast=(Cast("cube", "red", "growing"),)), np.random.default_rng(0))
    assert [int(row[LEFT]) == NOTHING for row in right] == [False, False, True, True]
    assert len(growing) == 4


def test_variety_keeps_a_picture_what_it_is(library: Library) -> None:
    one = lessons(library)
    frames, where = one.frames[0].float() / 255, one.where[0].float() / 255
    seen, there = varied(frames, where, torch.Generator().manual_seed(1))
    assert seen.shape == frames.shape and there.shape == where.shape
    assert not torch.equal(seen, frames)
    assert float((seen.mean((2, 3)) - frames.mean((2, 3))).abs().max()) < 0.1


def test_where_the_subject_is_moves_with_what_is_seen(library: Library) -> None:
    one = lessons(library)
    where = one.where[0].float() / 255
    assert 0.05 < where.mean() < 0.6 and where.shape[2:] == (JUDGED[1] // CELL, JUDGED[0] // CELL)
    painted = F.interpolate(where, scale_factor=CELL).expand(-1, 3, -1, -1)
    seen, there = varied(painted, where, torch.Generator().manual_seed(5))
    assert float((F.avg_pool2d(seen[:, :1], CELL) - there).abs().mean()) < 0.05 < float((there - where).abs().mean())


def test_softening_loses_detail_and_no_more() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 64, 112, 3)).astype(np.uint8)
    soft = [softened(np.random.default_rng(seed), frames) for seed in range(6)]
    assert min(frame.std() for frame in soft) < 0.7 * frames.std()
    assert all(abs(frame.mean() - frames.mean()) < 3 for frame in soft)


def test_the_size_it_sees_does_not_depend_on_the_clips(library: Library) -> None:
    judge = Judge(4)
    large = small(film([CUBE], (160, 96), 5, library).video)[0].permute(0, 2, 3, 1).numpy()
    assert set(judge.name(large)) == set(ASKED)
    assert judge.texture(large).shape == judge.texture(large[:1]).shape


def test_what_was_stopped_goes_on_where_it_was(library: Library, tmp_path: Path) -> None:
    kept, effort = tmp_path / "judge.safetensors", Effort(scenes=4, steps=4, batch=4, width=6)

    def stopping(*arguments: object) -> Lessons:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "motion_lessons", stopping)
        with pytest.raises(KeyboardInterrupt):
            trained_judge(kept, library, effort)
    half, drawn = torch.load(tmp_path / "judge-looker.pt"), tmp_path / "judge-lessons-0.pt"
    assert half["schedule"]["last_epoch"] == 4
    begun = drawn.stat().st_mtime_ns
    judge = trained_judge(kept, library, effort)
    assert drawn.stat().st_mtime_ns == begun
    saved = half["network"]["stem.0.weight"].half().float()
    assert torch.equal(judge.looker.state_dict()["stem.0.weight"], saved)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["judge-lessons-0.pt", "judge.safetensors"]


def test_the_one_in_assets_knows_things_it_learnt_from_seen_anew(library: Library) -> None:
    judge = load_judge(JUDGE)
    rows = trust(judge, library, 24)
    assert sum(right for right, _ in rows.values()) > 0.9 * sum(cases for _, cases in rows.values())
    assert judge.name(np.full((5, 96, 160, 3), 127, np.uint8))["motion"] == "still"


@pytest.mark.slow
def test_what_it_learns_it_tells_and_noise_it_does_not(library: Library, tmp_path: Path) -> None:
    kept = tmp_path / "judge.safetensors"
    judge = trained_judge(kept, library, Effort(scenes=260, steps=260, batch=48, width=12))
    again = trained_judge(kept, library, Effort(scenes=1, steps=1))  # from its file
    frames = lessons(library).frames[0].permute(0, 2, 3, 1).numpy()
    assert judge.name(frames) == again.name(frames)
    true = {row: right / cases for row, (right, cases) in trust(judge, library, 60).items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "softened", lambda rng, clip: rng.integers(0, 256, clip.shape).astype(np.uint8))
        noise = {row: right / cases for row, (right, cases) in trust(judge, library, 60).items()}
    for row in ("place", "look", "direction"):  # of ten, six and six
        assert true[row] > 0.6
        assert noise[row] < 0.4
    still = np.repeat(frames[:1], len(frames), axis=0)
    assert judge.name(still)["motion"] == "still"
