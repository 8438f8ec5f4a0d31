"""Gradio's own scripts and styles, from memory: a page asks for almost ninety of them before it can show itself."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

import gradio
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = "/assets/"
# A file's name holds a hash of what is in it, so a browser need never ask for it again.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class Frontend:
    """Answers GET /assets/NAME itself, without the many layers every other request passes through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        folder = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
        self.files = {path.name: path for path in folder.iterdir() if path.is_file()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path"].removeprefix(ASSETS) if scope["type"] == "http" and scope["method"] == "GET" else ""
        if asked in self.files:
            answer = Response(_content(self.files[asked]), headers=HEADERS, media_type=mimetypes.guess_type(asked)[0])
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()
