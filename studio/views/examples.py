"""Rows of examples: a picture or a clip each, its title and its words."""

from __future__ import annotations

from html import escape

from studio import words
from studio.examples import VIDEOS, Example
from studio.views import marks


def example_strip(rows: tuple[Example, ...]) -> str:
    """The HTML of a mode's rows, a button each."""
    cells = "".join(
        f'<button type="button" class="s-example" data-index="{index}">{_face(row)}<span>{escape(row.title)}'
        f"<small>{escape(str(row.fields.get('prompt', '')))}</small></span></button>"
        for index, row in enumerate(rows)
    )
    return f'<section class="s-strip"><h3>{escape(words.EXAMPLES)}</h3><div class="s-examples">{cells}</div></section>'


def _face(row: Example) -> str:
    if row.face is None:
        return f"<i>{marks.QUOTE}</i>"
    address = f"examples/{escape(row.face)}"
    if row.face.lower().endswith(VIDEOS):
        return f'<video src="{address}#t=0.1" muted loop playsinline preload="metadata" tabindex="-1"></video>'
    return f'<img loading="lazy" alt="" src="{address}">'
