"""The gate in front of everything: who asks, from where, under which name of ours. Nothing passes without a person.

Nobody is answered alike wherever they knock, so that they cannot tell what is there. What other sites' pages send in a
person's name is refused; what a client claims of a proxy in front of it is believed of known proxies only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio import words
from studio.access.identity import Alone, Identity, Proxies
from studio.callers import CALLER

SIGN_IN = "/sign-in"
OPEN = ("/healthz", SIGN_IN, "/login")  # what somebody may ask who is nobody yet
OPEN_FOLDER = "/shared/"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HARMLESS = ("GET", "HEAD", "OPTIONS")
CLAIMS = ("x-forwarded-", "forwarded", "x-gradio-", "x-real-ip")  # beginnings of headers a proxy might have set


@dataclass(frozen=True)
class Access:
    """How a studio tells people apart, the names it is reached by, and the proxies it believes."""

    identity: Identity = field(default_factory=Alone)
    names: frozenset[str] = LOOPBACK_NAMES
    proxies: Proxies = field(default_factory=Proxies)


class Gate:
    """ASGI middleware; leaves the person in `scope[CALLER]`."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            scope, by_proxy = self._as_it_is(scope)
            answer = self._refusal(scope) or self._stranger(scope, by_proxy)
            await (answer or self.app)(scope, receive, _without_cors(send))
        else:  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})

    def _as_it_is(self, scope: Scope) -> tuple[Scope, bool]:
        """The request as a proxy we know describes it, and with no claims left in it; whether it came by one."""
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        by_proxy = self.access.proxies.include(peer)
        seen = dict(scope)
        if by_proxy:
            forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            if forwarded:
                seen["client"] = (forwarded, 0)
            if headers.get("x-forwarded-proto") in ("http", "https"):
                seen["scheme"] = headers["x-forwarded-proto"]
        seen["headers"] = [
            (name, value) for name, value in scope["headers"] if not name.decode("latin-1").lower().startswith(CLAIMS)
        ]
        return seen, by_proxy

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a request is not even looked at: a name that is not ours, or another site's doing."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        own = {*self.access.names, (scope.get("server") or ("",))[0]}
        if len(headers.getlist("host")) != 1 or _hostname(host) not in own:
            return PlainTextResponse(words.NOT_MY_NAME, 421)
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        elsewhere = origin is None and headers.get("sec-fetch-site") in ("cross-site", "same-site")
        preflight = "access-control-request-method" in headers
        if (foreign and preflight) or (scope["method"] not in HARMLESS and (foreign or elsewhere)):
            return PlainTextResponse(words.FROM_ELSEWHERE, 403)
        return None

    def _stranger(self, scope: Scope, by_proxy: bool) -> Response | None:
        """Find the person, or the answer to one who is nobody."""
        person = self.access.identity.person(HTTPConnection(scope), by_proxy=by_proxy)
        if person is not None:
            scope[CALLER] = person
            return None
        path = scope["path"]
        if path in OPEN or path.startswith(OPEN_FOLDER):
            return None
        headers = Headers(scope=scope)
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(SIGN_IN, 303)
        return JSONResponse({"detail": words.SIGN_IN_FIRST}, 401)


def access_names(more: Iterable[str]) -> frozenset[str]:
    """The names a studio is reached by: this machine's own, and these."""
    return LOOPBACK_NAMES | {_hostname(name) for name in more}


def _hostname(host: str) -> str:
    """What of a Host header is the name: without the port, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _without_cors(send: Send) -> Send:
    """Leaves out what would let another site's page read an answer; gradio says it to every site that asks."""

    async def checked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in {name for name in headers if name.startswith("access-control-")}:
                del headers[name]
        await send(message)

    return checked
