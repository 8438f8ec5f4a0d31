"""All that scenes can show, loaded once: things from all around, grounds, backdrops, skies, and photographed places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pipelines.starter.atlas.keeping import Facts, Thing, panoramas, things
from pipelines.starter.diorama import backdrops, firmament, surfaces
from pipelines.starter.diorama.subjects import PEOPLE
from pipelines.starter.diorama.textures import Texels, Textures, TextureShelf, mean_colour, paint

SEED = 20_261
VARIANTS = 3  # of each ground and backdrop
SKIES = (("day", 0.0), ("day", 0.35), ("day", 0.6), ("sunset", 0.0), ("sunset", 0.4), ("night", 0.0), ("night", 0.3),
         ("grey", 0.3), ("grey", 0.7))  # fmt: skip
RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Shown:
    """A thing and the number of its first view's picture; its others follow."""

    facts: Facts
    picture: int


@dataclass(frozen=True, eq=False)
class Library:
    """`things` by the word they stand for, `pictures` by name, each with its variants; `flat` the mean colour of every
    picture by its number."""

    textures: Textures
    things: dict[str, tuple[Shown, ...]]
    pictures: dict[str, tuple[int, ...]]
    flat: tuple[RGB, ...]

    def shows(self, subject: str) -> bool:
        """Whether it has something that stands for this word."""
        return any(self.things.get(kind) for kind in (PEOPLE if subject == "person" else (subject,)))

    def to(self, device: str | torch.device) -> Library:
        """The same with its textures on another device."""
        return Library(self.textures.to(device), self.things, self.pictures, self.flat)


def open_library(path: Path) -> Library:
    """The library of the file that `make world` made. Raises MediaError where there is none."""
    around = {f"around {name}": [paint(picture / 255.0)] for name, picture in panoramas(path).items()}
    return library_of(things(path), around)


def library_of(
    found: Sequence[Thing], more: dict[str, list[Texels]] | None = None, variants: int = VARIANTS
) -> Library:
    """A library of these things, so many variants of each ground and backdrop, skies as always, and `more` pictures by
    name."""
    shelf, flat = TextureShelf(), []

    def add(texels: Texels) -> int:
        flat.append(mean_colour(texels))
        return shelf.add(texels)

    named: dict[str, tuple[int, ...]] = {}
    for name, make in {**surfaces.MAKERS, **backdrops.MAKERS}.items():
        rng = np.random.default_rng([SEED, *name.encode()])
        named[name] = tuple(add(make(rng)) for _ in range(variants))
    rng = np.random.default_rng(SEED)
    for light in firmament.LIGHTS:
        clouds = [amount for of, amount in SKIES if of == light]
        named[f"sky {light}"] = tuple(add(firmament.sky(rng, light, amount)) for amount in clouds)
    named["sky space"] = tuple(add(firmament.space(rng)) for _ in range(VARIANTS))
    for name, pictures in (more or {}).items():
        named[name] = tuple(add(texels) for texels in pictures)
    shown: dict[str, list[Shown]] = {}
    for thing in found:
        first, *_ = [add(view) for view in thing.texels]
        shown.setdefault(thing.facts.subject, []).append(Shown(thing.facts, first))
    return Library(shelf.done(), {word: tuple(these) for word, these in shown.items()}, named, tuple(flat))
