"""What the mask mode asks the model: what becomes of the region, and what of the source it is shown there."""

import dataclasses
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pipelines.finishing.put_back import PutBack, softened
from pipelines.mask import EMPTY_PLACE, NOTHING, MaskEdit, MaskRequest
from pipelines.media.read import read_video
from pipelines.settings import Finishing
from pipelines.structure import StructureMaker
from pipelines.subject import painting_region
from tests.media_samples import collect, make_video, moving_square
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="8")


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A source of the model's own size and rate, and a mask held over it."""
    folder = tmp_path_factory.mktemp("given")
    make_video(folder / "in.mp4", moving_square(9, 64, 32), Fraction(8))
    mask = np.zeros((32, 64), np.uint8)
    mask[8:24, 6:30] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return {"video": str(folder / "in.mp4"), "mask": str(folder / "mask.png"), "carry": False, "grow": 0}, mask


def question(given, **changes):
    """(the prepared request, the first conditioning of its plan, the source's frames)."""
    request = MaskRequest(**{"prompt": "a red ball", "seed": 1, "width": 64, "height": 32, **given, **changes})
    request = MaskEdit.prepare(request, INFO)
    plan = MaskEdit(SimpleNamespace(info=INFO)).plan(request)  # planning asks a model for nothing but its facts
    asked = next(iter(plan.conditionings))
    frames = collect(read_video(given["video"], size=(64, 32), frame_rate=request.rate))[: asked.num_frames]
    return request, asked, frames


def test_what_is_replaced_is_hidden_from_the_model_in_a_region_with_room(given):
    fields, mask = given
    _, asked, frames = question(fields)
    region = painting_region(mask) > 0
    assert region.sum() > (mask > 0).sum()
    assert (asked.mask[0] == np.where(region, 255, 0)).all()
    assert (asked.video[:, region] == NOTHING).all()
    assert np.array_equal(asked.video[:, ~region], frames[:, ~region])


@pytest.mark.parametrize("kind", ["grey", "edges"])
def test_what_is_restyled_keeps_its_structure_inside_and_its_outline(given, kind):
    fields, mask = given
    _, asked, frames = question(fields, change="restyle", structure=kind)
    inside = mask > 0
    assert (asked.mask == np.where(inside, 255, 0)).all()
    assert np.array_equal(asked.video[:, inside], StructureMaker(kind, 1)(frames)[:, inside])
    assert not np.array_equal(asked.video[:, inside], frames[:, inside])
    assert np.array_equal(asked.video[:, ~inside], frames[:, ~inside])


def test_what_is_removed_needs_no_words_and_goes_with_what_lies_around_it(given):
    fields, mask = given
    request, asked, _ = question(fields, change="remove", prompt="")
    assert (request.prompt, asked.prompt) == (EMPTY_PLACE, EMPTY_PLACE)
    assert "object" in request.negative_prompt
    assert (asked.mask[0] > 0).sum() > (painting_region(mask) > 0).sum()
    said, _, _ = question(fields, change="remove", prompt="a beach", negative_prompt="boats")
    assert (said.prompt, said.negative_prompt) == ("a beach", "boats")


def test_the_mask_that_is_handed_over_is_the_one_the_source_was_put_back_with(given):
    fields, _ = given
    for changes in ({}, {"region": "background"}, {"change": "remove"}):
        request, _, _ = question(fields, feather=4, finishing=Finishing(frame_rate="8"), **changes)
        clip = read_video(fields["video"])
        handed = np.concatenate(list(MaskEdit.changed_mask(request, clip)))
        finishing = MaskEdit(SimpleNamespace(info=INFO)).plan(request).finishing
        (kept,) = (effect for effect in finishing if isinstance(effect, PutBack))
        used = np.concatenate(list(kept.mask()))
        assert len(handed) == 9
        assert np.array_equal(handed, np.stack([softened(mask, 4) for mask in used]))
