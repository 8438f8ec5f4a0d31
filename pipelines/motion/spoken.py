"""Camera moves told in words, such as "the camera slowly pans right", as the sliders would give them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.motion.camera import Camera

USUAL, SLOW, FAST = 5.0, 2.0, 8.0  # of the 10 a slider goes to
_SLOW = "slow|slowly|gentle|gently|slight|slightly"
_FAST = "fast|quick|quickly|rapid|rapidly|strongly"
HOW = rf"(?:{_SLOW}|{_FAST})"

# What a move is called, a verb and a way, and what it does to the sliders.
_MOVES: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("pan", "right", {"pan": 1}),
    ("pan", "left", {"pan": -1}),
    ("pan|tilt|look", "up", {"tilt": 1}),
    ("pan|tilt|look", "down", {"tilt": -1}),
    ("roll|lean", "right|clockwise", {"roll": 1}),
    ("roll|lean", "left|counterclockwise|anticlockwise", {"roll": -1}),
    ("truck|track|slide|dolly|move|travel", "right", {"truck": 1}),
    ("truck|track|slide|dolly|move|travel", "left", {"truck": -1}),
    ("pedestal|crane|boom|move", "up|upward|upwards", {"pedestal": 1}),
    ("pedestal|crane|boom|move", "down|downward|downwards", {"pedestal": -1}),
    ("rise", "", {"pedestal": 1}),
    ("sink|descend", "", {"pedestal": -1}),
    ("zoom|dolly|push|draw|move", "in|into|closer|forward|forwards", {"zoom": 1}),
    ("zoom|dolly|pull|draw|move", "out|back|away|backward|backwards", {"zoom": -1}),
    ("orbit|circle", "right", {"truck": 1, "pan": -1}),  # what is near stays in the middle
    ("orbit|circle", "left", {"truck": -1, "pan": 1}),
)
_DOUBLED = {"pan", "run", "swim", "hop", "drop", "spin", "wag", "flap", "nod", "get", "step"}  # pan, panning
_SUBJECTS_TOO = {"move", "slide", "travel", "roll", "lean", "look", "draw"}  # "a cat, looking up" is no camera
_CAMERAS_OWN = {"zoom", "tilt", "pedestal", "orbit", "dolly"}  # verbs that nothing but a camera does


def spoken_camera(prompt: str) -> tuple[Camera, str]:
    """The camera that the words of a prompt tell, and the prompt without them. A still one where they tell none.

    Moves told together are added up. What a subject may do as well ("moves left"), or what is also the name of a thing
    ("a truck left of the house"), counts only after "camera" or, as an order ("move left"), at the beginning of a part.
    """
    sums = dict.fromkeys(Camera.model_fields, 0.0)
    for pattern, sliders in _PATTERNS:
        for found in pattern.finditer(prompt):
            for slider, sign in sliders.items():
                sums[slider] += sign * how_much(found.group())
        prompt = pattern.sub(" ", prompt)
    return Camera(**within_reach(sums)), prompt


def how_much(said: str) -> float:
    """Of the 10 a slider goes to, as the adverb in what is said has it."""
    return SLOW if _SLOWLY.search(said) else FAST if _QUICKLY.search(said) else USUAL


def within_reach(sums: Mapping[str, float]) -> dict[str, float]:
    """Sums of what was told together, no farther than a slider goes."""
    return {slider: max(-10.0, min(10.0, value)) for slider, value in sums.items()}


def _words(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)


def forms(verb: str) -> str:
    """A verb as it is said of what does it: pan, pans or panning."""
    third = (
        verb[:-1] + "ies"
        if re.search("[^aeou]y$", verb)
        else verb + ("es" if re.search("(ch|sh|[osx])$", verb) else "s")
    )
    stem = verb + verb[-1] if verb in _DOUBLED else verb.removesuffix("e")
    return f"{verb}|{third}|{stem}ing"


def _pattern(verbs: str, ways: str) -> re.Pattern[str]:
    """All the ways to tell one move."""
    how, told = rf"(?:{HOW}\s+)?", _any(verbs.split("|"))
    orders = "|".join(verb if verb in _SUBJECTS_TOO else forms(verb) for verb in verbs.split("|"))
    after_camera = rf"\b(?:the\s+|a\s+)?camera\s+(?:is\s+)?{how}(?:{told})"
    if not ways:  # "rises" without "camera" is what a balloon does
        return re.compile(rf"{after_camera}(?:\s+{HOW})?\b", re.IGNORECASE)
    heads = [after_camera, rf"(?:(?<=[,.;:])|^)\s*(?:(?:an?\s+)?{HOW}\s+)?(?:{orders})"]
    own = [verb for verb in verbs.split("|") if verb in _CAMERAS_OWN]
    if own:
        heads.append(rf"\b(?:an?\s+)?{how}(?:{_any(own)})")
    return re.compile(
        rf"(?:{'|'.join(heads)})\s+{how}(?:(?:to|towards)\s+)?(?:the\s+)?(?:{ways})\b(?:\s+{HOW}\b)?",
        re.IGNORECASE,
    )


def _any(verbs: list[str]) -> str:
    return "|".join(forms(verb) for verb in verbs)


_SLOWLY, _QUICKLY = _words(_SLOW), _words(_FAST)
_PATTERNS = tuple((_pattern(verbs, ways), sliders) for verbs, ways, sliders in _MOVES)
