"""The starter's words: a tokenizer made from a list, and a small T5 encoder trained together with the transformer."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast, T5Tokenizer, UMT5Config, UMT5EncoderModel

from pipelines.starter.concepts import PARTS, expansion, part_number, parts_of

MAX_TOKENS = 40 + 2 * PARTS  # two subjects with all that can be said of them
TEXT_DIM = 128
_SPACE = "▁"


def build_tokenizer(
    words: Sequence[str], concepts: Mapping[str, Sequence[str]] = MappingProxyType({}), others: Sequence[str] = ()
) -> PreTrainedTokenizerFast:
    """A unigram tokenizer that knows `words` whole (with a capital or a comma too), spells out any other, and reads
    each of the words of one of the `concepts` as its name and its parts, but in `others`, which mean something else."""
    vocabulary: list[tuple[str, float]] = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -20.0)]
    pieces = [_SPACE, *(_SPACE + form for word in words for form in (word, word.capitalize()))]
    vocabulary += [(piece, -4.0) for piece in dict.fromkeys(pieces)]
    vocabulary += [(part, -4.0) for number in range(len(concepts)) for part in parts_of(number)]
    known = {piece for piece, _ in vocabulary}
    singles = string.ascii_letters + string.digits + ",.!?-'\"&:;()"
    vocabulary += [(letter, -12.0) for letter in singles if letter not in known]
    backend = T5Tokenizer(vocab=vocabulary, extra_ids=0).backend_tokenizer
    backend.normalizer = expansion(concepts, others)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=MAX_TOKENS
    )


def part_tokens(tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """(vocabulary,) int64: 0 for an ordinary token, else one more than the number of its part among those of all
    concepts."""
    return torch.tensor([1 + part_number(token) for token in tokenizer.convert_ids_to_tokens([*range(len(tokenizer))])])


def build_text_encoder(vocabulary_size: int) -> UMT5EncoderModel:
    """An untrained two-layer encoder of width TEXT_DIM."""
    config = UMT5Config(
        vocab_size=vocabulary_size,
        d_model=TEXT_DIM,
        d_kv=32,
        num_heads=4,
        d_ff=256,
        num_layers=2,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        relative_attention_num_buckets=16,
        relative_attention_max_distance=32,
    )
    encoder = UMT5EncoderModel(config)
    torch.nn.init.normal_(encoder.shared.weight, std=1.0)
    return encoder


class Tokens(NamedTuple):
    """Captions as numbers: `ids` (B, L), and `mask` (B, L), 1 for each caption's own."""

    ids: Tensor
    mask: Tensor


def tokenize(tokenizer: PreTrainedTokenizerFast, captions: Sequence[str]) -> Tokens:
    """The L tokens of each that the tokenizer's model reads."""
    found = tokenizer(
        list(captions), padding="max_length", max_length=tokenizer.model_max_length, truncation=True
    )  # fmt: skip
    return Tokens(torch.tensor(found.input_ids), torch.tensor(found.attention_mask))


def encode_text(encoder: UMT5EncoderModel, tokens: Tokens) -> Tensor:
    """(B, L, TEXT_DIM), zero beyond each caption's own tokens: what `WanVACEPipeline.encode_prompt` gives for them."""
    ids, mask = (part.to(encoder.device) for part in tokens)
    states: Tensor = encoder(ids, mask).last_hidden_state
    return states * mask[..., None].to(states.dtype)
