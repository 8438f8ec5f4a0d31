"""What is painted on a canvas arrives before the call that uses it, under a name the browser chose.

Gradio keeps it in memory by that name alone, for anybody and for good. Here the name is the person's, as the guard
makes it in the call, and only the last few are kept.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components.base import server

from studio.access.guard import theirs
from studio.callers import CALLER
from studio.person import Person

KEPT = 4  # canvases of one person on their way
LAYERS = 8  # of one canvas; the page's have one, and gradio makes room for as many as a call says there are


def keep_apart(editor: gr.ImageEditor) -> None:
    """Have an editor keep each person's strokes apart."""
    take = editor.accept_blobs

    @server  # type: ignore[untyped-decorator]
    def accept_blobs(data: Any, request: gr.Request) -> None:
        if str(data.data["index"]).isdecimal() and int(data.data["index"]) >= LAYERS:
            return
        person: Person = request.scope[CALLER]  # type: ignore[attr-defined]  # gradio passes the request itself here
        data.data["id"] = theirs(person, str(data.data["id"]))
        take(data)
        mine = [name for name in editor.blob_storage if name.startswith(theirs(person, ""))]
        for name in mine[:-KEPT]:
            del editor.blob_storage[name]

    editor.accept_blobs = accept_blobs  # type: ignore[method-assign]
