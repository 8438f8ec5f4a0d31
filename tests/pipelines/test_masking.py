"""The mask of a whole clip: from marks on any frame, both ways, and corrected from there on."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError, MediaError
from pipelines.marking import Box, Point, Stroke
from pipelines.mask import MaskRequest
from pipelines.masking import WINDOW, check_subject, source_track
from pipelines.media.write import write_video
from pipelines.source import Source
from pipelines.types import FrameStream
from tests.pipelines.moving_subject import moving_subject, overlap

FRAMES, RATE = 40, 20


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """(path, truth) of a subject that crosses the picture for two seconds."""
    frames, truth = moving_subject(FRAMES)
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_video(FrameStream(iter([frames]), 208, 120, Fraction(RATE), FRAMES), path, quality="master")
    return path, truth


def centre(mask: np.ndarray) -> dict[str, float]:
    rows, columns = np.nonzero(mask > 127)
    return {"x": float(columns.mean() + 0.5) / mask.shape[1], "y": float(rows.mean() + 0.5) / mask.shape[0]}


def track(film, **asked):
    request = MaskRequest(video=str(film[0]), prompt="x", **asked)
    return source_track(Source.of(request), request)


def overlaps(found, truth) -> list[float]:
    assert len(found) == len(truth)
    return [overlap(mask, wanted) for mask, wanted in zip(found, truth, strict=True)]


def test_a_click_on_the_last_frame_is_carried_back_to_the_first(film):
    truth = film[1]
    last = FRAMES - 1
    assert last > WINDOW  # it is read in more than one piece
    found = overlaps(track(film, points=(Point(**centre(truth[last]), at=last / RATE),)), truth)
    print(f"\na click on the last of {FRAMES} frames: IoU {np.mean(found):.3f}, at least {min(found):.3f}")
    assert min(found) > 0.75
    assert np.mean(found) > 0.88


def test_a_click_in_the_middle_is_carried_both_ways(film):
    truth = film[1]
    found = overlaps(track(film, points=(Point(**centre(truth[20]), at=1.0),)), truth)
    print(f"\na click in the middle: IoU {np.mean(found):.3f}, at least {min(found):.3f}")
    assert min(found) > 0.75
    assert np.mean(found) > 0.9


def test_a_correction_changes_the_track_from_its_frame_on_and_not_before(film):
    truth = film[1]
    start = Point(**centre(truth[0]))
    plain = track(film, points=(start,))
    corrected = track(film, points=(start, Point(x=0.95, y=0.9, at=0.75)))
    assert all(np.array_equal(plain[index], corrected[index]) for index in range(15))
    assert all((corrected[index] > 127).sum() > (plain[index] > 127).sum() for index in range(15, 25))
    boxed = track(film, points=(Point(x=0.95, y=0.9),), boxes=(_around(truth[15], 0.75),))
    before, after = overlaps(boxed, truth)[:15], overlaps(boxed, truth)[15:]
    assert max(before) < 0.3  # the wrong thing was clicked on at first
    assert min(after) > 0.75


def _around(mask: np.ndarray, at: float) -> Box:
    rows, columns = np.nonzero(mask > 127)
    height, width = mask.shape
    sides = (
        (columns.min() - 6) / width,
        (rows.min() - 6) / height,
        (columns.max() + 7) / width,
        (rows.max() + 7) / height,
    )
    left, top, right, bottom = (float(np.clip(side, 0, 1)) for side in sides)
    return Box(left=left, top=top, right=right, bottom=bottom, at=at)


def test_marks_correct_the_subject_that_is_found(film):
    truth = film[1]
    extra = Point(x=0.95, y=0.9, at=1.0)
    alone = track(film, points=(extra,))
    both = track(film, points=(extra,), find=True)
    found = track(film)
    assert overlap(alone[0], truth[0]) < 0.3
    assert all(np.array_equal(found[index], both[index]) for index in range(20))
    assert (both[20] > 127).sum() > (found[20] > 127).sum()


def test_a_stroke_on_a_later_frame_belongs_to_the_mask_from_there_on(film, tmp_path):
    painted = np.zeros((120, 208), np.uint8)
    painted[80:110, 150:200] = 255
    Image.fromarray(painted).save(tmp_path / "stroke.png")
    mask = tmp_path / "mask.png"
    Image.fromarray(film[1][0]).save(mask)
    stroke = Stroke(mask=str(tmp_path / "stroke.png"), at=1.0)
    held = track(film, mask=str(mask), carry=False, strokes=(stroke,))
    assert all(np.array_equal(held[index], held[0]) for index in range(20))
    assert all((held[index][painted > 0] == 255).all() for index in range(20, FRAMES))
    taken = track(film, mask=str(mask), carry=False, strokes=(stroke, stroke.model_copy(update={"include": False})))
    assert (taken[30][painted > 0] == 0).all()


def test_times_count_from_the_beginning_of_the_file(film):
    truth = film[1]
    point = Point(**centre(truth[20]), at=1.0)
    request = MaskRequest(video=str(film[0]), prompt="x", start=0.5, seconds=1.0, points=(point,))
    assert min(overlaps(source_track(Source.of(request), request), truth[10:30])) > 0.75


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"points": (Point(x=0.5, y=0.5, at=7.0),)}, "A point is at 7 s, but the part .* from 0 s to 2.00 s"),
        ({"boxes": (Box(left=0.6, top=0.1, right=0.4, bottom=0.9),)}, "The box from 0.6, 0.1 .* holds nothing"),
        ({"points": (Point(x=0.5, y=0.1, include=False),)}, "Nothing is left of the subject"),
        ({"strokes": (Stroke(mask="film"),)}, "A stroke lies on one frame"),
        ({"mask": "small", "points": (Point(x=0.5, y=0.5),)}, "The mask small.png is 40x20"),
        ({"mask": "small", "find": True}, "find begins with the subject that is found"),
    ],
)
def test_marks_that_cannot_be_meant_are_refused_with_what_to_do(film, tmp_path, asked, words):
    small = tmp_path / "small.png"
    Image.fromarray(np.full((20, 40), 255, np.uint8)).save(small)
    if "strokes" in asked:
        asked = {"strokes": (Stroke(mask=str(film[0])),)}
    if "mask" in asked:
        asked = asked | {"mask": str(small)}
    request = MaskRequest(video=str(film[0]), prompt="x", **asked)
    with pytest.raises((InputError, MediaError), match=words):
        check_subject(Source.of(request), request)


def test_a_track_holds_masks_and_not_frames(film):
    found = track(film, points=(Point(**centre(film[1][0])),))
    assert sum(len(packed) for packed in found._frames) < 0.2 * FRAMES * 120 * 208
    assert Path(film[0]).is_file()
