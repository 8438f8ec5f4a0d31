"""What of gradio is open, and to whom.

Gradio serves one cache to everybody who knows a path, and trusts whoever names a session or an event. Here each person
has a folder of that cache, and sessions whose names begin with who they belong to: another's cannot be named at all.
Routes that the page and the client library do not need are closed, and so is any that a newer gradio may add.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import SeptetError
from studio import words
from studio.access.arguments import InOrder, NoEndpoint
from studio.callers import CALLER
from studio.media import MEDIA_HEADERS
from studio.person import Person
from studio.shelf import is_file_in

API = "/gradio_api"
LARGEST_JSON = 32 << 20  # bytes; a painted mask comes inside
# as gradio 6.31 has them; methods and paths
PLAIN = re.compile(
    rf"(GET|HEAD) (/|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/static/.*|/assets/.*)"
    rf"|GET {API}/(info/?|openapi\.json|startup-events|app_id/?|user/?|login_check/?|queue/status|theme\.css)"
    rf"|POST {API}/reset/?"
)
FILE = re.compile(rf"(GET|HEAD) {API}/file=(?P<path>.*)")
SESSION = re.compile(rf"GET {API}/(queue/data|heartbeat/(?P<hash>[^/]+))")
PROGRESS = re.compile(rf"GET {API}/upload_progress")
RESULT = re.compile(rf"GET {API}/call/[^/]+/(?P<event>[^/]+)")
CALL = re.compile(rf"POST {API}/(queue/join|call/[^/]+/?|(?P<cancel>cancel))")
NAMED = re.compile(rf"POST {API}/call/v2/(?P<name>[^/]+)/?")
BLOBS = re.compile(rf"POST {API}/component_server/?")
NAMES = ("session_hash", "upload_id")
FOR_ONE_CALL = "call-"  # begins the name of a session whose caller named none

Events = Callable[[str], str | None]  # an event's id -> the session it belongs to


class Guard:
    """ASGI middleware around gradio alone. `folder_of`: where a person's part of the cache is; `in_order`: a call's
    named fields as gradio's functions take them.

    `forget` is told each session that was named here, for a single call, once that is answered.
    """

    def __init__(
        self,
        app: ASGIApp,
        folder_of: Callable[[Person], Path],
        session_of: Events,
        in_order: InOrder,
        forget: Callable[[str], None] = lambda _session: None,
    ) -> None:
        self.app = app
        self.in_order = in_order
        self.folder_of = folder_of
        self.session_of = session_of
        self.forget = forget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = f"{scope.get('method', '')} {scope['path']}"
        person: Person | None = scope.get(CALLER)
        if person is None:  # what is open to everybody is none of gradio's
            await _refuse(404)(scope, receive, send)
        elif PLAIN.fullmatch(asked):
            await self.app(scope, receive, send)
        elif BLOBS.fullmatch(asked):
            await self._blobs(scope, receive, send)
        elif found := FILE.fullmatch(asked):
            await self._file(person, found["path"], scope, receive, send)
        elif found := SESSION.fullmatch(asked):
            if found["hash"]:
                path = f"{API}/heartbeat/{theirs(person, found['hash'])}"
                scope = {**scope, "path": path, "raw_path": path.encode()}
            await self.app(_query(scope, person), receive, send)
        elif PROGRESS.fullmatch(asked):
            await self.app(_query(scope, person), receive, send)
        elif found := RESULT.fullmatch(asked):
            await self._if_theirs(person, found["event"], scope, receive, send)
        elif found := CALL.fullmatch(asked):
            await self._call(person, scope, receive, send, is_cancel=bool(found["cancel"]))
        elif found := NAMED.fullmatch(asked):
            await self._call(person, scope, receive, send, named=found["name"])
        else:
            await _refuse(404)(scope, receive, send)

    async def _file(self, person: Person, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if is_file_in(self.folder_of(person), path):
            await self.app(scope, receive, _as_media(send))
        else:
            await _refuse(404)(scope, receive, send)

    async def _blobs(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A painted canvas, which gradio reads into memory whole."""
        raw = await _whole(receive, LARGEST_JSON)
        if raw is None:
            await _refuse(413)(scope, receive, send)
        else:
            await self.app(*_replay(raw, scope, receive), send)

    async def _if_theirs(self, person: Person, event: str, scope: Scope, receive: Receive, send: Send) -> None:
        session = self.session_of(event) or ""
        app = self.app if session.startswith(theirs(person, "")) else _refuse(404)
        await app(scope, receive, send)
        if session.startswith(theirs(person, FOR_ONE_CALL)):
            self.forget(session)

    async def _call(
        self, person: Person, scope: Scope, receive: Receive, send: Send, *, is_cancel: bool = False, named: str = ""
    ) -> None:
        raw = await _whole(receive, LARGEST_JSON)
        if raw is None:
            await _refuse(413)(scope, receive, send)
            return
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            await _refuse(400)(scope, receive, send)
            return
        mine = self.folder_of(person)
        if not all(is_file_in(mine, path) for path in _paths(body)):
            await _refuse(404)(scope, receive, send)
            return
        if named:
            try:
                body = {"data": self.in_order(named, body)}
            except SeptetError as error:
                await _told(error)(scope, receive, send)
                return
            scope = {**scope, "path": f"{API}/call/{named}", "raw_path": f"{API}/call/{named}".encode()}
        _claim_strokes(person, body)
        body["session_hash"] = theirs(person, str(body.get("session_hash") or FOR_ONE_CALL + secrets.token_hex(8)))
        replay = _replay(json.dumps(body).encode(), scope, receive)
        if is_cancel:
            await self._if_theirs(person, str(body.get("event_id")), *replay, send)
        else:
            await self.app(*replay, send)


