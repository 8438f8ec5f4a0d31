"""Calls that go for what is not theirs, or for all there is: files, jobs, memory, connections, other names."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any

from studio.access.guard import LARGEST_JSON
from tests.corpus.calls import WORDS, endless
from tests.corpus.kinds import Table
from tests.corpus.serving import API, Answer, Running, answer_of, uploaded
from tests.studio.access.house import House

TRESPASS = Table("call")
row = TRESPASS.row


@row("X13", "somebody else's file", "refused", into="house")
def _(house: House) -> list[Answer]:
    named = uploaded(house.upload)
    file = house.ask("ben", "GET", f"{API}/file={house.upload}")
    return [_of(house.call("ben", "submit", "image-to-video", {"image": named}, None)), answer_of(file)]


def _of(told: tuple[str, Any]) -> Answer:
    return Answer("taken" if told[0] == "complete" else "refused", told[1])


@row("X14", "a file of this machine, by its path or through a link", "refused")
def _(studio: Running) -> list[Answer]:
    (own,) = studio.upload(("own.png", b"\x89PNG"))
    folder = own.rpartition("/")[0]
    link = f"{folder}/link.png"
    os.symlink("/etc/passwd", link)
    inside = str(studio.data / "ledger.sqlite3")
    answers = []
    for path in ("/etc/passwd", link, inside, f"{folder}/../../../ledger.sqlite3", f"{folder}/../.."):
        answers.append(studio.submit("image-to-video", {"image": uploaded(path)}))
        answers.append(studio.submit("image-to-video", {"image": path}))
        answers.append(answer_of(studio.web.get(f"{API}/file={path}")))
    os.unlink(link)
    return answers


@row("X15", "a flood of painted canvases", "turned away")
def _(studio: Running) -> list[Answer]:
    components = studio.web.get("/config").json()["components"]
    editor = next(each["id"] for each in components if each["type"] == "imageeditor")

    def paint(name: str, size: int, index: int = 0) -> Answer:
        sent = {"data": "", "type": "layer", "index": str(index), "id": name}
        sent |= {"component_id": str(editor), "session_hash": "s", "fn_name": "accept_blobs"}
        files = {"file": ("a.png", bytes(size))}
        return answer_of(studio.web.post(f"{API}/component_server", data=sent, files=files))

    before = studio.memory()["web"]
    for number in range(40):
        assert paint(f"c{number}", 4 << 20).outcome == "taken"
    paint("many", 1, 50_000_000)
    assert studio.memory()["web"] - before < 120, "only the last few are kept"
    return [paint("large", LARGEST_JSON + 1)]


@row("X16", "the same order twice", "taken")
def _(studio: Running) -> list[Answer]:
    answers = [studio.submit("text-to-video", WORDS, "the same key") for _ in range(3)]
    assert len({answer.said["id"] for answer in answers}) == 1
    return answers


@row("X17", "somebody else's job, to be cancelled", "refused", into="house", says="There is no job")
def _(house: House) -> list[Answer]:
    answers = [_of(house.call("ben", name, house.waiting)) for name in ("cancel", "job")]
    unknown = _of(house.call("ben", "cancel", "0" * 32))
    assert str(unknown.said).replace("0" * 32, "") == str(answers[0].said).replace(house.waiting, "")
    return [*answers, unknown]


@row("X18", "a link into somebody else's page", "refused", into="house", why="gradio's deep links are closed to all")
def _(house: House) -> list[Answer]:
    path = f"{API}/deep_link?session_hash=s1"
    return [answer_of(house.ask(who, "GET", path)) for who in ("ben", "ann", "nobody")]


@row("X19", "500 MB of JSON", "turned away")
def _(studio: Running) -> list[Answer]:
    paths = (f"{API}/call/submit", f"{API}/queue/join", f"{API}/cancel", f"{API}/component_server")
    return [endless(studio, path, b'{"data": ["', 500) for path in paths]


@row("X20", "a head that never ends", "refused", why="closed after ten seconds")
def _(studio: Running) -> list[Answer]:
    host, port = studio.web.base_url.host, studio.web.base_url.port
    lines = [socket.create_connection((host, port), timeout=30) for _ in range(20)]
    for line in lines:
        line.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n".encode())
    begin = time.monotonic()
    answers = []
    for index, line in enumerate(lines):
        line.settimeout(1.0)
        while time.monotonic() - begin < 30:
            try:
                if index == 0:
                    line.sendall(b"X-Slow: 1\r\n")
                if line.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        answers.append(Answer("refused" if time.monotonic() - begin < 30 else "taken", "closed"))
        line.close()
    return answers


@row("X21", "more than a thousand parts in one upload", "turned away")
def _(studio: Running) -> list[Answer]:
    parts = [("files", (f"{index}.png", b"x")) for index in range(1001)]
    return [answer_of(studio.web.post(f"{API}/upload", files=parts))]


@row("X22", "ranges nobody can give", "survived", why="206 for what can be given, else 416 or the whole")
def _(studio: Running) -> list[Answer]:
    job = studio.ended(studio.submit("text-to-video", WORDS, "for its ranges").said["id"])["id"]
    path = f"/media/{job}/clip.mp4"
    size = len(studio.web.get(path).content)
    wanted = {
        "bytes=0-0": 206,
        "bytes=-1": 206,
        f"bytes=0-{10**20}": 206,
        f"bytes={size}-": 416,
        f"bytes={10**20}-": 416,
        "bytes=9-2": 400,
        "bytes=abc": 400,
        "lines=0-1": 400,
        "bytes=" + ",".join(f"{at}-{at}" for at in range(0, 400, 2)): 200,
        "bytes=" + ",".join("0-" for _ in range(1000)): 200,
    }
    answers = []
    for asked, status in wanted.items():
        begin = time.monotonic()
        got = studio.web.get(path, headers={"Range": asked})
        assert got.status_code in (status, 416), (asked[:30], got.status_code)
        assert len(got.content) < size + 100_000
        assert time.monotonic() - begin < 5
        answers.append(answer_of(got))
    return answers


@row("X23", "another site's page", "refused", says="another site")
def _(studio: Running) -> list[Answer]:
    answers = []
    body = json.dumps({"data": ["text-to-video", WORDS, None]})
    for origin in ("null", "http://evil.example", "http://127.0.0.1:1"):
        seen = studio.web.get("/status", headers={"Origin": origin})
        assert not [name for name in seen.headers if name.startswith("access-control-")]
        headers = {"Origin": origin, "Content-Type": "application/json"}
        answers.append(answer_of(studio.web.post(f"{API}/call/submit", content=body, headers=headers)))
    return answers


@row("X24", "a forged host", "refused", says="does not go by that name")
def _(studio: Running) -> list[Answer]:
    for claim in ("X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "X-Gradio-Server"):
        for path in ("/", "/config", f"{API}/info"):
            assert "evil.example" not in studio.web.get(path, headers={claim: "host=evil.example"}).text
    return [answer_of(studio.web.get(path, headers={"Host": "evil.example"})) for path in ("/", "/config", "/healthz")]
