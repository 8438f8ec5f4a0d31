"""Masks of the subject: found, painted, carried through a clip, shaped for the model."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.subject import (
    carry_mask,
    carry_mask_stream,
    mask_from_layers,
    painting_region,
    refine,
    salient_mask,
)
from tests.pipelines.moving_subject import moving_subject, overlap


def disc(height: int = 64, width: int = 96, radius: int = 12) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return (np.hypot(rows - height / 2, columns - width / 2) < radius).astype(np.uint8) * 255


@pytest.mark.parametrize(
    "alike",
    [
        pytest.param(False, id="colours of its own"),
        pytest.param(True, id="the colours of the ground", marks=pytest.mark.slow),
    ],
)
def test_a_carried_mask_stays_on_the_subject_for_fifty_frames(alike):
    frames, truth = moving_subject(50, speed=-0.8 if alike else 2.0, pan=1.5, alike=alike)
    carried = carry_mask(frames, truth[0])
    overlaps = [overlap(mask, wanted) for mask, wanted in zip(carried, truth, strict=True)]
    assert np.mean(overlaps) >= 0.85
    assert min(overlaps) >= 0.75


def test_the_first_mask_comes_back_as_it_was_drawn():
    frames, truth = moving_subject(2)
    assert np.array_equal(carry_mask(frames, truth[0])[0], truth[0])


def test_a_mask_is_carried_while_frames_still_arrive():
    frames, truth = moving_subject(3)
    seen = []

    def arriving():
        for frame in frames:
            seen.append(frame)
            yield frame

    masks = carry_mask_stream(arriving(), truth[0])
    next(masks)
    next(masks)
    assert len(seen) == 2


def test_the_mask_empties_when_the_subject_leaves_and_stays_empty():
    frames, truth = moving_subject(20, speed=10.0)
    assert truth[-1].max() == 0
    carried = carry_mask(frames, truth[0])
    assert (carried[-1] > 127).mean() < 0.02


def test_a_cut_to_another_shot_empties_the_mask_and_the_way_back_finds_the_subject_again():
    frames, truth = moving_subject(9)
    elsewhere = np.full((3, *frames.shape[1:]), (40, 60, 150), np.uint8)
    film = np.concatenate([frames[:6], elsewhere, frames[6:]])
    carried = carry_mask(film, truth[0])
    assert carried[6:9].max() < 128
    assert min(overlap(mask, wanted) for mask, wanted in zip(carried[9:], truth[6:], strict=True)) > 0.85


def test_an_empty_mask_is_refused_with_what_to_do():
    frames, _ = moving_subject(2)
    with pytest.raises(InputError, match=r"The mask is empty.*Paint over the subject"):
        carry_mask(frames, np.zeros(frames.shape[1:3], np.uint8))


def test_a_mask_of_another_size_is_refused_by_both_sizes():
    frames, truth = moving_subject(2)
    with pytest.raises(InputError, match="The mask is 104x60, the video 208x120"):
        carry_mask(frames, np.ascontiguousarray(truth[0][::2, ::2]))


def test_the_network_finds_a_subject_that_stands_out():
    rows, columns = np.mgrid[0:120, 0:208]
    frame = np.stack([90 + rows // 3, 120 + columns // 8, 160 - rows // 3], -1).astype(np.uint8)
    truth = disc(120, 208, 32)
    frame[truth > 0] = (220, 50, 40)
    assert overlap(salient_mask(frame), truth) > 0.85


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


def test_painted_layers_become_one_mask_whatever_the_colour_of_the_brush():
    first, second = np.zeros((2, 40, 60, 4), np.uint8)
    first[5:15, 5:15] = (0, 0, 0, 255)
    second[20:30, 30:40] = (255, 0, 80, 255)
    mask = mask_from_layers([first, second])
    assert mask.shape == (40, 60)
    assert mask[10, 10] == mask[25, 35] == 255
    assert (mask > 0).sum() == 200


def test_an_opaque_picture_of_a_mask_counts_where_it_is_bright():
    picture = np.zeros((40, 60, 4), np.uint8)
    picture[..., 3] = 255
    picture[10:20, 10:20, :3] = 255
    assert (mask_from_layers([picture]) == 255).sum() == 100
    assert (mask_from_layers([picture[..., 0]]) == 255).sum() == 100


@pytest.mark.parametrize("layers", [[], [np.zeros((40, 60, 4), np.uint8)]], ids=["no layer", "nothing painted"])
def test_painting_nothing_is_refused(layers):
    with pytest.raises(InputError, match="The mask is empty"):
        mask_from_layers(layers)
