"""What the subject of a picture does, told in words such as "moving slowly to the left", as a brush would give it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from pipelines.motion.brush import Movement
from pipelines.motion.spoken import HOW, forms, how_much, within_reach
from pipelines.motion.warp import Floats

HOPS = 1.25  # a second
HEIGHT = 0.3  # of the shorter side, at 10
GROWS = SWAYS = 2  # times the adverb's: growth and sway at a slider's 5 hardly show in two seconds
RESTS = 2.0  # how much something sways that is told to rest: a clip, not a still


class Deed(Movement):
    """A movement that may also hop, which no slider gives."""

    hop: float = Field(0.0, ge=0, le=10, description="how high it hops")

    @property
    def is_none(self) -> bool:
        return not self.hop and super().is_none

    @property
    def travels(self) -> bool:
        """Whether it leaves its place, or takes up more or less of it."""
        return bool(self.horizontal or self.vertical or self.proximity)

    def way(self, width: int, height: int, since: float, until: float) -> Floats:
        lifted = _lift(until) - _lift(since)
        up = np.array((0, self.hop / 10 * HEIGHT * min(width, height) * lifted), np.float32)
        return np.asarray(super().way(width, height, since, until) - up, np.float32)


@dataclass(frozen=True)
class Told:
    """subject        what the words tell the subject to do
    surroundings   0..10, how much everything else sways: waves, leaves, clouds
    rests          whether they say that something stays as it is, the camera or the subject"""

    subject: Deed
    surroundings: float = 0.0
    rests: bool = False

    @property
    def is_none(self) -> bool:
        """Whether they tell of nothing that moves."""
        return self.subject.is_none and not self.surroundings


def told_deeds(prompt: str) -> tuple[Told, str]:
    """What the words of a prompt, without those of a camera move, tell of the picture to do, and the prompt without
    them.

    Deeds told together are added up. Bare forms that are names of things as well ("a walk", "the fall") tell nothing.
    """
    rests, surroundings, sums = False, 0.0, dict.fromkeys(Deed.model_fields, 0.0)
    for pattern, what, times in _TOLD:
        for found in pattern.finditer(prompt):
            much = times * how_much(found.group())
            if what == "rests":
                rests = True
            elif what == "surroundings":
                surroundings = max(surroundings, much)
            else:
                sums[what] += much
        prompt = pattern.sub(" ", prompt)
    return Told(Deed(**within_reach(sums)), surroundings, rests), prompt


def _lift(moment: float) -> float:
    """How high a hop is at a moment, 0..1: a stone's way up and down, again and again."""
    part = moment * HOPS % 1
    return 4 * part * (1 - part)


def _any(verbs: str) -> str:
    return f"({'|'.join(forms(verb) for verb in verbs.split())})"


def _doing(verbs: str) -> str:
    """Only as it is said of what does them: jumps or jumping."""
    return f"({'|'.join(forms(verb).partition('|')[2] for verb in verbs.split())})"


def _pattern(*phrases: str) -> re.Pattern[str]:
    """Any of the phrases, in which capitals stand for groups of words; adverbs may be anywhere."""
    said = re.sub("[A-Z]{2,}", lambda name: _GROUPS[name.group()], "|".join(phrases))
    said = rf"\b({HOW} )?({said})( {HOW})?\b".replace(" ", rf"\s+({HOW}\s+)?")
    return re.compile(said, re.IGNORECASE)


_WAYS = (
    "move go come head walk stroll run ride drive sail swim fly float drift roll slide glide race rush hurry march "
    "crawl hop jump leap bounce travel turn step"
)
_BODY = (
    "walk stroll run dance spin rotate turn twirl swim fly float move wag flap flutter nod shake tremble breathe swing"
)
_GROUPS = {
    "GO": _any(_WAYS),
    "GET": _any("get become"),
    "TAKE": _any("take lift blast"),
    "STIR": _any("sway move rustle drift float fall flow ripple run"),
    "GREEN": "(trees?|flowers?|grass|leaves|plants?|palms?|branches|curtains?|flags?)",
    "AIR": "(clouds?|planets?|smoke|steam|fog|mist|water|river|sea|snow|rain|petals|snowflakes)",
    "US": "((the )?(camera|viewer|lens|us|me|you))",
    "TO": "((over )?(to |towards? )?(the )?)",
}

# What is told, and how many times what the adverb says; in this order, for "drifting clouds" move no boat.
_TOLD = tuple(
    (_pattern(*phrases), what, times)
    for what, times, *phrases in (
        ("rests", 1, "(standing|sitting|lying|stands|sits|stays?|is) (still|fixed|static)", "resting", "not moving",
         "motionless", "(static|fixed|still|locked) (camera|shot)"),
        ("surroundings", 1, "(rolling )?waves( roll(ing)?)?", "(drifting|falling|swaying|flowing) (AIR|GREEN)",
         "(AIR|GREEN)( is| are)? STIR", "in the wind", "twinkling", "flickering", "rippling"),
        ("horizontal", -1, "GO TO(left|leftwards?)", "from right to left"),
        ("horizontal", 1, "GO TO(right|rightwards?)", "from left to right"),
        ("vertical", 1, "GO (up|upwards?)", _doing("rise ascend soar"), "TAKE off"),
        ("vertical", -1, "GO (down|downwards?)", "falls (down|to|from|into|off|onto)", "falling",
         _doing("drop sink descend") + "(?! of)", "landing"),
        ("proximity", GROWS, "GO TO(closer|nearer|forwards?|US)", _doing("approach")),
        ("proximity", -GROWS, "GO TO(away|off|backwards?)", "GO (in)?to the distance", _doing("recede")),
        ("proximity", GROWS, _doing("grow swell expand inflate"), "GET (bigger|larger|taller)"),
        ("proximity", -GROWS, _doing("shrink"), "GET smaller"),
        ("hop", 1, _doing("jump hop leap bounce")),
        ("ambient", SWAYS, _doing(_BODY), "waving", "TAKE a walk"),
    )
)  # fmt: skip
