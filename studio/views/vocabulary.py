"""What stands under a prompt: words of it that a small model does not know, those it does, and how much is read."""

from __future__ import annotations

import json
from html import escape

from pipelines.checkpoints import ModelInfo
from studio import words


def under_prompt(info: ModelInfo | None, *, begun: bool = False, restyles: bool = False, tip: str = "") -> str:
    """The HTML; the page's script fills its lines while a person types. `begun`: clips may begin with a picture.
    `restyles`: they are of a source, in a new look. `tip`: to be known where a model knows few words."""
    known = f' data-known="{escape(json.dumps(info.known_words))}"' if info and info.knows else ""
    model = f' data-model="{escape(info.name)}"' if info else ""
    begins = (" data-begun" if begun else "") + (" data-restyles" if restyles else "")
    vocabulary = _vocabulary(info, tip) if info and known else ""
    sentences = escape(json.dumps([words.UNKNOWN_WORDS, words.UNKNOWN_LANGUAGE]))
    return (
        f'<div class="s-knows"{known}{model}{begins} data-sentences="{sentences}">'
        '<div class="s-names" data-part="names" hidden></div>'
        '<p role="status" data-part="unknown" hidden></p><p role="status" data-part="tokens" hidden></p>'
        f'<div data-part="words"{"" if known else " hidden"}>{vocabulary}</div></div>'
    )


def _vocabulary(info: ModelInfo, tip: str) -> str:
    groups = "".join(
        f"<div><dt>{escape(words.KNOWS_GROUPS.get(name, name))}</dt><dd>"
        + "".join(f'<button type="button" data-word="{escape(word)}">{escape(word)}</button>' for word in options)
        + "</dd></div>"
        for name, options in info.knows.items()
    )
    told = f"<small>{escape(tip)}</small>" if tip else ""
    return (
        told + f"<details><summary>{escape(words.KNOWS.format(model=info.title))}</summary><dl>{groups}</dl></details>"
    )
