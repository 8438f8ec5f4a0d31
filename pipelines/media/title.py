"""A title: a few words shown on black."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from PIL import Image, ImageDraw

from pipelines.media.lettering import font
from pipelines.types import Frame

TITLE_SECONDS = 2.5
_FADE = 0.4  # seconds in which it comes and goes
_LARGEST, _SMALLEST = 1 / 10, 8  # letters: of the short side; pixels
_ROOM = 0.86  # of the frame, that the words may fill


class Title:
    """White words in the middle of black; they come and go softly."""

    def __init__(self, words: str, size: tuple[int, int], rate: Fraction, length: int) -> None:
        self.length, self.size = length, size
        self._fade = float(_FADE * rate)
        self._card = lettered(words, *size)

    def frame(self, index: int) -> Frame:
        """(H, W, 3) uint8 of frame `index`."""
        shown = min(1.0, index / self._fade, (self.length - 1 - index) / self._fade)
        return np.rint(self._card * shown).astype(np.uint8)


def lettered(words: str, width: int, height: int) -> Frame:
    """The words as large as they fit, on as few lines as they need, white on black: (height, width, 3) uint8."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    room = round(width * _ROOM), round(height * _ROOM)
    largest = max(_SMALLEST, round(min(width, height) * _LARGEST))
    fitting = (
        (text, size, box)
        for size in range(largest, _SMALLEST - 1, -1)
        for text in _lines(words, split=size == _SMALLEST)
        for box in [draw.textbbox((0, 0), text, font=font(size), align="center")]
        if box[2] <= room[0] and box[3] <= room[1]
    )
    text, size, box = next(fitting, (words, _SMALLEST, draw.textbbox((0, 0), words, font=font(_SMALLEST))))
    place = (width - box[2] - box[0]) / 2, (height - box[3] - box[1]) / 2
    draw.text(place, text, font=font(size), fill=(255, 255, 255), align="center")
    return np.asarray(image)


def _lines(words: str, *, split: bool) -> Iterator[str]:
    """The words on one line, then on more and more; long words are `split` only where nothing else helps."""
    seen = ""
    for columns in range(len(words), 0, -1):
        text = "\n".join(textwrap.wrap(words, columns, break_long_words=split))
        if text != seen:
            yield text
        seen = text
