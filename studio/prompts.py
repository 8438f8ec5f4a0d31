"""What is said of a prompt that comes near the end of what its model reads, or runs past it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from pipelines.board import MAX_PANELS, shot_prompt
from pipelines.checkpoints import ModelInfo
from pipelines.motion.told import words_read
from pipelines.presets import style_named
from pipelines.tokens import Measure, measure
from pipelines.types import Prompt
from studio import labels, tab_words, words
from studio.flags import spoken

FIRST_LOST = 5  # words
Prompts = Mapping[str, str]  # by field, as `VideoPipeline.prompts` gives them


class Typed(BaseModel):
    """The prompts of a tab as they are while somebody types: `more` are further ones, each with its own clip;
    `begun`: the clip begins with a picture; `restyled`: it is a source's in a new look."""

    prompt: Prompt = ""
    negative_prompt: Prompt = ""
    panels: Annotated[list[Prompt], Field(max_length=MAX_PANELS)] = []
    more: Annotated[list[Prompt], Field(max_length=MAX_PANELS)] = []
    begun: bool = False
    restyled: bool = False

    def prompts(self) -> dict[str, str]:
        """By field, without their flags, as they would be read."""
        main = spoken(self.prompt)
        shots = {f"panels.{index}.prompt": shot_prompt(panel, main) for index, panel in enumerate(self.panels)}
        looks = {f"looks.{index}": look for index, look in enumerate(self.more)}
        return (shots or {"prompt": main}) | {"negative_prompt": self.negative_prompt} | looks


def remarks(prompts: Prompts, info: ModelInfo) -> list[str]:
    """A line for each prompt near the limit or past it."""
    return [_line(field, found) for field, found in _measured(prompts, info) if found.is_near]


def read_beside(typed: Typed, info: ModelInfo) -> list[str]:
    """The words that need not be known to the model, in lower case: they move a picture, or name a style."""
    found: set[str] = set()
    for field, prompt in typed.prompts().items():
        if field == "negative_prompt":
            continue
        if typed.begun and info.approach:
            found |= words_read(prompt)
        if typed.restyled and not typed.panels and (named := style_named(prompt)):
            found |= set(named[1].lower().replace("-", " ").split())
    return sorted(found)


def cuts(prompts: Prompts, info: ModelInfo) -> list[str]:
    """A line for each prompt whose end the model does not read."""
    return [_line(field, found) for field, found in _measured(prompts, info) if found.lost]


def _measured(prompts: Prompts, info: ModelInfo) -> Iterator[tuple[str, Measure]]:
    for field, prompt in prompts.items():
        found = measure(prompt, info)
        if found is not None:
            yield field, found


def _line(field: str, found: Measure) -> str:
    facts = {"name": _name(field), "tokens": found.tokens, "limit": found.limit}
    if not found.lost:
        return words.TOKENS.format(**facts)
    lost = found.lost.split()
    first = " ".join(lost[:FIRST_LOST]) + (" …" if len(lost) > FIRST_LOST else "")
    return words.TOKENS_CUT.format(**facts, words=first)


def _name(field: str) -> str:
    """What a person calls the place a prompt was typed in."""
    group, *rest = field.split(".")
    if not rest:
        return labels.label(field)
    numbered = tab_words.BOARD_PANEL if group == "panels" else tab_words.LOOK_NUMBER
    return numbered.format(number=int(rest[0]) + 1)
