"""Clicks and boxes: they find the subject they are put on, not its neighbour, and take away what is not meant."""

import time

import numpy as np
import pytest

from pipelines.checkpoints import ASSETS
from pipelines.media.read import read_mask, read_video
from pipelines.pointing import Mark, geodesic, pointed_mask
from tests.pipelines.moving_subject import moving_subject, overlap

APART, TOUCHING = 80, 44  # pixels between the subject and its twin


@pytest.fixture(scope="module")
def alone():
    frames, truth = moving_subject(1)
    return frames[0], truth[0]


def twins(alone, apart: int):
    """A frame with the subject and its double to the right, and the masks of both."""
    frame, truth = alone
    other = np.roll(truth, apart, 1)
    weight = other[..., None] / 255
    both = (frame * (1 - weight) + np.roll(frame, apart, 1) * weight).astype(np.uint8)
    return both, truth, other


def centre(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask > 127)
    return float(columns.mean() + 0.5) / mask.shape[1], float(rows.mean() + 0.5) / mask.shape[0]


@pytest.mark.parametrize("which", [0, 1], ids=["the left one", "the right one"])
def test_a_click_finds_the_subject_it_is_put_on_and_not_its_twin(alone, which):
    frame, *masks = twins(alone, APART)
    found = pointed_mask(frame, [Mark(at=centre(masks[which]))])
    print(f"\none of two twins by one click: IoU {overlap(found, masks[which]):.3f}")
    assert overlap(found, masks[which]) > 0.93
    assert (found[masks[1 - which] > 127] > 127).mean() < 0.02


def test_a_second_click_adds_the_twin(alone):
    frame, one, other = twins(alone, APART)
    found = pointed_mask(frame, [Mark(at=centre(one)), Mark(at=centre(other))])
    assert overlap(found, np.maximum(one, other)) > 0.93


def test_an_exclude_click_takes_away_the_part_it_is_put_on(alone):
    frame, one, other = twins(alone, TOUCHING)
    beside = centre(np.where(one > 127, 0, other))
    both = pointed_mask(frame, [Mark(at=centre(one))])
    left = pointed_mask(frame, [Mark(at=centre(one)), Mark(False, at=beside)])
    assert overlap(both, np.maximum(one, other)) > 0.9  # they touch and look alike: one click takes both
    print(f"\nits touching twin taken away by one click: IoU {overlap(left, one):.3f}")
    assert overlap(left, one) > 0.85
    across, down = (round(part * side) for part, side in zip(beside, frame.shape[1::-1], strict=True))
    assert both[down, across] == 255 and left[down, across] == 0


def test_clicks_correct_the_mask_there_was_before(alone):
    frame, one, other = twins(alone, APART)
    assert overlap(pointed_mask(frame, [Mark(False, at=centre(other))], np.maximum(one, other)), one) > 0.95
    assert overlap(pointed_mask(frame, [Mark(at=centre(other))], one), np.maximum(one, other)) > 0.93


def test_a_box_finds_the_subject_inside_it(alone):
    frame, one, other = twins(alone, APART)
    found = pointed_mask(frame, [Mark(box=(0.52, 0.15, 0.86, 0.88))])
    print(f"\none of two twins by a box: IoU {overlap(found, other):.3f}")
    assert overlap(found, other) > 0.9
    assert (found[one > 127] > 127).mean() < 0.02


def test_a_brush_is_taken_at_its_word(alone):
    frame, truth = alone
    area = np.zeros(truth.shape, np.uint8)
    area[90:110, 150:190] = 255
    assert (pointed_mask(frame, [Mark(area=area)], truth)[area > 0] == 255).all()
    assert (pointed_mask(frame, [Mark(False, area=area)], 255 - truth)[area > 0] == 0).all()


def test_a_real_picture_is_cut_out_by_one_click_within_a_second():
    frame = next(read_video(ASSETS / "examples" / "bunny.mp4").chunks)[0]
    truth = next(
        read_mask(ASSETS / "examples" / "bunny-mask.mp4", size=frame.shape[1::-1], num_frames=1, frame_rate=24)
    )[0]
    marks = [Mark(at=centre(truth))]
    pointed_mask(frame, marks)  # the network is read from disk once
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        found = pointed_mask(frame, marks)
        seconds.append(time.process_time() - begun)
    print(f"\nbunny by one click: IoU {overlap(found, truth):.3f}, {min(seconds):.2f} s of processor time")
    assert overlap(found, truth) > 0.8
    assert min(seconds) < 1.5


def test_the_same_clicks_give_the_same_mask(alone):
    frame, truth = alone
    marks = [Mark(at=centre(truth)), Mark(False, at=(0.9, 0.9))]
    assert np.array_equal(pointed_mask(frame, marks), pointed_mask(frame, marks))


def test_geodesic_distance_goes_round_a_wall():
    picture = np.zeros((9, 9, 1), np.float32)
    picture[:8, 4] = 100.0  # a wall with a gap at the bottom
    seeds = np.zeros((9, 9), bool)
    seeds[0, 0] = True
    distance = geodesic(picture, seeds)
    assert distance[0, 0] == 0
    assert distance[0, 8] < 100  # through the gap and not over the wall
    assert distance[0, 8] > 2 * distance[0, 3]
