"""A board's film: one shot made again while the others stay, and a subject that is kept from shot to shot."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from pipelines.board import Board, another_take
from pipelines.errors import InputError
from pipelines.latents import question_key
from pipelines.media.metadata import read_recipe
from pipelines.media.read import read_video
from pipelines.model import LatentVideoModel
from pipelines.portrait import portrait
from pipelines.sampling import Sampling
from pipelines.settings import Finishing
from pipelines.storyboard import Storyboard, StoryboardRequest
from pipelines.types import Conditioning
from tests.media_samples import collect
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="8")
PLAIN = {"seed": 5, "finishing": Finishing(upscaler="lanczos"), "num_inference_steps": 1}


class Watched(LatentVideoModel):
    """The model, and every question it was asked to denoise."""

    def __init__(self):
        super().__init__(INFO, "cpu")
        self.asked, self.denoised = [], []

    def encode(self, conditioning):
        self.asked.append(conditioning)
        return super().encode(conditioning)

    def denoise(self, encoded, sampling, on_step=None):
        self.denoised.append(sampling.seed)
        return super().denoise(encoded, sampling, on_step)

    def forget(self):
        self.asked.clear()
        self.denoised.clear()
        return self


@pytest.fixture(scope="module")
def shared():
    return Watched()


@pytest.fixture
def model(shared):
    return shared.forget()


def board(*words, **changes):
    panels = [{"prompt": each, "seconds": 0.6} for each in words]
    request = StoryboardRequest.model_validate_json(json.dumps({"panels": panels}))
    return Storyboard.prepare(request.model_copy(update=PLAIN | changes), INFO)


def film(model, request, folder):
    return Storyboard(model).run(request, folder, lambda _: None)


def kept_latents(clip):
    """What each shot was decoded from, by file."""
    return {file.name: load_file(file)["latents"].tolist() for file in clip.path.parent.glob("latents-*")}


def different_frames(one, other):
    """The largest difference in each frame that is not the same."""
    pairs = zip(*(collect(read_video(clip.path)) for clip in (one, other)), strict=True)
    largest = {index: int(cv2.absdiff(*pair).max()) for index, pair in enumerate(pairs)}
    return {index: difference for index, difference in largest.items() if difference}


def test_of_a_board_only_the_shot_with_another_take_is_made_again(model, tmp_path):
    first = board("a red ball", "a blue star", "the sea")
    film(model, first, tmp_path)
    assert model.denoised == [5, 6, 7]
    model.forget()
    again = another_take(first, 2)
    clip = film(model, again, tmp_path)
    assert len(model.denoised) == 1
    assert model.denoised[0] not in (5, 6, 7)
    assert [panel["take"] for panel in read_recipe(clip.path)["request"]["panels"]] == [1, 2, 1]


@pytest.mark.slow
def test_the_film_of_a_recipe_is_the_same_with_and_without_what_was_kept(model, tmp_path):
    first = board("a red ball", "a blue star")
    film(model, first, tmp_path / "kept")
    again = another_take(first, 1)
    mended = film(model, again, tmp_path / "kept")
    anew = film(model, again, tmp_path / "empty")
    assert kept_latents(mended) == kept_latents(anew)
    assert different_frames(mended, anew) == {}
    assert mended.path.read_bytes() == anew.path.read_bytes()


def test_other_words_make_a_shot_anew_and_nothing_else(model, tmp_path):
    first = board("a red ball", "a blue star")
    film(model, first, tmp_path)
    model.forget()
    film(model, another_take(first, 2, "a red cube"), tmp_path)
    assert [asked.prompt for asked in model.asked] == ["a red cube"]


def test_a_shot_that_is_not_there_is_refused():
    first = board("a red ball", "a blue star")
    for number in (0, 3, -1):
        with pytest.raises(InputError, match=f"no shot {number}; this board has 2"):
            another_take(first, number)


@pytest.mark.slow
def test_later_shots_are_shown_the_subject_of_the_first(model, tmp_path):
    film(model, board("a red ball", "the sea", "the city", keep_subject=True), tmp_path)
    references = [asked.reference_images for asked in model.asked]
    assert [len(each) for each in references] == [0, 1, 1]
    assert np.array_equal(references[1][0], references[2][0])


@pytest.mark.slow
def test_a_new_take_of_the_first_shot_changes_the_subject_of_the_others(model, tmp_path):
    first = board("a red ball", "the sea", keep_subject=True)
    film(model, first, tmp_path)
    model.forget()
    film(model, another_take(first, 2), tmp_path)
    assert len(model.denoised) == 1
    film(model.forget(), another_take(first, 1), tmp_path)
    assert len(model.denoised) == 2


def test_a_picture_of_the_subject_is_shown_to_every_shot(model, tmp_path):
    Image.new("RGB", (40, 30), (200, 40, 30)).save(tmp_path / "hero.png")
    request = board("a red ball", "the sea", keep_subject=True, subject_image=str(tmp_path / "hero.png"))
    shots = list(Board(model).plan(request).conditionings)
    assert [tuple(shot.reference_images[0][0, 0]) for shot in shots] == [(200, 40, 30)] * 2
    assert [shot.subject_of for shot in shots] == [None, None]
    with pytest.raises(InputError, match="nothing keeps"):
        board("a red ball", subject_image=str(tmp_path / "hero.png"))


def test_a_portrait_is_the_subject_alone_on_white():
    frame = np.full((96, 160, 3), (70, 120, 60), np.uint8)
    rows, columns = np.mgrid[:96, :160]
    frame[(rows - 60) ** 2 + (columns - 110) ** 2 < 20**2] = (220, 40, 30)
    found = portrait([np.zeros_like(frame), frame])
    side = found.shape[0]
    assert found.shape == (side, side, 3)
    assert 50 <= side <= 75
    assert (found[0] == 255).all()
    assert abs(found[side // 2, side // 2].astype(int) - (220, 40, 30)).max() < 12
    assert (found[:4].min(), found[-4:].min()) == (255, 255)


def test_where_no_subject_stands_out_the_frame_itself_is_shown():
    grey = np.full((48, 64, 3), 90, np.uint8)
    assert portrait([grey, grey + 1]) is grey


def test_a_key_tells_questions_apart_by_every_word_and_pixel():
    plain = Conditioning(num_frames=5, height=32, width=48, prompt="a ball")
    sampling = Sampling(num_inference_steps=2, guidance_scale=2.0, seed=1, flow_shift=3.0)
    picture = np.zeros((4, 4, 3), np.uint8)
    others = [
        dataclasses.replace(plain, prompt="a star"),
        dataclasses.replace(plain, negative_prompt="a ball"),
        dataclasses.replace(plain, num_frames=9),
        dataclasses.replace(plain, reference_images=(picture,)),
        dataclasses.replace(plain, reference_images=(picture + 1,)),
        dataclasses.replace(plain, reference_images=(picture, picture)),
        dataclasses.replace(plain, video=np.zeros((5, 32, 48, 3), np.uint8)),
        dataclasses.replace(plain, mask=np.zeros((5, 32, 48), np.uint8)),
        dataclasses.replace(plain, start_from=np.zeros((5, 32, 48, 3), np.uint8)),
        dataclasses.replace(plain, conditioning_scale=0.5),
        dataclasses.replace(plain, hold=1),
        dataclasses.replace(plain, strength=0.5),
    ]
    keys = [question_key(asked, sampling, "m") for asked in (plain, *others)]
    keys += [question_key(plain, dataclasses.replace(sampling, seed=2), "m"), question_key(plain, sampling, "n")]
    assert len(set(keys)) == len(keys)
    assert question_key(dataclasses.replace(plain), sampling, "m") == keys[0]


def test_latents_are_kept_with_a_film(model, tmp_path):
    film(model, board("a red ball", "a blue star"), tmp_path)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["clip.mp4", "latents-0000.safetensors", "latents-0001.safetensors"]
