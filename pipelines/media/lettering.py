"""The one font there is for words on pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

from pipelines.errors import InputError

FONT = Path(__file__).resolve().parents[2] / "assets" / "font" / "DejaVuSans.ttf"
_ABSENT = "\uffff"  # never a letter: what it looks like is what every missing letter looks like
_TRIED_AT = 24  # pixels


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels."""
    return ImageFont.truetype(FONT, size)


def check_letters(words: str) -> None:
    """Raises InputError that names the letters the font does not have."""
    tried = font(_TRIED_AT)
    absent = bytes(tried.getmask(_ABSENT))
    missing = sorted({letter for letter in words if not letter.isspace() and bytes(tried.getmask(letter)) == absent})
    if missing:
        raise InputError(
            f"A title cannot be set with {' '.join(missing[:8])}: the font has no such letters. Use other words."
        )
