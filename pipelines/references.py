"""Pictures that have a name: `@name` in a prompt stands for what the picture shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from pipelines.errors import InputError
from pipelines.media.images import read_image
from pipelines.settings import ImageFile, Settings
from pipelines.types import Frame, Prompt

MAX_REFERENCES = 3  # pictures a WanVACE model was trained with, at most
_NAME = r"[A-Za-z][A-Za-z0-9_-]{0,31}"
_MENTION = re.compile(rf"(?<![\w@.])@({_NAME})")


class Reference(Settings):
    """A picture of somebody or something, and what it is called in the prompt."""

    image: ImageFile = Field(description="the picture")
    name: Annotated[str, StringConstraints(pattern=rf"^{_NAME}$")] = Field(description="its name, which follows an @")
    description: Prompt = Field("", description="the words that stand in place of its name; the name if left out")

    @property
    def words(self) -> str:
        """What the model reads where the prompt has its name."""
        return self.description.strip() or re.sub("[_-]+", " ", self.name).strip()


References = tuple[Reference, ...]


def check_references(references: References, prompt: str) -> None:
    """Raise InputError unless every name is given once and used, and every name used is given; MediaError."""
    names = [reference.name.lower() for reference in references]
    called = [name.lower() for name in _MENTION.findall(prompt)]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"Two references are called @{name}. Give each a name of its own.")
        if name not in called:
            raise InputError(f"The prompt does not mention @{name}. Say what it does, or leave that reference out.")
    for name in called:
        if name not in names:
            known = f"There are {', '.join(f'@{each}' for each in names)}." if names else "There are none."
            raise InputError(f"No reference is called @{name}. {known} Add its picture, or write it without the @.")
    for reference in references:
        read_image(Path(reference.image))


def in_words(prompt: str, references: References) -> str:
    """The prompt with the words of each reference in place of its name."""
    words = {reference.name.lower(): reference.words for reference in references}
    return _MENTION.sub(lambda found: words[found.group(1).lower()], prompt)


def pictures_of(references: References) -> tuple[Frame, ...]:
    """The pictures in the order they were given, (h, w, 3) uint8 each."""
    return tuple(read_image(Path(reference.image)) for reference in references)
