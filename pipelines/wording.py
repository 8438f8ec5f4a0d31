"""Words that people type, brought to what the rest of Septet may rely on."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text without control characters, which no model reads and a terminal would obey; lines and tabs stay."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")
