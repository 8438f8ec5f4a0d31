"""How subjects look is found from pictures, comes through the text encoder, and is looked up where it belongs."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import InputError
from pipelines.starter import plain
from pipelines.starter.clips import ClipLatents, LatentEncoder, Shard, load_shard
from pipelines.starter.concepts import COLUMNS, LEFT, PARTS, ROWS, TOP
from pipelines.starter.diorama.scenes import LOOKS, PLACES, Cast, Scene
from pipelines.starter.diorama.subjects import COLOURS, KINDS
from pipelines.starter.exercises import NATIVE
from pipelines.starter.looks import as_vectors, looks_of, pictures_of_one
from pipelines.starter.lookup import belonging, boxes_of_looks
from pipelines.starter.optim import Trainer
from pipelines.starter.text import TEXT_DIM, build_text_encoder, encode_text, part_tokens, tokenize
from pipelines.starter.train_words import teach_looks, teach_words
from pipelines.starter.transformer import StarterModel, build_transformer
from pipelines.starter.vocabulary import world_tokenizer
from tests.pipelines.starter.diorama.stages import small_library
from tests.pipelines.starter.shooting import small_encoder

CHANNELS, SIZE = 2, (12, 20)


def scenes(count: int) -> list[Scene]:
    rng = np.random.default_rng(1)

    def one(options: object) -> str:
        return str(rng.choice(tuple(options)))  # type: ignore[call-overload]

    return [Scene((Cast(one(KINDS), one(COLOURS)),), one(PLACES), look=one(LOOKS)) for _ in range(count)]


def test_what_a_subject_adds_is_told_apart_from_its_place_and_colour() -> None:
    """Pictures that are sums of what their words add, in noise: the sums' terms come back, part by part."""
    torch.manual_seed(0)
    adds = {word: torch.randn(CHANNELS, *SIZE) for word in (*KINDS, *PLACES, *COLOURS, *LOOKS)}
    asked = scenes(3000)
    pictures = torch.stack([
        adds[scene.cast[0].subject] + 3 * adds[scene.place] + 2 * adds[str(scene.cast[0].colour)] + adds[scene.look]
        for scene in asked
    ])  # fmt: skip
    looks = looks_of(asked, pictures + 0.5 * torch.randn_like(pictures))
    assert looks.shape == (len(KINDS), PARTS, 4 * CHANNELS)
    dog = adds["dog"] - torch.stack([adds[kind] for kind in KINDS]).mean(dim=0)  # what all have in common is no look
    row, column = 3, 1
    cells = dog[:, 2 * (TOP + row) : 2 * (TOP + row) + 2, 2 * (LEFT + column) : 2 * (LEFT + column) + 2]
    found = looks[list(KINDS).index("dog"), row * COLUMNS + column]
    assert torch.corrcoef(torch.stack([found, cells.flatten()]))[0, 1] > 0.95
    assert looks.shape[1] == ROWS * COLUMNS


def test_a_vector_holds_a_parts_look_and_which_part_it_is() -> None:
    looks = torch.randn(3, PARTS, 8)
    vectors = as_vectors(looks, 64)
    ratio = vectors[..., :8] / looks
    assert ratio.std() < 1e-4 * ratio.mean()
    which = torch.nn.functional.normalize(vectors[0, :, 8:], dim=1)
    assert torch.allclose(which @ which.T, torch.eye(PARTS), atol=1e-4)
    assert torch.equal(vectors[0, :, 8:], vectors[2, :, 8:])


def test_looks_come_through_the_text_encoder_and_its_lesson_unaltered() -> None:
    torch.manual_seed(0)
    tokenizer = world_tokenizer()
    text = build_text_encoder(len(tokenizer))
    teach_looks(text, tokenizer, scenes(200), torch.randn(200, 12, *SIZE))
    parts = part_tokens(tokenizer) > 0
    written = text.shared.weight[parts].clone()
    teach_words(text, tokenizer, steps=20, seed=0, batch=8)
    assert torch.equal(text.shared.weight[parts], written)
    tokens = tokenize(tokenizer, ["a dog", "a blue dog in the desert at night, pixel art"])
    with torch.no_grad():
        states = encode_text(text, tokens)[parts[tokens.ids]]
    alone, dressed = states.view(2, PARTS, TEXT_DIM)
    first = PARTS * list(KINDS).index("dog")
    for state in (alone, dressed):
        assert torch.cosine_similarity(state, written[first : first + PARTS], dim=1).min() > 0.95


def test_attention_learns_to_look_up_the_part_that_belongs_to_a_token() -> None:
    torch.manual_seed(0)
    tokenizer = world_tokenizer()
    model = StarterModel(build_transformer(4, layers=2), build_text_encoder(len(tokenizer)), tokenizer)
    teach_looks(model.text, tokenizer, scenes(200), torch.randn(200, 4, *SIZE))
    trainer = Trainer(model, StarterModel.PLAIN, 0.02, 2e-3)
    captions = ["a dog in the snow", "the sea", "a red cube", "a cat and a bus"]
    tokens = model.tokens(captions)
    latents, control = torch.randn(4, 4, 1, *SIZE), torch.zeros(4, 72, 1, *SIZE)
    control[:, :, :, 0], control[:, :, :, :, 0] = 1, -1  # the picture's edges
    cover = torch.zeros(4, 1, *SIZE)
    cover[:, :, :10, 4:16] = 1  # where these looks, which are noise, are
    belongs = belonging(model.parts[tokens.ids], cover, boxes_of_looks(model.looks))

    def error() -> torch.Tensor:
        model(latents, torch.ones(4), tokens, control)
        found: torch.Tensor = model.readouts.lookup_error(belongs)
        return found

    before = error().detach()
    assert (before > 0).tolist() == [True, False, True, False]  # no subject, and two: nothing is asked
    for _ in range(25):
        error().mean().backward()
        trainer.step(0.0, warmup=1)
    assert error()[[0, 2]].max() < 0.6 * before[[0, 2]].min()


