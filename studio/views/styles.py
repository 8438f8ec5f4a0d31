"""The grid of named styles, a picture each, as one group of radio buttons."""

from __future__ import annotations

from html import escape

from pipelines.presets import PRESETS, THUMBNAIL_SIZE
from studio import labels, words


def style_grid(mode: str) -> str:
    """The HTML of a mode's grid; the first choice is none."""
    width, height = THUMBNAIL_SIZE
    pictures = "".join(
        _cell(mode, name, preset.title, f'<img loading="lazy" alt="" width="{width}" height="{height}" '
              f'src="styles/{name}.webp">')
        for name, preset in PRESETS.items()
    )  # fmt: skip
    none = _cell(mode, "", words.NO_STYLE, "<i></i>")
    return (
        f'<fieldset class="s-styles"><legend>{escape(labels.label("style"))}</legend>'
        f"<p>{escape(labels.help_line('style') or '')}</p><div>{none}{pictures}</div></fieldset>"
    )


def _cell(mode: str, name: str, title: str, face: str) -> str:
    return (
        f'<label class="s-style"><input type="radio" name="style-{mode}" value="{name}">{face}'
        f"<span>{escape(title)}</span></label>"
    )
