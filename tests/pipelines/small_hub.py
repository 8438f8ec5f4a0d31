"""A hub on localhost that speaks enough of the real one's API for huggingface_hub: model info, HEAD, GET, Range."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class SmallHub:
    """Serves `files` of one repository, whatever its name. Change its attributes between requests to misbehave.

    commit      what "main" means now
    drop_after  bytes after which a connection is cut, once; None: never
    gated       answer as a gated repository does
    lie         paths whose content differs from what was announced, at the same or another size
    requests    (method, path, Range) of all there were
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.commit = COMMIT
        self.drop_after: int | None = None
        self.gated = False
        self.lie: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked_for(self, path: str) -> list[str | None]:
        """The Range headers of every GET of one file."""
        return [span for method, asked, span in self.requests if method == "GET" and asked.endswith(f"/{path}")]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _info(self) -> dict[str, Any]:
        siblings = []
        for path, content in self.files.items():
            one: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": "b" * 40}
            if path.endswith((".safetensors", ".bin")):
                digest = hashlib.sha256(content).hexdigest()
                one["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
            siblings.append(one)
        return {"id": "some/model", "sha": self.commit, "siblings": siblings, "tags": [], "private": False}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                span = self.headers.get("Range")
                hub.requests.append(("GET", self.path, span))
                if hub.gated:
                    self.answer(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "restricted"})
                elif self.path.startswith("/api/models/"):
                    self.answer(200, json.dumps(hub._info()).encode(), {"Content-Type": "application/json"})
                elif found := re.fullmatch(r"/[^/]+/[^/]+/resolve/([0-9a-f]{40})/(.+?)(\?.*)?", self.path):
                    self.file(found[1], found[2], span)
                else:
                    self.answer(404, b"{}", {})

            def file(self, commit: str, path: str, span: str | None) -> None:
                content = hub.lie.get(path, hub.files.get(path))
                if content is None or commit != COMMIT:
                    return self.answer(404, b"{}", {"X-Error-Code": "EntryNotFound"})
                start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
                headers = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.md5(content).hexdigest()}"'}
                if span:
                    headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.answer(206 if span else 200, content[start:], headers)

            def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if hub.drop_after is not None and len(body) > hub.drop_after:
                    body, hub.drop_after = body[: hub.drop_after], None
                    self.close_connection = True
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
