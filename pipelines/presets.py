"""Styles that have a name: words for a model that reads them, and a look for frames redrawn by a network.

`python -m pipelines.presets` draws the pictures of assets/style/presets anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from PIL import Image
from pydantic import Field

from pipelines.checkpoints import ASSETS, ModelInfo
from pipelines.finishing.redraw import Redraw
from pipelines.media.images import fit_cover, read_image
from pipelines.settings import Settings
from pipelines.style import Stylist
from pipelines.types import Request

StyleName = Literal[
    "oil-painting", "impressionism", "watercolour", "ink-wash", "brush-and-ink", "sepia-drawing",
    "parchment", "linocut", "woodblock", "starry-night", "impasto", "expressionism", "cubism", "fauvism",
    "twilight", "stained-glass", "mosaic", "neon", "beadwork", "tapestry", "pop-art", "candy", "poster",
    "copper", "crimson", "noir",
]  # fmt: skip

THUMBNAILS = ASSETS / "style" / "presets"
THUMBNAIL_SIZE = (160, 100)
_SHOWN = ASSETS / "examples" / "cat.jpg"


@dataclass(frozen=True)
class Preset:
    """A named style: what a person reads, what is added to a prompt, and the network's learned style, 0..25."""

    title: str
    words: str
    learned: int


PRESETS: Mapping[StyleName, Preset] = {
    "oil-painting": Preset("Oil painting", "oil painting, warm light, soft brush strokes", 0),
    "impressionism": Preset("Impressionism", "impressionist painting in lilac and gold", 12),
    "watercolour": Preset("Watercolour", "pale blue watercolour on white paper", 14),
    "ink-wash": Preset("Ink wash", "ink wash painting, deep blacks, pale tints", 2),
    "brush-and-ink": Preset("Brush and ink", "bold black brush lines, one flat yellow", 1),
    "sepia-drawing": Preset("Sepia drawing", "sepia drawing on old paper, curved hatching", 18),
    "parchment": Preset("Parchment", "brown ink drawing on ochre parchment", 11),
    "linocut": Preset("Linocut", "two-colour linocut print, slate and crimson", 9),
    "woodblock": Preset("Woodblock", "woodblock print in indigo on cream paper", 24),
    "starry-night": Preset("Starry night", "swirling brush strokes in blue and yellow", 19),
    "impasto": Preset("Impasto", "thick impasto paint, blue and earth tones", 25),
    "expressionism": Preset("Expressionism", "expressionist painting, burning reds, rough strokes", 5),
    "cubism": Preset("Cubism", "cubist painting, grey planes with red accents", 22),
    "fauvism": Preset("Fauvism", "fauvist painting, pure blue, red and yellow", 7),
    "twilight": Preset("Twilight", "painting in blue and violet twilight, slanting strokes", 16),
    "stained-glass": Preset("Stained glass", "stained glass in green and red, dark lead lines", 13),
    "mosaic": Preset("Mosaic", "white mosaic with thin dark lines and pastel stones", 15),
    "neon": Preset("Neon", "neon lines of blue and orange on black", 3),
    "beadwork": Preset("Beadwork", "dark blue beadwork, rows of round dots", 6),
    "tapestry": Preset("Tapestry", "woven tapestry of red and orange threads", 17),
    "pop-art": Preset("Pop art", "pop art, thick black shapes, pink and sky blue", 21),
    "candy": Preset("Candy", "bright white picture with candy pink, cyan and lemon", 8),
    "poster": Preset("Poster", "vintage poster, red and cream, flat shapes", 4),
    "copper": Preset("Copper", "copper tones, dark etched shadows", 10),
    "crimson": Preset("Crimson", "painting in crimson and black", 20),
    "noir": Preset("Noir", "film noir, dark soft shadows, one pale light", 23),
}

# What names a style in a prompt. The others are called what light and colours are called: twilight, copper.
SPOKEN: Mapping[StyleName, str] = {
    "oil-painting": r"oil[- ]paint\w*|in oils?",
    "impressionism": r"impressionis[mt]\w*",
    "watercolour": r"watercolou?rs?",
    "ink-wash": r"ink[- ]wash",
    "brush-and-ink": r"brush and ink",
    "sepia-drawing": r"sepia(?: drawing)?",
    "parchment": r"parchment",
    "linocut": r"linocut",
    "woodblock": r"woodblock(?: print)?",
    "starry-night": r"starry[- ]night",
    "impasto": r"impasto",
    "expressionism": r"expressionis[mt]\w*",
    "cubism": r"cubis[mt]\w*",
    "fauvism": r"fauvis[mt]\w*",
    "stained-glass": r"stained[- ]glass",
    "mosaic": r"mosaic",
    "neon": r"neon",
    "beadwork": r"beadwork",
    "tapestry": r"tapestry",
    "pop-art": r"pop[- ]art",
    "noir": r"(?:film )?noir",
}
_NAMED = re.compile(r"\b(?:" + "|".join(f"({pattern})" for pattern in SPOKEN.values()) + r")\b", re.IGNORECASE)


class Styled(Settings):
    """The field of a request that may name one of these styles."""

    style: StyleName | None = Field(None, description="a named style")


def styled_prompt(request: Request, info: ModelInfo) -> str:
    """The prompt with the words of its style, where the model reads more than the few words of its own world."""
    style = _style(request)
    if style is None or info.knows:
        return request.prompt
    return ", ".join(part for part in (request.prompt.strip(), PRESETS[style].words) if part)


def style_named(prompt: str) -> tuple[StyleName, str] | None:
    """The first style that words of a prompt name ("a cat, watercolour"), and the words that do."""
    found = _NAMED.search(prompt)
    return (tuple(SPOKEN)[(found.lastindex or 1) - 1], found.group()) if found else None


def redrawing(request: Request, info: ModelInfo) -> tuple[Redraw, ...]:
    """What lays the style over finished frames, for a model that its words mean nothing to; else nothing."""
    style = _style(request)
    return () if style is None or not info.knows else (Redraw(Stylist(PRESETS[style].learned)),)


def thumbnail(name: StyleName) -> Image.Image:
    """What a style looks like: an example picture in it."""
    frame = fit_cover(read_image(_SHOWN), *(2 * side for side in THUMBNAIL_SIZE))
    drawn = Stylist(PRESETS[name].learned)(frame[None])[0]
    return Image.fromarray(drawn).resize(THUMBNAIL_SIZE, Image.Resampling.LANCZOS)


def draw_thumbnails() -> None:
    """Write the picture of every style."""
    THUMBNAILS.mkdir(exist_ok=True)
    for name in get_args(StyleName):
        thumbnail(name).save(THUMBNAILS / f"{name}.webp", quality=75, method=6)


def _style(request: Request) -> StyleName | None:
    return request.style if isinstance(request, Styled) else None


if __name__ == "__main__":
    draw_thumbnails()
