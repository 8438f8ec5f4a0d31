"""The words a new edition reads."""

from __future__ import annotations

import numpy as np

from pipelines.starter import captions as present
from pipelines.starter.diorama.captions import caption, known_words
from pipelines.starter.diorama.scenes import sample_scene
from pipelines.starter.export import PROMPTS
from pipelines.starter.text import MAX_TOKENS, build_tokenizer
from pipelines.starter.vocabulary import all_words, shown_words


def test_every_word_of_both_worlds_is_one_token() -> None:
    words = all_words()
    assert len(words) == len(set(words))
    old = {
        word for table in present.TABLES.values() for phrases in table.values() for p in phrases for word in p.split()
    }
    assert set(known_words()) | old <= set(words)
    tokenizer = build_tokenizer(words)
    assert all(len(tokenizer(word).input_ids) == 2 for word in (*old, *known_words()))


def test_the_prompts_a_model_suggests_are_of_words_it_was_shown() -> None:
    words = {word.lower() for word in shown_words()}
    assert {"of", "the", "and"} <= words
    for prompt in PROMPTS:
        assert {word.strip(",") for word in prompt.lower().split()} <= words, prompt


def test_what_can_be_said_of_two_subjects_is_read_to_its_end() -> None:
    tokenizer, rng = build_tokenizer(all_words()), np.random.default_rng(0)
    lengths = [len(tokenizer(caption(sample_scene(rng), rng, forget=0.0)).input_ids) for _ in range(1500)]
    assert max(lengths) <= MAX_TOKENS
    assert max(lengths) > MAX_TOKENS - 16