def _looks(tops: dict[int, tuple[int, int, int, int]]) -> torch.Tensor:
    """(2, PARTS, 4) looks that fill the cells of a box (top, left, height, width) of the native size each."""
    planes = torch.zeros(2, *SIZE)
    for kind, (top, left, high, wide) in tops.items():
        planes[kind, top : top + high, left : left + wide] = 1
    window = planes[:, 2 * TOP : 2 * (TOP + ROWS), 2 * LEFT : 2 * (LEFT + COLUMNS)]
    return window.unflatten(2, (COLUMNS, 2)).unflatten(1, (ROWS, 2)).permute(0, 1, 3, 2, 4).reshape(2, PARTS, 4)


def test_parts_belong_where_the_subject_is_at_any_place_but_of_its_looks_size() -> None:
    boxes = boxes_of_looks(_looks({0: (2, 8, 6, 4), 1: (4, 6, 4, 8)}))
    assert boxes.tolist() == [[5, 10, 6, 4], [6, 10, 4, 8]]
    parts = torch.zeros(4, PARTS + 3, dtype=torch.long)
    for clip, concept in enumerate((0, 1, 0)):  # the last names nobody
        parts[clip, 2 : 2 + PARTS] = 1 + PARTS * concept + torch.arange(PARTS)
    cover = torch.zeros(4, 3, 12, 16)
    cover[0, 0, 2:8, 6:10] = 1  # the first kind, two cells to the left of its look
    cover[0, 1, 4:10, 10:14] = 1  # and two down and two to the right
    cover[1, 0, 4:8, 6:14] = 1  # the second, in its place
    cover[2, 0, 2:5, 6:8] = 1  # too small
    cover[3, 0, 2:8, 6:10] = 1
    belongs = belonging(parts, cover, boxes)
    assert belongs.shape == (4, 3, 6, 8)
    # the patch whose cells are the look's third and fourth rows, ninth and tenth columns
    part = 2 + (1 - TOP) * COLUMNS + 4 - LEFT
    assert belongs[0, 0, 1, 3] == part and belongs[0, 1, 2, 5] == part and belongs[1, 0, 1, 4] == part
    assert (belongs[0, 2] == -1).all() and (belongs[1, 1:] == -1).all(), "there is no subject"
    assert (belongs[2:] == -1).all()
    assert belongs[0, 0].max() < 2 + PARTS and (belongs[0, 0] == -1).any()


def _clip(scene: Scene | None, size: tuple[int, int, int]) -> ClipLatents:
    clean = torch.full((2, *size), 1.0)
    return ClipLatents(scene, "none", clean, None, None, None, 0, (), torch.zeros(size))


def test_pictures_of_the_native_size_with_one_subject_are_looked_at() -> None:
    one, empty = Scene((Cast("cup"),), "room"), Scene((), "sea")
    two = replace(one, cast=(Cast("cup"), Cast("cat")))
    clips = [_clip(one, (1, 12, 20)), _clip(two, (1, 12, 20)), _clip(None, (1, 12, 20)), _clip(empty, (1, 12, 20)),
             _clip(one, (1, 16, 16)), _clip(one, (5, 12, 20))]  # fmt: skip
    found, latents = pictures_of_one([Shard(clips, torch.zeros(2, 1, 12, 20))])
    assert found == [one, empty] and latents.shape == (2, 2, 12, 20)
    with pytest.raises(InputError, match=re.escape("plain with --frames 1")):
        pictures_of_one([Shard(clips[4:], torch.zeros(2, 1, 16, 16))])


@pytest.fixture(scope="module")
def encoder() -> LatentEncoder:
    return small_encoder()


@pytest.mark.parametrize("frames", [1, 5])
def test_plain_clips_are_written_as_the_training_reads_them(
    tmp_path: Path, encoder: LatentEncoder, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    monkeypatch.setattr(plain, "AT_ONCE", {True: 3, False: 2})
    source = plain.PlainSource(1, small_library(tempfile.mkdtemp(prefix="small-things-")))
    plain.film_plain(source, encoder, tmp_path / "cache", frames, minutes=0)
    (path,) = (tmp_path / "cache").glob("*.pt")
    shard = load_shard(path)
    assert len(shard.clips) == (3 if frames == 1 else 2)
    latent = (1 + (frames - 1) // 4, NATIVE[1] // 8, NATIVE[0] // 8)
    assert shard.empty.shape == (4, *latent)
    for clip in shard.clips:
        assert clip.kind == "none" and clip.inactive is clip.reactive is clip.mask is None
        assert clip.latent_size == latent and clip.cover.shape == latent
        assert clip.scene is not None and {cast.subject for cast in clip.scene.cast} <= {"cube", "rocket", "ball"}
        assert clip.clean.std() > 0.01
        assert clip.origins is not None and clip.origins.shape == (2, latent[0], latent[1] // 2, latent[2] // 2, 2)
        assert bool((~clip.origins.isnan()).any()) == (frames > 1)
        assert frames > 1 or clip.scene.camera == "static"
        assert bool(clip.cover.any()) == bool(clip.scene.cast)


def test_the_camera_moves_in_half_of_the_clips_and_in_no_picture() -> None:
    source = plain.PlainSource(2, small_library(tempfile.mkdtemp(prefix="small-things-")))
    moving = [source._scene(still=False).camera != "static" for _ in range(80)]
    assert 25 <= sum(moving) <= 55
    assert all(source._scene(still=True).camera == "static" for _ in range(20))
