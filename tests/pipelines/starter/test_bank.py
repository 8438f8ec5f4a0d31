"""Batches are what the model is shown in use, for many clips at once."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from pipelines.model import LatentVideoModel
from pipelines.starter.bank import Batches, ClipBank, Shards
from pipelines.starter.clips import (
    ClipLatents,
    LatentEncoder,
    Shard,
    encode_clips,
    encode_drawn,
    packed_bits,
    unpacked_bits,
)
from pipelines.starter.conditioning import task_for
from pipelines.starter.diorama.captions import LOOK
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.exercises import LENGTHS, NATIVE, SIZES, Exercise, Shape, draw, drawn, latent_cover, sample_shape
from pipelines.starter.orders import Reference
from pipelines.starter.readouts import OPTIONS
from pipelines.starter.shots import Shot
from pipelines.starter.vocabulary import world_tokenizer
from pipelines.types import Conditioning
from tests.pipelines.starter.diorama.stages import CUBE
from tests.pipelines.starter.shooting import Kept, shot, small_source
from tests.tiny import tiny_info


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(tiny_info(), "cpu")


@pytest.fixture(scope="module")
def encoder(model: LatentVideoModel) -> Iterator[LatentEncoder]:
    """In full precision, as in use: how far bfloat16 is off differs from processor to processor."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.starter.clips.half_precision", lambda device: nullcontext())
        yield LatentEncoder(model._vae)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return world_tokenizer()


def exercise(made: Shot) -> Exercise:
    return Exercise(made.order.scene, made.frames, task_for(made), latent_cover(made.masks))


