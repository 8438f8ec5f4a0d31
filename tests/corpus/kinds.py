"""What a class of the corpus is: which file or value somebody might bring, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

SEED = 1  # of everything random in here

# refused     one sentence before anything is queued: the file's name, the rule, what to do; within two seconds
# taken       brought into the one form the rest of the studio knows; the clip is made
# turned away an HTTP status: too much for this studio, or not this person's
# survived    refused or taken, it does not matter which: in little memory and time, and the studio goes on
Outcome = Literal["refused", "taken", "turned away", "survived"]
Into = Literal[
    "image", "video", "mask", "adapter", "name", "prompt", "call", "house"
]  # a call to a studio of one person, or of several


@dataclass(frozen=True)
class Place:
    """Where files are made. `canary`: a file beside them that nothing may read; `trap`: an address nothing may call."""

    folder: Path
    canary: Path
    trap: str

    def write(self, name: str, data: bytes) -> Path:
        """A file with that content."""
        path = self.folder / name
        path.write_bytes(data)
        return path


@dataclass(frozen=True)
class Case:
    """One class.

    what      it, in one plain sentence
    into      which input of the studio gets it
    make      one or more variants: files, or for prompts, names and calls the values themselves
    says      what the refusal must say, a regular expression
    confined  it asks for another file or host, and must not get it
    late      it is refused by the worker and not before: the job ends with the sentence
    why       why the outcome is this one, where somebody might expect another
    missing   why no variant can be made here; then nothing is run
    """

    id: str
    what: str
    outcome: Outcome
    into: Into
    make: Callable[..., Sequence[Any]]
    says: str = ""
    confined: bool = False
    late: bool = False
    why: str = ""
    missing: str = ""


class Table(list[Case]):
    """The classes of one group, in order; `row` adds the function below it as one."""

    def __init__(self, into: Into) -> None:
        super().__init__()
        self.into = into

    def row(self, id: str, what: str, outcome: Outcome, **more: Any) -> Callable[[Any], Any]:
        """A decorator for the function that makes the variants of one class."""

        def add(make: Any) -> Any:
            self.append(Case(id, what, outcome, more.pop("into", self.into), make, **more))
            return make

        return add


def noise(count: int) -> bytes:
    """Random bytes, always the same."""
    return np.random.default_rng(SEED).bytes(count)
