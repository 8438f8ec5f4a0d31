"""An animatic: the board's pictures and words as a film, at once, as long as the film will be."""

import dataclasses
import json
import time
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from pipelines.animatic import LONG_SIDE, RATE, animatic, write_animatic
from pipelines.errors import InputError
from pipelines.media.probe import probe_video
from pipelines.storyboard import Storyboard, StoryboardRequest
from tests.media_samples import collect, picture
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), num_frames=17)  # 64x32, 8 a second


@pytest.fixture
def photo(tmp_path):
    Image.fromarray(picture(160, 80)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def board(*panels, **changes):
    request = StoryboardRequest.model_validate_json(json.dumps({"panels": panels, **changes}))
    return Storyboard.prepare(request, INFO)


def frames(*panels, **changes):
    return collect(animatic(board(*panels, **changes), INFO))


def test_it_lasts_as_long_as_the_film_and_has_its_shape(photo):
    shown = frames({"image": photo, "seconds": 2.0}, {"prompt": "then the sea", "seconds": 1.1})
    seconds = Fraction(17 + 9, 8)
    assert shown.shape == (seconds * RATE, LONG_SIDE // 2, LONG_SIDE, 3)


def test_a_shot_without_a_picture_shows_its_words(photo):
    shown = frames({"prompt": "the sea", "seconds": 1.1}, {"prompt": "a very different shot", "seconds": 1.1})
    first, last = shown[0], shown[-1]
    assert first.max() == 255
    assert (first == 0).mean() > 0.7
    assert not np.array_equal(first, last)


def test_a_camera_moves_the_picture_the_way_it_is_asked(photo):
    still = frames({"image": photo, "seconds": 2.0})
    assert np.array_equal(still[0], still[-1])
    for move, way in (("pan", -1), ("truck", -1)):
        moved = frames({"image": photo, "seconds": 2.0, "camera": {move: 8.0}})
        assert np.array_equal(moved[0], still[0])
        assert _shift(moved[0], moved[-1]) * way > 8
        assert _shift(moved[0], moved[len(moved) // 2]) * way < _shift(moved[0], moved[-1]) * way
        assert moved[-1].min() >= still.min()


def _shift(one, other):
    """Pixels the middle of a picture moved to the right."""
    rows = slice(one.shape[0] // 3, 2 * one.shape[0] // 3)
    a, b = (each[rows].astype(np.float32).mean(2) for each in (one, other))
    middle = slice(a.shape[1] // 3, 2 * a.shape[1] // 3)
    costs = {way: np.abs(a[:, middle] - np.roll(b, -way, 1)[:, middle]).mean() for way in range(-120, 121)}
    return min(costs, key=costs.get)


def test_shots_dissolve_into_one_another_for_as_long_as_asked(photo):
    panels = ({"image": photo, "seconds": 2.0}, {"prompt": "the sea", "seconds": 2.0})
    cut, faded = frames(*panels), frames(*panels, transition=0.5)
    assert len(cut) - len(faded) == RATE / 2
    middle = faded[17 * 2 - 4]
    assert np.allclose(middle, cut[0] * 0.5 + cut[-1] * 0.5, atol=30)
    assert np.array_equal(faded[0], cut[0])
    assert np.array_equal(faded[-1], cut[-1])


def test_a_board_of_eight_is_written_in_a_moment(photo, tmp_path):
    request = board(*({"image": photo, "seconds": 2.0, "camera": {"pan": 3.0}} for _ in range(8)), transition=0.3)
    began = time.process_time()
    clip = write_animatic(request, INFO, tmp_path / "film.mp4")
    assert time.process_time() - began < 20
    info = probe_video(clip.path)
    assert (info.width, info.height, info.frame_rate, info.num_frames) == (512, 256, RATE, clip.num_frames)


def test_without_panels_there_is_nothing_to_show(tmp_path):
    with pytest.raises(InputError, match="there are none"):
        write_animatic(StoryboardRequest(), INFO, tmp_path / "film.mp4")