@pytest.mark.parametrize("kind", ["none", "given", "warped", "structure", "keyed", "mask"])
def test_a_batch_is_what_the_model_is_shown_in_use(
    model: LatentVideoModel,
    encoder: LatentEncoder,
    tokenizer: PreTrainedTokenizerFast,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr("pipelines.starter.bank.DROP_CONTROL", 0.0)
    monkeypatch.setattr("pipelines.starter.bank.REFERENCED", (0.0, 0.0, 1.0, 0.0))
    beside = (Reference(CUBE, 0, 0), Reference(CUBE, LOOK))
    made = shot(kind, size=(64, 32), references=beside)
    task = task_for(made)
    asked = Conditioning(
        9, 32, 64, prompt="", video=task.video, mask=task.mask, hold=task.hold,
        reference_images=tuple(picture for _, picture in task.references),
    )  # fmt: skip
    wanted = model.encode(asked)
    bank = ClipBank(Kept(encode_clips([exercise(made)], encoder, 1)), tokenizer, 0, tokens=1)
    assert bank.refresh() == 1
    batch = bank.batch(still=0.0, short=0.0).on("cpu")
    assert batch.references == 2 and batch.clean.shape == (4, 4, 5, 4, 8)
    assert torch.allclose(batch.control[0], wanted.control[0], atol=0.004)
    held = 0 if wanted.known is None else wanted.known.shape[2]
    assert batch.held.tolist() == [held] * 4
    if wanted.known is not None:
        assert torch.allclose(batch.clean[0, :, 2 : 2 + held], wanted.known[0], atol=0.004)


def test_a_clip_cut_short_is_the_shorter_clip(
    encoder: LatentEncoder, model: LatentVideoModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    made = shot("given", size=(64, 32), frames=17)
    asked_for = exercise(dataclasses.replace(made, order=dataclasses.replace(made.order, seed=1)))
    task = asked_for.task
    bank = ClipBank(Kept(encode_clips([asked_for], encoder, 1)), tokenizer, 3, tokens=1)
    bank.refresh()
    lengths = set()
    assert task.video is not None and task.mask is not None
    for _ in range(20):
        batch = bank.batch(still=0.0, short=1.0).on("cpu")
        frames = (batch.clean.shape[2] - 1) * 4 + 1
        lengths.add(frames)
        known = [i for i, kind in enumerate(batch.kinds) if kind.startswith("given")]
        asked = Conditioning(frames, 32, 64, prompt="", video=task.video[:frames], mask=task.mask[:frames])
        if known and not batch.references:
            # a longer clip's empty stream differs a little past the first frame from a shorter one's
            assert torch.allclose(batch.control[known[0]], model.encode(asked).control[0], atol=0.004)
    assert lengths == {5, 9, 13}


def test_what_references_tell_is_often_left_unsaid(
    encoder: LatentEncoder, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.starter.bank.REFERENCED", (0.0, 1.0, 0.0, 0.0))
    monkeypatch.setattr("pipelines.starter.bank.UNNAMED", 1.0)
    made = shot("none", size=(64, 32), frames=5, references=(Reference(CUBE, 0, 0),))
    bank = ClipBank(Kept(encode_clips([exercise(made)], encoder, 1)), tokenizer, 0, tokens=400)
    bank.refresh()
    captions = bank.batch(still=0.0, short=0.0).captions
    assert any("object" in caption for caption in captions) and any(caption == "" for caption in captions)
    assert not any("cube" in caption or "red" in caption for caption in captions)


@pytest.mark.parametrize(
    ("camera", "place", "motion", "usual"),
    [
        ("zoom in", "room", "still", 0.85), ("static", "beach", "still", 0.85), ("static", "room", "still", 0.12),
        ("pan left", "beach", "still", 0.12), ("zoom in", "beach", "left", 0.12),
    ],
)  # fmt: skip
def test_a_picture_without_words_mostly_goes_on_calmly(
    encoder: LatentEncoder, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch,
    camera: str, place: str, motion: str, usual: float,
) -> None:  # fmt: skip
    monkeypatch.setattr("pipelines.starter.bank.REFERENCED", (1.0, 0.0, 0.0, 0.0))
    monkeypatch.setattr("pipelines.starter.bank.DROP_CONTROL", 0.0)
    cast = (dataclasses.replace(CUBE.cast[0], motion=motion),)
    scene = dataclasses.replace(CUBE, cast=cast, place=place, camera=camera)
    made = exercise(shot("given", size=(64, 32), frames=5))
    clips = encode_clips([dataclasses.replace(made, scene=scene)], encoder, 1)
    bank = ClipBank(Kept(clips), tokenizer, 0, tokens=4800)
    bank.refresh()
    captions = [caption for _ in range(4) for caption in bank.batch(still=0.0, short=0.0).captions]
    assert len(captions) >= 300
    assert abs(np.mean([caption == "" for caption in captions]) - usual) < 0.1


def test_bits_of_a_mask_come_back() -> None:
    mask = (np.random.default_rng(0).random((3, 8, 16)) > 0.5).astype(np.uint8) * 255
    assert torch.equal(unpacked_bits(packed_bits(mask)), torch.from_numpy(mask).float() / 255)


def test_what_is_drawn_is_encoded_and_picked_up_while_in_use(
    tmp_path: Path, encoder: LatentEncoder, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.starter.bank.LOOK_AGAIN", 0.0)
    source, cache = small_source(), tmp_path / "cache"

    def more(shape: Shape, count: int) -> None:
        draw(source, tmp_path / "drawn", 0.0, lambda _: shape, count)
        assert len(drawn(tmp_path / "drawn")) == 1
        encode_drawn(tmp_path / "drawn", encoder, cache, 0.0)
        assert not drawn(tmp_path / "drawn")

    more(((64, 32), 5), 3)
    bank = ClipBank(Shards(cache), tokenizer, 0, tokens=1600)
    assert bank.refresh() == 3
    more(((32, 64), 1), 2)
    assert bank.refresh() == 5
    assert set(bank.groups) == {(2, 4, 8), (1, 8, 4)}
    batch = bank.batch(still=1.0, short=0.0).on("cpu")
    assert batch.clean.shape[2] - batch.references == 1
    assert batch.labels.shape == (len(batch.kinds), sum(OPTIONS))
    assert batch.tokens.ids.shape == batch.tokens.mask.shape == (len(batch.kinds), tokenizer.model_max_length)


def test_more_parts_than_clips_make_a_batch(
    encoder: LatentEncoder, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.starter.parts.SIDE", 2)
    monkeypatch.setattr("pipelines.starter.bank.REFERENCED", (0.0, 1.0, 0.0, 0.0))
    monkeypatch.setattr("pipelines.starter.bank.CAPTION", 2)
    made = shot("mask", size=(64, 32), frames=5, references=(Reference(CUBE, 0, 0),))
    bank = ClipBank(Kept(encode_clips([exercise(made)], encoder, 1)), tokenizer, 0, tokens=160)
    bank.refresh()
    clips, parts = bank.batch(0.0, 0.0).on("cpu"), bank.batch(0.0, 0.0, parts=1.0).on("cpu")
    assert clips.whole and clips.references == 1 and clips.clean.shape == (6, 4, 3, 4, 8)
    assert not parts.whole and parts.references == 0 and parts.clean.shape == (40, 4, 2, 2, 2)
    assert set(parts.kinds) == {"mask in part", "none in part"}


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_follow_what_is_asked_of_them_whoever_makes_them(
    tmp_path: Path, encoder: LatentEncoder, tokenizer: PreTrainedTokenizerFast, workers: int
) -> None:
    for frames in (1, 5):
        draw(small_source(), tmp_path / "drawn", 0.0, lambda _, frames=frames: ((32, 32), frames), 2)
    encode_drawn(tmp_path / "drawn", encoder, tmp_path / "cache", 0.0)
    batches = Batches(tmp_path / "cache", tokenizer, 8, still=1.0, short=0.0, parts=1.0)
    made = batches.on("cpu", workers)
    first = next(made)
    assert first.clean.shape[2] - first.references == 1
    batches.still.fill_(0.0)
    *_, last = itertools.islice(made, 4 * workers + 1)
    assert last.clean.shape[2] - last.references == 2 and not first.whole and not last.whole


def test_drawing_waits_for_what_is_drawn_to_be_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.starter.exercises.BACKLOG", 1)
    folder = tmp_path / "drawn"
    waits: list[float] = []

    def encoded(seconds: float) -> None:
        waits.append(seconds)
        for path in drawn(folder):
            path.unlink()

    monkeypatch.setattr("pipelines.starter.exercises.time.sleep", encoded)
    for _ in range(2):
        draw(small_source(), folder, 0.0, lambda _: ((32, 32), 1), 1)
    assert len(waits) == 1


def test_the_mix_has_the_six_shapes_of_the_studio_and_lengths_up_to_25() -> None:
    info = dataclasses.replace(tiny_info(), width=NATIVE[0], height=NATIVE[1])
    aspects = (16 / 9, 9 / 16, 1.0, 4 / 3, 3 / 4, 21 / 9)
    assert {NATIVE, *(info.size_for(aspect) for aspect in aspects)} == set(SIZES)
    rng = np.random.default_rng(0)
    shapes = {sample_shape(rng) for _ in range(4000)}
    assert shapes == {(size, frames) for size in SIZES for frames in LENGTHS}
    assert max(LENGTHS) == 25 and min(LENGTHS) == 1


def test_clips_whose_camera_moves_are_picked_more_often(tokenizer: PreTrainedTokenizerFast) -> None:
    size = (3, 4, 4)

    def clip(camera: str, value: float) -> ClipLatents:
        scene = Scene((), "sea", camera=camera)
        return ClipLatents(scene, "none", torch.full((4, *size), value), None, None, None, 0, (), torch.zeros(size))

    bank = ClipBank(
        Kept(Shard([clip("static", 0.0), clip("roll left", 1.0)], torch.zeros(4, *size))), tokenizer, 0, 1200
    )
    bank.refresh()
    picked = torch.cat([bank.batch(0.0, 0.0).clean.mean(dim=(1, 2, 3, 4)) for _ in range(12)])
    assert len(picked) > 300 and 0.6 < picked.mean() < 0.74
