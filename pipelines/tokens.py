"""How many tokens a prompt has, and which of its words fall off: read from the model's tokenizer, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.checkpoints import ModelInfo

NEAR = 0.8  # of the limit: from here on the count is worth saying


@dataclass(frozen=True)
class Measure:
    """A prompt as its model reads it. `tokens` counts the closing one; `lost` is what lies past `limit`, as written."""

    tokens: int
    limit: int
    lost: str = ""

    @property
    def is_near(self) -> bool:
        """Whether not much more can be said."""
        return self.tokens >= NEAR * self.limit


def measure(prompt: str, info: ModelInfo) -> Measure | None:
    """The prompt's tokens; None where it is short for certain, or the model has no tokenizer.json to count with."""
    limit, prompt = info.max_prompt_tokens, " ".join(prompt.split())
    # every token stands for a byte at least, but for the one that opens the prompt and the one that closes it; where
    # words are known to bring pictures with them, a short one may be many tokens
    if not info.knows and len(prompt.encode()) + 2 < NEAR * limit:
        return None
    path = info.folder / "tokenizer" / "tokenizer.json"
    tokenizer = _tokenizer(path, path.stat().st_mtime_ns) if path.is_file() else None
    if tokenizer is None:
        return None
    found = tokenizer.encode(prompt)
    room = limit - sum(found.special_tokens_mask)  # the closing token is kept whatever is cut
    return Measure(len(found.ids), limit, _from_word(prompt, found.offsets[room][0]) if len(found.ids) > limit else "")


def _from_word(prompt: str, start: int) -> str:
    """The prompt from the word on that `start` lies in: half a word is no word."""
    while start and not prompt[start - 1].isspace() and not prompt[start].isspace():
        start -= 1
    return prompt[start:].strip()


@lru_cache(maxsize=2)
def _tokenizer(path: Path, _changed: int) -> Any:
    """The tokenizer in a file, or None where that is damaged: the worker says so when it loads the model."""
    from tokenizers import Tokenizer

    text = path.read_text("utf-8")
    try:
        json.loads(text)  # its own errors are no narrower than Exception
    except ValueError:
        return None
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
