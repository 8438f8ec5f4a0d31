"""What a clip is shown besides noise is what the modes would show of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.starter.conditioning import GIVEN, task_for
from pipelines.starter.diorama.scenes import CAMERAS
from pipelines.starter.orders import Kind, Order, Source
from pipelines.starter.shots import depth_frames
from pipelines.structure import BLUR_SIGMAS, structure_frames
from pipelines.subject import painting_region
from pipelines.types import NOTHING
from tests.pipelines.starter.diorama.stages import CUBE
from tests.pipelines.starter.shooting import shot, small_source, still_cube


def test_given_frames_are_the_clips_own_and_the_rest_is_grey() -> None:
    base = shot("given", frames=13)
    forms = set()
    for seed in range(160):
        task = task_for(replace(base, order=replace(base.order, seed=seed)))
        assert task.video is not None and task.mask is not None
        kept = task.mask == 0
        assert np.array_equal(task.video[kept], base.frames[kept])
        assert (task.video[~kept] == NOTHING).all()
        given = tuple(np.flatnonzero(kept.all(axis=(1, 2))))
        assert kept[list(given)].all() and not np.delete(kept, given, axis=0).any()
        assert kept[: task.hold].all()
        forms.add((task.hold, 12 in given, len(given) - task.hold))
    assert {
        (1, False, 0),
        (5, False, 0),
        (9, False, 0),
        (1, True, 1),
        (0, True, 1),
        (0, False, 1),
        (1, False, 1),
    } <= forms
    assert len(GIVEN) == 7


@pytest.mark.parametrize("camera", CAMERAS[1:])
def test_warped_frames_show_what_the_clip_goes_on_to_show(camera: str) -> None:
    """What is given is right, as far as a picture of 96 pixels can say; what is uncovered is left open."""
    made = shot("warped", scene=replace(still_cube(), camera=camera, swing=0.5))
    task = task_for(made)
    assert task.video is not None and task.mask is not None and task.hold == 1
    seen = task.mask[3] == 0
    assert seen.mean() > 0.3 and (seen.all() == (camera == "zoom in"))
    assert (task.video[task.mask == 255] == NOTHING).all()
    error = np.abs(task.video[3].astype(int) - made.frames[3])[seen].mean()
    unmoved = np.abs(made.frames[0].astype(int) - made.frames[3])[seen].mean()
    # an orbit shows new sides of things and stretches the ground, of which little is left to compare
    assert error < (0.65 if "orbit" in camera else 0.35) * unmoved


def test_what_moves_by_itself_is_carried_along() -> None:
    """How well depends on how the cube happens to stand: asked of several."""
    errors = []
    for detail in range(6):
        cast = (replace(CUBE.cast[0], motion="right", amount=0.6),)
        made = shot("warped", scene=replace(CUBE, cast=cast, detail=detail))
        task = task_for(made)
        assert task.video is not None and task.mask is not None
        cube = (made.masks[0, 4] > 200) & (task.mask[4] == 0)
        assert cube.sum() > 0.8 * (made.masks[0, 4] > 200).sum()
        errors.append(np.abs(task.video[4].astype(int) - made.frames[4])[cube].mean())
        assert np.abs(made.frames[0].astype(int) - made.frames[4])[cube].mean() > 16
    assert np.mean(errors) < 8


@pytest.mark.parametrize("source", ["photo", "clay", "mockup", "depth"])
def test_structure_is_that_of_its_source_at_every_blur(source: Source) -> None:
    made = shot("structure", source, scene=replace(CUBE, look="neon"), frames=5)
    seen = set()
    wanted = {
        (kind, level): structure_frames(made.source, kind, level)
        for kind in ("grey", "edges") for level in range(len(BLUR_SIGMAS))
    }  # fmt: skip
    for seed in range(80):
        task = task_for(replace(made, order=replace(made.order, seed=seed)))
        assert task.video is not None and task.mask is None
        seen |= {name for name, frames in wanted.items() if np.array_equal(frames, task.video)}
    assert {level for kind, level in seen if kind == "grey"} == set(range(len(BLUR_SIGMAS)))
    assert any(kind == "edges" for kind, _ in seen) == (source != "depth")
    assert not np.array_equal(made.source, made.frames)


def test_in_depth_near_is_white_and_the_sky_is_black() -> None:
    depth = np.full((2, 4, 6), 1000.0, np.float32)
    depth[:, :2, :3], depth[:, 2:] = 4.0, 2.0
    frames = depth_frames(depth)
    assert (frames[:, :2, 3:] == 0).all() and (frames[:, 2:] == 255).all()
    assert 100 < frames[0, 0, 0, 0] < 160


def test_a_key_frame_in_the_new_look_is_held_and_shown_with_the_structure_of_the_photo_after_it() -> None:
    made = shot("keyed", "photo", scene=replace(CUBE, look="watercolour"))
    task = task_for(made)
    assert task.video is not None and task.mask is not None
    assert task.hold in (1, 5)
    assert np.array_equal(task.video[: task.hold], made.frames[: task.hold])
    rest = task.video[task.hold :]
    assert (rest == rest[..., :1]).all() and (task.mask[task.hold :] == 255).all()
    assert np.array_equal(task.references[0][1], made.frames[0])


def test_a_masked_region_is_left_open_or_holds_structure_and_around_it_is_the_clip() -> None:
    made = shot("mask", frames=5)
    open_ones = covered = 0
    for seed in range(60):
        task = task_for(replace(made, order=replace(made.order, seed=seed)))
        assert task.video is not None and task.mask is not None
        inside = task.mask == 255
        assert inside.any() and set(np.unique(task.mask)) <= {0, 255}
        assert np.array_equal(task.video[~inside], made.frames[~inside])
        within = task.video[inside]
        assert (within == within[:, :1]).all()
        is_open = bool((within == NOTHING).all())
        open_ones += is_open
        subject = made.masks[0] > 127
        covered += bool(inside[subject].all())
        if is_open and inside[subject].all():  # a hull has room
            assert inside.sum() > 1.2 * subject.sum()
    assert 20 < open_ones < 58 and covered > 10
    assert painting_region(made.masks[0]).any()


@pytest.mark.parametrize("kind", ["none", "given", "mask", "structure"])
def test_a_photo_like_picture_can_be_asked_for(kind: Kind) -> None:
    made = small_source().taken([Order(None, kind, seed=5)], (96, 64), 5)[0]
    task = task_for(made)
    assert made.frames.shape == (5, 64, 96, 3) and not made.masks.any()
    assert (task.video is None) == (kind == "none")
