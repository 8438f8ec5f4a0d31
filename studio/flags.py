"""Prompt flags: settings written into the prompt, as Gen-2 had them. They beat the fields and leave the words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, get_args

from pipelines.base import rate_text
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.media.probe import probe_video
from pipelines.settings import ASPECT_RATIOS, Finishing
from pipelines.types import MAX_SEED, Request

R = TypeVar("R", bound=Request)

KNOWN = "--seed N, --upscale, --interpolate, --cfg_scale X, --green_screen, --ar 16:9, --no WORDS"

_BARE = ("upscale", "interpolate", "green_screen")  # flags without a value
_FLAG = re.compile(r"(?:^|(?<=[\s,]))--(?=[A-Za-z])([A-Za-z_-]+)")
_FACTORS = [factor for factor in get_args(get_args(Finishing.model_fields["upscale"].annotation)[0]) if factor]


@dataclass(frozen=True)
class Flag:
    """One flag as written: its name without dashes, and the words up to the next flag."""

    name: str
    rest: str


def split_prompt(prompt: str) -> tuple[str, tuple[Flag, ...]]:
    """The words before the first flag, and the flags in order. The comma before a flag is dropped."""
    starts = list(_FLAG.finditer(prompt))
    if not starts:
        return prompt, ()
    ends = [start.start() for start in starts[1:]] + [len(prompt)]
    flags = tuple(
        Flag(found.group(1).lower().replace("-", "_"), _trimmed(prompt[found.end() : end]))
        for found, end in zip(starts, ends, strict=True)
    )
    return _trimmed(prompt[: starts[0].start()]), flags


def spoken(prompt: str) -> str:
    """The words of a prompt that are meant for the model; a flag that is half typed takes none of them."""
    words, flags = split_prompt(prompt)
    after = (flag.rest if flag.name in _BARE else _value_and_words(flag)[1] for flag in flags)
    return " ".join(part for part in (words, *after) if part)


def apply_flags(request: R, info: ModelInfo) -> tuple[R, tuple[str, ...]]:
    """The request its prompt asks for, without the flags, and each flag as a short text to show.

    Raises InputError that names an unknown, malformed, repeated or impossible flag.
    """
    words, flags = split_prompt(request.prompt)
    for panel in getattr(request, "panels", ()):
        for flag in split_prompt(panel.prompt)[1]:
            raise InputError(f"--{flag.name} is in the prompt of a panel. Flags go into the prompt of the whole board.")
    if not flags:
        return request, ()
    spoken, chips = [words], []
    names = [flag.name for flag in flags]
    for flag in flags:
        if flag.name not in _APPLY:
            raise InputError(f"There is no flag --{flag.name}. There are {KNOWN}.")
        if names.count(flag.name) > 1:
            raise InputError(f"The flag --{flag.name} is given {names.count(flag.name)} times. Give it once.")
        value, after = _value_and_words(flag)
        request = _APPLY[flag.name](request, value, info)
        spoken.append(after)
        chips.append(f"--{flag.name} {value}".strip())
    prompt = " ".join(part for part in spoken if part)
    return request.model_copy(update={"prompt": prompt}), tuple(chips)


def _value_and_words(flag: Flag) -> tuple[str, str]:
    """What belongs to the flag, and what of the words after it belongs to the prompt again."""
    if flag.name == "no":
        return flag.rest, ""
    if flag.name in _BARE:
        if flag.rest.startswith("="):
            raise InputError(f"--{flag.name} takes no value. Write it alone.")
        return "", flag.rest
    value, _, after = flag.rest.removeprefix("=").strip().partition(" ")
    return value.rstrip(","), after.strip()


def _seed(request: R, value: str, _info: ModelInfo) -> R:
    if not re.fullmatch(r"[0-9]{1,19}", value) or int(value) > MAX_SEED:
        raise InputError(f"--seed needs a whole number from 0 to {MAX_SEED}, not {value!r}.")
    return request.model_copy(update={"seed": int(value)})


def _cfg_scale(request: R, value: str, _info: ModelInfo) -> R:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", value) or float(value) > 50:
        raise InputError(f"--cfg_scale needs a number from 0 to 50, not {value!r}.")
    return request.model_copy(update={"guidance_scale": float(value)})


def _no(request: R, value: str, _info: ModelInfo) -> R:
    if not value:
        raise InputError("--no needs the words for what should not be seen, such as --no text, people.")
    return request.model_copy(update={"negative_prompt": value})


def _aspect_ratio(request: R, value: str, _info: ModelInfo) -> R:
    if value not in ASPECT_RATIOS:
        raise InputError(f"--ar needs one of {', '.join(ASPECT_RATIOS)}, not {value!r}.")
    return _finished(request, aspect_ratio=value)


def _green_screen(request: R, _value: str, _info: ModelInfo) -> R:
    if "green_screen" not in type(request).model_fields:
        raise InputError("--green_screen needs a subject to cut out. Use it in the mask mode.")
    return request.model_copy(update={"green_screen": True})


def _upscale(request: R, _value: str, info: ModelInfo) -> R:
    """Twice the size the clip would have had: the exact one asked for, else the source's, else the model's."""
    finishing = request.finishing
    if finishing.size:
        width, height = (2 * int(side) for side in finishing.size.split("x"))
        if max(width, height) > 99_999:
            raise InputError(f"--upscale would make {width}x{height}. Choose a smaller size.")
        return _finished(request, size=f"{width}x{height}")
    factor = 2 * (finishing.upscale or (1 if _source(request) else info.upscale))
    if factor not in _FACTORS:
        raise InputError(f"--upscale would enlarge {factor} times; {max(_FACTORS)} times is the most.")
    return _finished(request, upscale=factor)


def _interpolate(request: R, _value: str, info: ModelInfo) -> R:
    """Twice the rate the clip would have had: the one asked for, else the source's, else the model's."""
    source = _source(request)
    if request.finishing.frame_rate:
        rate = Fraction(request.finishing.frame_rate)
    elif source:
        rate = probe_video(Path(source)).frame_rate
    else:
        rate = Fraction(info.delivery_rate or Fraction(request.frame_rate or info.frame_rate))
    if 2 * rate > 240:
        raise InputError(f"--interpolate would make {float(2 * rate):g} frames per second; 240 is the most.")
    return _finished(request, frame_rate=rate_text(2 * rate))


def _source(request: Request) -> str | None:
    """The video the clip takes its size and rate from, where it does."""
    video = getattr(request, "video", None)
    return video if isinstance(video, str) else None


def _finished(request: R, **changes: str | int) -> R:
    return request.model_copy(update={"finishing": request.finishing.model_copy(update=changes)})


def _trimmed(words: str) -> str:
    """Without the spaces around, and the comma that stood before a flag."""
    return words.strip().rstrip(",").rstrip()


_APPLY: dict[str, Callable[[Any, str, ModelInfo], Any]] = {
    "seed": _seed,
    "upscale": _upscale,
    "interpolate": _interpolate,
    "cfg_scale": _cfg_scale,
    "green_screen": _green_screen,
    "ar": _aspect_ratio,
    "no": _no,
}
