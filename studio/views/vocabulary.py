"""What a small model knows, as words to click, and a line that names the words of a prompt it does not know."""

from __future__ import annotations

import json
from html import escape

from pipelines.checkpoints import ModelInfo
from studio import words


def vocabulary(info: ModelInfo) -> str:
    """The HTML under a prompt; the page's script fills the line of unknown words while a person types."""
    groups = "".join(
        f"<div><dt>{escape(words.KNOWS_GROUPS.get(name, name))}</dt><dd>"
        + "".join(f'<button type="button" data-word="{escape(word)}">{escape(word)}</button>' for word in options)
        + "</dd></div>"
        for name, options in info.knows.items()
    )
    known = escape(json.dumps(info.known_words), quote=True)
    sentences = escape(json.dumps([words.UNKNOWN_WORDS, words.UNKNOWN_LANGUAGE]), quote=True)
    return (
        f'<div class="s-knows" data-known="{known}" data-sentences="{sentences}" data-model="{escape(info.name)}">'
        '<p role="status" data-part="unknown" hidden></p>'
        f"<details><summary>{escape(words.KNOWS.format(model=info.title))}</summary><dl>{groups}</dl></details></div>"
    )
