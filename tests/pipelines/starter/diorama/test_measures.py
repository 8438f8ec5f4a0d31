"""Simple vision: what moves is told from what is still, flickers or is noise; a form is told from another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.starter.diorama.cases import Set, Shot, boxed
from pipelines.starter.diorama.measures import agreement, box_ends, consistency, displacement, ends, glued
from pipelines.starter.diorama.questions import FORM, GLUED, MOVES, STEADY
from pipelines.starter.diorama.varying import softened
from pipelines.starter.photos import Frames
from tests.pipelines.starter.diorama.stages import CUBE, small_library

RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Set:
    return Set(small_library(str(tmp_path_factory.mktemp("things"))), (128, 80), 9)


@pytest.fixture(scope="module")
def shot(where: Set) -> Shot:
    return where.shot(CUBE)


def noise(frames: Frames) -> Frames:
    return RNG.integers(0, 256, frames.shape).astype(np.uint8)


def still(frames: Frames) -> Frames:
    return np.repeat(frames[:1], len(frames), axis=0)


def test_a_moving_subject_moves_and_one_at_rest_does_not(where: Set, shot: Shot) -> None:
    assert displacement(shot.frames) > 4 * MOVES
    at_rest = replace(CUBE, cast=(replace(CUBE.cast[0], motion="still"),), place="room")
    assert displacement(where.shot(at_rest).frames) < MOVES


def test_a_moving_camera_moves(where: Set) -> None:
    panned = replace(CUBE, cast=(replace(CUBE.cast[0], motion="still"),), camera="pan left")
    assert displacement(where.shot(panned).frames) > 4 * MOVES


def test_a_still_picture_its_flicker_its_grain_and_noise_do_not_move(shot: Shot) -> None:
    same = still(shot.frames)
    flicker = same * RNG.uniform(0.7, 1.2, (len(same), 1, 1, 1))
    grain = same + RNG.normal(0, 4, same.shape)
    for frames in (same, flicker, grain, noise(same)):
        assert displacement(np.clip(frames, 0, 255).astype(np.uint8)) < MOVES


def test_a_true_clip_is_consistent_and_noise_or_frames_of_anything_are_not(where: Set, shot: Shot) -> None:
    assert consistency(shot.frames) > STEADY
    assert consistency(noise(shot.frames)) < STEADY
    other = where.shot(replace(CUBE, place="space", light="night")).frames
    assert consistency(np.stack([(shot.frames, other)[i % 2][i] for i in range(len(other))])) < STEADY


@pytest.mark.parametrize("look", ["photo", "watercolour", "pixel art", "line drawing", "clay", "neon"])
def test_every_look_keeps_the_form_and_no_other_clip_has_it(where: Set, shot: Shot, look: str) -> None:
    assert agreement(where.shot(replace(CUBE, look=look)).frames, shot.lines) > FORM
    elsewhere = replace(CUBE, cast=(replace(CUBE.cast[0], subject="rocket", motion="left"),), look=look, detail=11)
    assert agreement(where.shot(elsewhere).frames, shot.lines) < FORM
    assert abs(agreement(noise(shot.frames), shot.lines)) < FORM


@pytest.fixture(scope="module")
def board(where: Set) -> Shot:
    """A rocket whose mock-up is a box."""
    return where.shot(boxed(where, replace(CUBE, cast=(replace(CUBE.cast[0], subject="rocket"),))))


def test_a_box_of_a_mock_up_is_whole_and_hides_what_is_behind(board: Shot) -> None:
    inside = board.mockup[board.mask > 200]
    assert (inside[:, 0].astype(int) - inside[:, 1] > 120).mean() > 0.99  # red, not the field's green


def test_a_box_is_seen_in_the_mock_up_and_not_in_what_it_stands_for(board: Shot) -> None:
    lines = box_ends(board.mockup, board.mask, board.lines)
    seen, truth = (softened(RNG, frames) for frames in (board.mockup, board.frames))
    assert glued(seen, board.mockup, board.frames, lines) > GLUED + 0.2
    assert glued(truth, board.mockup, board.frames, lines) < GLUED - 0.2
    assert glued(noise(truth), board.mockup, board.frames, lines) < GLUED - 0.2
    assert agreement(board.frames, ends(board.mockup)) > FORM
