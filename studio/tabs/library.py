"""The library tab: every clip made. What happens in it that changes nothing is static/library.js's own business."""

from __future__ import annotations

import time

import gradio as gr

from studio import components, words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.shelf import Shelf
from studio.theme import STATIC
from studio.views import library

NAME = "library"


def build(shelf: Shelf) -> gr.HTML:
    """The library. Events for the page to wire: use, again, send."""
    components.title(words.LIBRARY, words.LIBRARY_SUMMARY)
    grid = gr.HTML(
        value=None,
        html_template=library.shell(),
        js_on_load=(STATIC / "library.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id=NAME,
    )

    @shown
    def remove(event: gr.EventData, caller: gr.Request) -> dict[str, float]:
        shelf.desk.delete(caller_of(caller), event.job)
        gr.Info(words.DELETED_TOAST, duration=3)
        return {"changed": time.time()}

    grid.remove(remove, None, grid, **PRIVATE)
    return grid