def theirs(person: Person, name: str) -> str:
    """What a session or an upload is called inside: nobody else's names begin like this."""
    return f"{person.folder}-{name}"


def _claim_strokes(person: Person, body: Any) -> None:
    """Make the names of painted canvases in a call the person's, as they are kept (strokes.py)."""
    for item in _objects(body):
        if "layers" in item and item.get("id"):
            item["id"] = theirs(person, str(item["id"]))


def _paths(body: Any) -> Iterator[str]:
    """Every path anywhere in a call: gradio reads whatever is called so in an object as a file."""
    return (str(item["path"]) for item in _objects(body) if item.get("path"))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object anywhere in some JSON."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending += item.values()
        elif isinstance(item, list):
            pending += item


def _query(scope: Scope, person: Person) -> Scope:
    """The same request with the names in its query made the person's."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    mine = [(key, theirs(person, value) if key in NAMES else value) for key, value in pairs]
    return {**scope, "query_string": urlencode(mine).encode()}


async def _whole(receive: Receive, most: int) -> bytes | None:
    """The whole body, or None if it is longer than `most` bytes."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            return None
    return bytes(body)


def _replay(body: bytes, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """The request with another body."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"content-length"]
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}, again


def _as_media(send: Send) -> Send:
    """What a person uploaded is shown as a picture or a video, never run as a page."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in MEDIA_HEADERS.items():
                headers[name] = value
        await send(message)

    return marked


def _refuse(status: int) -> Response:
    return JSONResponse({"detail": words.REFUSALS[status]}, status)


def _told(error: SeptetError) -> Response:
    return JSONResponse({"detail": str(error)}, 404 if isinstance(error, NoEndpoint) else 422)


def session_finder(queue: Any) -> Events:
    """Looks events up in gradio's queue: those that wait or run, then those whose end was not told yet."""

    def session_of(event_id: str) -> str | None:
        event = queue.event_ids_to_events.get(event_id)
        if event is not None:
            session: str = event.session_hash
            return session
        waiting = queue.pending_event_ids_session.items()
        return next((session for session, events in list(waiting) if event_id in events), None)

    return session_of


def session_forgetter(holder: Any) -> Callable[[str], None]:
    """What drops a session from gradio's: each is a copy of the page's settings, one and a half megabytes."""

    def forget(session: str) -> None:
        holder.session_data.pop(session, None)
        holder.time_last_used.pop(session, None)

    return forget
