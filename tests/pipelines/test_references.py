"""Pictures with names: what the prompt says of them, what the model is shown and reads, and what is refused."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from pipelines.errors import InputError, MediaError
from pipelines.model import LatentVideoModel
from pipelines.pixels import on_white, to_tensor
from pipelines.references import Reference
from pipelines.text_image_to_video import TextImageToVideo, TextImageToVideoRequest
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), max_prompt_tokens=16)
COLOURS = {"hero": (200, 40, 30), "Big_Dog": (30, 60, 200), "sky": (90, 160, 220)}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("references")
    for index, (name, colour) in enumerate(COLOURS.items()):
        Image.new("RGB", (40 + 8 * index, 30), colour).save(folder / f"{name}.png")
    return {name: str(folder / f"{name}.png") for name in COLOURS}


def asked(pictures, prompt, *names, **changes):
    references = tuple(Reference(image=pictures[name], name=name) for name in names)
    return TextImageToVideoRequest(**{"prompt": prompt, "references": references, "seed": 1, **changes})


def prepared(*given, **changes):
    return TextImageToVideo.prepare(asked(*given, **changes), INFO)


@pytest.fixture(scope="module")
def model():
    return LatentVideoModel(INFO, "cpu")


def conditioning(model, request):
    (found,) = TextImageToVideo(model).plan(request).conditionings
    return found


def test_references_reach_the_model_in_the_order_they_are_given(model, pictures):
    names = ("sky", "hero", "Big_Dog")
    found = conditioning(model, prepared(pictures, "@hero and @big_dog under the @sky.", *names))
    assert [tuple(image[0, 0]) for image in found.reference_images] == [COLOURS[name] for name in names]
    encoded = model.encode(found)
    assert encoded.references == 3
    z = model._vae.config.z_dim
    for index, image in enumerate(found.reference_images):
        alone = model._encode_video(to_tensor(on_white(image, found.width, found.height)[None]))
        assert torch.equal(encoded.control[:, :z, index : index + 1], alone)
        assert not encoded.control[:, z:, index].any()


def test_each_reference_changes_the_clip(model, pictures):
    both = conditioning(model, prepared(pictures, "@hero and @sky", "hero", "sky"))
    control = model.encode(both).control
    swapped = model.encode(dataclasses.replace(both, reference_images=both.reference_images[::-1])).control
    assert not torch.equal(control, swapped)


def test_the_model_reads_words_in_place_of_names(model, pictures):
    hero = Reference(image=pictures["hero"], name="hero", description="a red ball ")
    dog = Reference(image=pictures["Big_Dog"], name="Big_Dog")
    request = TextImageToVideoRequest(prompt="@HERO follows @big_dog, @hero's friend", references=(hero, dog), seed=1)
    request = TextImageToVideo.prepare(request, INFO)
    words = "a red ball follows Big Dog, a red ball's friend"
    assert conditioning(model, request).prompt == words
    assert TextImageToVideo.prompts(request, INFO)["prompt"] == words
    assert TextImageToVideo(model).recipe(request)["request"]["prompt"] == request.prompt


def test_an_exact_first_frame_and_references_go_together(model, pictures):
    found = conditioning(model, prepared(pictures, "@sky", "sky", image=pictures["hero"]))
    assert found.hold == 1
    assert tuple(found.video[0, 0, 0]) == COLOURS["hero"]
    assert [tuple(image[0, 0]) for image in found.reference_images] == [COLOURS["sky"]]


def test_an_image_that_is_a_reference_comes_before_the_named_ones(model, pictures):
    given = prepared(pictures, "@sky", "sky", image=pictures["hero"], image_role="reference")
    found = conditioning(model, given)
    assert [tuple(image[0, 0]) for image in found.reference_images] == [COLOURS["hero"], COLOURS["sky"]]
    assert found.hold == 0


@pytest.mark.parametrize(
    ("prompt", "names", "sentence"),
    [
        ("@hero and @ghost", ("hero",), "No reference is called @ghost. There are @hero."),
        ("a ball", ("hero",), "does not mention @hero"),
        ("@hero", ("hero", "hero"), "Two references are called @hero"),
        ("a ball", (), "The image is missing"),
    ],
)
def test_names_that_do_not_fit_are_refused_by_name(pictures, prompt, names, sentence):
    with pytest.raises(InputError, match=sentence):
        prepared(pictures, prompt, *names)


def test_a_name_without_its_picture_is_refused(pictures):
    with pytest.raises(InputError, match=r"No reference is called @hero\. There are none\."):
        prepared(pictures, "@hero", image=pictures["sky"])


def test_an_address_in_the_prompt_is_no_name(pictures):
    assert prepared(pictures, "a sign that says ann@example.org", image=pictures["sky"])


def test_three_pictures_in_all_are_the_most(pictures):
    with pytest.raises(InputError, match="3 in all are the most"):
        prepared(pictures, "@hero @sky @Big_Dog", *COLOURS, image=pictures["sky"], image_role="reference")
    with pytest.raises(ValidationError):
        asked(pictures, "@hero", *(["hero"] * 4))


@pytest.mark.parametrize("name", ["", "@hero", "two words", "1st", "x" * 33])
def test_a_name_is_one_word(pictures, name):
    with pytest.raises(ValidationError):
        Reference(image=pictures["hero"], name=name)


def test_a_reference_that_is_no_picture_is_refused(pictures, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    broken = Reference(image=str(tmp_path / "broken.png"), name="hero")
    with pytest.raises(MediaError, match=r"broken\.png"):
        TextImageToVideo.prepare(TextImageToVideoRequest(prompt="@hero", references=(broken,)), INFO)


def test_pictures_of_any_shape_leave_the_clips_shape_alone(pictures):
    assert prepared(pictures, "@hero", "hero").size == (INFO.width, INFO.height)
    assert np.isclose(TextImageToVideo.aspect(asked(pictures, "@hero", "hero"), INFO), INFO.width / INFO.height)
