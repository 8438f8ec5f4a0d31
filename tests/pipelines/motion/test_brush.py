"""What is painted moves as its brush says, what is not stays; the gap it leaves is to be made."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from pipelines.errors import InputError
from pipelines.motion.brush import MotionBrush, check_brushes, regions_of
from pipelines.motion.camera import Camera
from pipelines.motion.path import Motion
from pipelines.types import Frames
from tests.media_samples import make_video, moving_square
from tests.pipelines.motion.seen import across, down, flow, growth, textured

WIDTH, HEIGHT, RATE, COUNT = 160, 96, Fraction(8), 8
PICTURE = textured(WIDTH, HEIGHT)
TOP, LEFT, SIDE = 30, 60, 40


@pytest.fixture
def mask(tmp_path: Path) -> str:
    return painted(tmp_path / "mask.png", LEFT, TOP)


def painted(path: Path, left: int, top: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    picture = np.zeros(size[::-1], np.uint8)
    picture[top : top + SIDE, left : left + SIDE] = 255
    cv2.imwrite(str(path), picture)
    return str(path)


def after(*brushes: MotionBrush, camera: Camera | None = None, count: int = COUNT) -> tuple[Frames, NDArray[Any]]:
    motion = Motion(camera or Camera(), RATE, Path("/nonexistent"), regions_of(brushes, WIDTH, HEIGHT))
    return motion.after(PICTURE, count)


def inside(*brushes: MotionBrush, count: int = 3) -> NDArray[Any]:
    """The flow of the middle of the region over a few frames, while it is still about there."""
    frames, _ = after(*brushes, count=count)
    return flow(np.concatenate([PICTURE[None], frames]))[:, TOP + 8 : TOP + SIDE - 8, LEFT + 10 : LEFT + SIDE - 10]


@pytest.mark.parametrize(
    ("way", "measure", "sign"), [("horizontal", across, 1), ("vertical", down, -1), ("proximity", growth, 1)]
)
def test_a_painted_region_goes_its_way_and_farther_the_more_is_asked(way, measure, sign, mask) -> None:
    ways = [sign * measure(inside(MotionBrush(mask=mask, **{way: amount}))) for amount in (-8.0, -4.0, 2.0, 4.0, 8.0)]
    assert ways[0] < ways[1] < 0 < ways[2] < ways[3] < ways[4]


def test_ambient_motion_sways_the_more_the_more_is_asked_and_goes_nowhere(mask) -> None:
    sizes = [np.abs(inside(MotionBrush(mask=mask, ambient=amount), count=16)).mean() for amount in (2.0, 5.0, 10.0)]
    assert sizes[0] < sizes[1] < sizes[2]
    drift = inside(MotionBrush(mask=mask, ambient=10.0), count=24).mean(axis=0)
    assert np.abs(drift).mean() < sizes[2] / 2


def test_what_is_not_painted_stays_bit_for_bit(mask) -> None:
    frames, made = after(MotionBrush(mask=mask, horizontal=6.0, ambient=4.0))
    away = np.ones((HEIGHT, WIDTH), bool)
    away[TOP - 6 : TOP + SIDE + 6, LEFT - 6 : LEFT + SIDE + 30] = False
    assert (frames[:, away] == PICTURE[away]).all()
    assert not made[:, away].any()


def test_the_region_is_found_again_where_it_went_and_its_old_place_is_to_be_made(mask) -> None:
    frames, made = after(MotionBrush(mask=mask, horizontal=10.0))
    way = round(0.2 * WIDTH * COUNT / 8)
    inner = slice(TOP + 5, TOP + SIDE - 5)
    moved = frames[-1, inner, LEFT + 5 + way : LEFT + SIDE - 5 + way].astype(int)
    assert np.abs(moved - PICTURE[inner, LEFT + 5 : LEFT + SIDE - 5]).max() <= 1
    assert made[-1, inner, LEFT + 3 : LEFT + way - 5].all()
    assert not made[-1, inner, LEFT + way + 5 : LEFT + way + SIDE - 5].any()
    assert (np.diff((made > 0).mean((1, 2))) >= 0).all()


def test_regions_move_apart_and_the_later_one_paints_over_the_earlier(tmp_path) -> None:
    left, right = painted(tmp_path / "a.png", 20, TOP), painted(tmp_path / "b.png", 90, TOP)
    frames, _ = after(MotionBrush(mask=left, horizontal=-4.0), MotionBrush(mask=right, horizontal=4.0), count=3)
    motion = flow(np.concatenate([PICTURE[None], frames]))[:, TOP + 8 : TOP + SIDE - 8]
    assert across(motion[:, :, 28:50]) < -1 and across(motion[:, :, 102:122]) > 1
    whole, hole = regions_of(
        [MotionBrush(mask=left, horizontal=1.0), MotionBrush(mask=left, vertical=1.0)], WIDTH, HEIGHT
    )
    assert whole.share.max() < 0.3 and hole.share.max() > 0.99


def test_a_brush_and_the_camera_add_up(mask) -> None:
    brush = MotionBrush(mask=mask, horizontal=4.0)
    alone, both = (
        flow(np.concatenate([PICTURE[None], after(brush, camera=camera, count=3)[0]]))
        for camera in (Camera(), Camera(pan=-4.0))
    )
    middle = np.s_[:, TOP + 8 : TOP + SIDE - 8, LEFT + 12 : LEFT + SIDE - 12]
    assert across(both[middle]) - across(alone[middle]) == pytest.approx(across(both[:, :20]), rel=0.2)
    assert across(both[:, :20]) > 0.8


def test_in_a_later_window_the_brush_is_where_its_region_went(mask) -> None:
    motion = Motion(
        Camera(), RATE, Path("/nonexistent"), regions_of([MotionBrush(mask=mask, horizontal=6.0)], WIDTH, HEIGHT)
    )
    frames, _ = motion.later(8).after(PICTURE, 3)
    way = round(0.2 * WIDTH * 0.6)
    change = (frames[-1] != PICTURE).any(-1)
    assert not change[:, : LEFT + way - 9].any()
    assert change[TOP + 10 : TOP + SIDE - 10, LEFT + way + 5 : LEFT + way + SIDE - 5].mean() > 0.9


def test_a_brush_that_cannot_be_used_is_named(tmp_path) -> None:
    image = tmp_path / "image.png"
    cv2.imwrite(str(image), PICTURE)
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    film = make_video(tmp_path / "film.mp4", moving_square(3, WIDTH, HEIGHT))
    good = painted(tmp_path / "good.png", 10, 10)
    wrong: dict[str, MotionBrush] = {
        "has painted nothing": MotionBrush(mask=str(tmp_path / "black.png"), ambient=1.0),
        "80x48 pixels but the picture is 160x96": MotionBrush(
            mask=painted(tmp_path / "small.png", 1, 1, (80, 48)), ambient=1.0
        ),
        "moves nothing": MotionBrush(mask=good),
        "is a video": MotionBrush(mask=str(film), ambient=1.0),
    }
    for words, brush in wrong.items():
        with pytest.raises(InputError, match=f"rush 2.*{words}") as refused:
            check_brushes([MotionBrush(mask=good, vertical=1.0), brush], image)
        assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("values", [{"horizontal": 11.0}, {"proximity": -10.1}, {"ambient": -1.0}, {"ambient": 10.1}])
def test_a_strength_out_of_range_is_refused(values, mask) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        MotionBrush(mask=mask, **values)
