"""Masks of the subject: found, and shaped for the model."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.media.read import read_video
from pipelines.subject import painting_region, refine, salient_mask
from tests.media_samples import collect
from tests.pipelines.looks import EXAMPLES
from tests.pipelines.moving_subject import moving_subject, overlap


def disc(height: int = 64, width: int = 96, radius: int = 12) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return (np.hypot(rows - height / 2, columns - width / 2) < radius).astype(np.uint8) * 255


def test_the_network_finds_a_subject_that_stands_out():
    rows, columns = np.mgrid[0:120, 0:208]
    frame = np.stack([90 + rows // 3, 120 + columns // 8, 160 - rows // 3], -1).astype(np.uint8)
    truth = disc(120, 208, 32)
    frame[truth > 0] = (220, 50, 40)
    assert overlap(salient_mask(frame), truth) > 0.85


def test_what_is_small_beside_the_subject_is_left_out_and_a_second_subject_is_not():
    ball = collect(read_video(EXAMPLES / "ball-over-the-sea.mp4", seconds=0.1))[0]  # with a cloud and a sun behind it
    truth = cv2.imread(str(EXAMPLES / "ball-mask.png"), cv2.IMREAD_GRAYSCALE)
    assert overlap(salient_mask(ball), truth) > 0.9
    both = np.concatenate([ball, ball[:, ::-1]], axis=1)
    assert overlap(salient_mask(both), np.concatenate([truth, truth[:, ::-1]], axis=1)) > 0.85


def test_a_picture_with_nothing_in_it_is_refused_with_what_to_do():
    with pytest.raises(InputError, match=r"No subject stands out.*Paint"):
        salient_mask(np.full((90, 160, 3), 118, np.uint8))


def test_many_threads_may_ask_the_network_at_once():
    frames, _ = moving_subject(2)
    alone = [salient_mask(frame) for frame in frames]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(salient_mask, frames))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_growing_widens_by_that_many_pixels_and_shrinking_narrows():
    mask = disc()
    across = (mask[32] > 0).sum()
    assert (refine(mask, grow=5)[32] > 0).sum() == across + 10
    assert (refine(mask, grow=-5)[32] > 0).sum() == across - 10


@pytest.mark.parametrize("feather", [1, 2, 3, 8, 15, 32])
def test_a_feather_reaches_outwards_only_so_far(feather):
    mask = np.zeros((80, 200), np.uint8)
    mask[:, :100] = 255
    row = refine(mask, feather=feather)[40]
    assert (row[:100] == 255).all()
    assert (row[100 + feather + 1 :] == 0).all()
    assert (np.diff(row.astype(int)) <= 0).all()
    assert 0 < row[100] < 255


def test_inverting_comes_before_growing():
    mask = disc()
    assert np.array_equal(refine(mask, grow=3, invert=True), refine(255 - mask, grow=3))


def test_shaping_a_clip_shapes_each_of_its_masks():
    masks = np.stack([disc(radius=10), disc(radius=14)])
    shaped = refine(masks, grow=2, feather=4)
    assert np.array_equal(shaped[1], refine(masks[1], grow=2, feather=4))


def test_the_painting_region_is_a_hull_with_room_around_each_part():
    mask = np.zeros((100, 160), np.uint8)
    mask[20:60, 20:26] = mask[54:60, 20:60] = 255  # an L
    mask[80:90, 130:140] = 255
    region = painting_region(mask)
    assert (region[mask > 0] == 255).all()
    assert region[40, 40] == 255  # the bay of the L is inside its hull
    assert region[60, 100] == 0  # the two parts are not joined
    assert region[18, 22] == 255
    assert set(np.unique(region)) == {0, 255}


def test_a_background_to_paint_leaves_the_subject_out():
    subject = disc(radius=16)
    region = painting_region(255 - subject)
    assert (region[subject == 0] == 255).all()
    assert (region[refine(subject, grow=-3) > 0] == 0).all()
