"""What a model of the world is asked: 200 scenes with pairs that training never draws, or anybody's own words.

The scenes are the same in every edition: where a choice is free, what was chosen least so far is next, and a hash of
its name decides between equals.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from pipelines.errors import InputError
from pipelines.starter.diorama.captions import AMBIENT, AMOUNTS, NIGHT_STREET, OPENINGS, TABLES, plain_caption
from pipelines.starter.diorama.scenes import CAMERAS, LIGHTS, LOOKS, MOTIONS, PLACES, Cast, Scene, pair_held_out
from pipelines.starter.diorama.subjects import COLOURS, KINDS

T = TypeVar("T")
COUNT = 200
AMOUNT = 0.75  # how much subjects and cameras move: so much that no word need say it
PROMPT_SEEDS = 2**33  # details of these scenes begin here; training's lie below 2**31, the judge's between
QUESTIONS = {
    "subjects": "subject", "colours": "colour", "places": "place", "lights": "light", "motions": "motion",
    "cameras": "camera", "looks": "look",
}  # fmt: skip
_ASKED_ALONE = ("subject", "colour", "place", "light", "look")
DIRECTIONS = ("left", "right", "towards", "away", "rising", "falling")
_SMALL_WORDS = "a an the and in dressed landscape empty scene object".split()


@dataclass(frozen=True)
class Wish:
    """A prompt, and the answer it wants to each question it decides: subject, colour, place, light, motion, camera,
    look."""

    prompt: str
    wanted: dict[str, str]

    def rows(self) -> dict[str, tuple[str, str]]:
        """What a table asks of an answer: by row, the question and the answer wanted. What a subject does is asked
        where the camera stands still, what the camera does where the subject does; a direction is a row of its own."""
        asked = {name: (name, self.wanted[name]) for name in _ASKED_ALONE if name in self.wanted}
        motion, camera = self.wanted.get("motion", "still"), self.wanted.get("camera", "static")
        if motion != "still" and camera == "static":
            asked["direction" if motion in DIRECTIONS else "action"] = ("motion", motion)
        if motion == "still" and "camera" in self.wanted:
            asked["camera"] = ("camera", camera)
        return asked


def wish_of(scene: Scene) -> Wish:
    """What a scene's plain caption wants; with two subjects, nothing of them."""
    wanted = {"place": scene.place, "light": scene.light, "camera": scene.camera, "look": scene.look}
    if len(scene.cast) == 1:
        cast = scene.cast[0]
        wanted |= {"subject": cast.subject, "motion": cast.motion}
        wanted |= {"colour": cast.colour} if cast.colour else {}
    return Wish(plain_caption(scene), wanted)


def understood(prompt: str) -> Wish:
    """What the words of a prompt want, longest phrases first. Of two different answers to a question neither is wanted.
    Raises InputError for words that the world does not know."""
    rest = " ".join(re.findall(r"[a-z0-9]+", prompt.lower()))
    found: dict[str, set[str]] = {}
    for phrase, question, answer in _phrases():
        rest, times = re.subn(rf"\b{phrase}\b", "|", rest)
        if times and question:
            found.setdefault(question, set()).add(answer)
    unknown = sorted(set(re.findall(r"[a-z0-9]+", rest)) - set(_SMALL_WORDS))
    if unknown:
        raise InputError(f"The prompt “{prompt}” has words that the world does not know: {', '.join(unknown)}.")
    wanted = {question: answers.pop() for question, answers in found.items() if len(answers) == 1}
    if len(found.get("subject", ())) > 1:  # it is not known whose colour and motion these are
        wanted = {question: answer for question, answer in wanted.items() if question not in ("colour", "motion")}
    return Wish(prompt, wanted)


@cache
def _phrases() -> list[tuple[str, str, str]]:
    """Every phrase with the question it answers and the answer, long ones first; small talk answers none."""
    known = [
        (phrase, QUESTIONS[kind], answer)
        for kind, words in TABLES.items()
        for answer, phrases in words.items()
        for phrase in phrases
    ]
    talk = (*OPENINGS, *NIGHT_STREET, *(word for side in AMOUNTS for word in side))
    ambient = tuple(phrase for phrases in AMBIENT.values() for phrase in phrases)
    known += [(phrase, "", "") for phrase in (*talk, *ambient)]
    return sorted(known, key=lambda entry: -len(entry[0].split()))


def held_out_scenes(count: int = COUNT) -> tuple[Scene, ...]:
    """So many scenes of one subject, each with a colour or a place that training never draws it with. The first of more
    are those of fewer. Subjects, colours, places, lights and looks come up as evenly as the pairs allow; by turns the
    subject moves, in each of its ways, and the camera does."""
    chooser = _Evenly()
    return tuple(_scene(number, chooser) for number in range(count))


def _scene(number: int, chooser: _Evenly) -> Scene:
    subject = chooser.least(number, "subject", [name for name in KINDS if _pairs(name)])
    kind, trait = chooser.least(number, f"pair of {subject}", _pairs(subject))
    colour = trait if kind == "colour" else chooser.least(number, "colour", tuple(COLOURS))
    place = trait if kind == "place" else chooser.least(number, "place", PLACES)
    chooser.count(colour=trait if kind == "colour" else None, place=trait if kind == "place" else None)
    light = "night" if place == "space" else chooser.least(number, "light", LIGHTS[:3] if place == "room" else LIGHTS)
    motion, camera = "still", "static"
    if number % 2:
        camera = chooser.least(number, "camera", CAMERAS)
    else:
        able = [motion for motion in MOTIONS if motion != "walking" or KINDS[subject].walks]
        motion = chooser.least(number, "motion", able)
    look = chooser.least(number, "look", LOOKS)
    cast = Cast(subject, colour, motion, AMOUNT)
    return Scene((cast,), place, light, camera, AMOUNT, look, PROMPT_SEEDS + number)


@cache
def _pairs(subject: str) -> tuple[tuple[str, str], ...]:
    """The colours and places that training never draws a subject in."""
    traits: Iterable[tuple[str, str]] = (*(("colour", c) for c in COLOURS), *(("place", p) for p in PLACES))
    return tuple(pair for pair in traits if pair_held_out(pair[1], subject))


class _Evenly:
    """Chooses what was chosen least."""

    def __init__(self) -> None:
        self._used: dict[str, Counter[object]] = {}

    def least(self, number: int, name: str, options: Sequence[T]) -> T:
        """One of the options that came up least under this name; it counts from now on."""
        used = self._used.setdefault(name, Counter())
        chosen = min(options, key=lambda option: (used[option], zlib.crc32(f"{number}/{name}/{option}".encode())))
        used[chosen] += 1
        return chosen

    def count(self, **chosen: str | None) -> None:
        """What was not free counts too."""
        for name, option in chosen.items():
            if option is not None:
                self._used.setdefault(name, Counter())[option] += 1
