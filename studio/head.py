"""The first bytes of the page: gradio adds a page's own head only once its scripts run, too late for some things.

That is the scheme (gradio would ask the system, and flash white), the rules for narrow screens and the shortcuts.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MARK = b"<head>"


class PageHead:
    """Puts `html` at the start of the head of the page at "/"; everything else passes through untouched."""

    def __init__(self, app: ASGIApp, html: str) -> None:
        self.app = app
        self.html = html.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, _Rewriter(self.html, send))


class _Rewriter:
    """Holds an HTML answer back until it is whole, then sends it with the addition."""

    def __init__(self, html: bytes, send: Send) -> None:
        self._html = html
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = self._body.replace(MARK, MARK + self._html, 1)
        MutableHeaders(scope=start)["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_html(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
