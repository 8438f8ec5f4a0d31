"""The words the starter reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from pipelines.starter.concepts import PARTS, parts_of
from pipelines.starter.diorama.captions import SUBJECT_WORDS, caption, known_words
from pipelines.starter.diorama.scenes import sample_scene
from pipelines.starter.export import PROMPTS
from pipelines.starter.text import MAX_TOKENS, build_tokenizer, part_tokens
from pipelines.starter.vocabulary import KEPT_WORDS, OTHER_WORDS, all_words, shown_words, world_tokenizer


def test_every_word_of_the_captions_and_every_other_of_the_list_is_one_token() -> None:
    words = all_words()
    assert len(words) == len(set(words))
    assert {*known_words(), *KEPT_WORDS, *OTHER_WORDS} <= set(words)
    tokenizer = build_tokenizer(words)
    assert all(len(tokenizer(word).input_ids) == 2 for word in words)


def test_the_prompts_a_model_suggests_are_of_words_it_was_shown() -> None:
    words = {word.lower() for word in shown_words()}
    assert {"of", "the", "and"} <= words
    for prompt in PROMPTS:
        assert {word.strip(",") for word in prompt.lower().split()} <= words, prompt


def test_what_can_be_said_of_two_subjects_is_read_to_its_end() -> None:
    tokenizer, rng = world_tokenizer(), np.random.default_rng(0)
    lengths = [len(tokenizer(caption(sample_scene(rng), rng, forget=0.0)).input_ids) for _ in range(1500)]
    assert max(lengths) <= MAX_TOKENS
    assert max(lengths) > MAX_TOKENS - 16


def _read(prompt: str) -> str:
    """A prompt as it is read, with `*` for the parts of a concept."""
    tokenizer = world_tokenizer()
    said = tokenizer.convert_ids_to_tokens(tokenizer(prompt).input_ids)
    for number, name in enumerate(SUBJECT_WORDS):
        last = name.split()[-1]
        said = "|".join(said).replace("|".join((last, *parts_of(number))), last + "*").split("|")
    return "".join(said).replace("▁", " ").removesuffix("</s>").strip()


@pytest.mark.parametrize(
    ("prompt", "read"),
    [
        ("a red dog", "a red dog*"),
        ("A Puppy, and the cat.", "A dog*, and the cat*."),
        ("a rocket ship by the ship", "a rocket* by the boat*"),
        ("two dogs at a birdhouse", "two dogs at a birdhouse"),
        ("a teddy bear and a plush bear", "a teddy bear* and a teddy bear*"),
        ("an alarm clock on the table", "an clock* on the table*"),
        ("the sea at night", "the sea at night"),
        ("a cup in a house, truck left", "a cup* in a house, truck left"),
    ],
)
def test_every_word_for_a_subject_is_read_as_its_name_and_its_looks_parts(prompt: str, read: str) -> None:
    assert _read(prompt) == read


def test_a_saved_tokenizer_reads_as_the_one_it_was(tmp_path: Path) -> None:
    tokenizer = world_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    for again in (AutoTokenizer.from_pretrained(tmp_path), type(tokenizer).from_pretrained(tmp_path)):
        assert again("a kitten and a bus").input_ids == tokenizer("a kitten and a bus").input_ids
    assert part_tokens(tokenizer).sort().values[-PARTS * len(SUBJECT_WORDS) :].diff().eq(1).all()
    assert (part_tokens(tokenizer) > 0).sum() == PARTS * len(SUBJECT_WORDS)
