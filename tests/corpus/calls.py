"""Calls as no client of ours makes them. Each row asks a running studio, and gives every answer it got."""

from __future__ import annotations

import socket

from pipelines.registry import SERVICES
from studio.access.guard import LARGEST_JSON
from tests.corpus.kinds import Table
from tests.corpus.serving import API, Answer, Running, answer_of

CALLS = Table("call")
row = CALLS.row

WORDS = {"prompt": "a red ball"}
NUMBERS = ("guidance_scale", "seed", "num_frames", "num_inference_steps", "frame_rate", "width")


def with_field(studio: Running, name: str, value: str) -> Answer:
    """A clip asked for with one more field, `value` being JSON as it is sent."""
    return studio.call_raw("submit", f'{{"data": ["text-to-video", {{"prompt": "x", "{name}": {value}}}, null]}}')


def by_its_own_endpoint(studio: Running, name: str, value: str) -> Answer:
    """The same through the mode's endpoint, which takes every field by its place."""
    fields = SERVICES["text-to-video"].request_type.model_fields
    ordered = sorted(fields, key=lambda each: not fields[each].is_required())
    values = ['"x"' if each == "prompt" else value if each == name else "null" for each in ordered]
    return studio.call_raw("text_to_video", f'{{"data": [{", ".join(values)}]}}')


@row("I42", "200 MB of picture inside a call", "turned away")
def _(studio: Running) -> list[Answer]:
    return [
        endless(studio, f"{API}/call/submit", b'{"data": ["image-to-video", {"image": "data:image/png;base64,', 200)
    ]


def endless(studio: Running, path: str, head: bytes, megabytes: int) -> Answer:
    """A body announced as that long, sent until somebody answers."""
    host, port = studio.web.base_url.host, studio.web.base_url.port
    length = megabytes << 20
    with socket.create_connection((host, port), timeout=30) as line:
        said = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}"
        )
        line.sendall(f"{said}\r\n\r\n".encode() + head)
        block, sent, answer = b"A" * (1 << 20), 0, b""
        while sent < length and b"\r\n\r\n" not in answer:
            line.settimeout(30)
            try:
                sent += line.send(block)
                line.settimeout(0.001)
                answer += line.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
    assert sent < 2 * LARGEST_JSON, f"{sent >> 20} MB were taken"
    status = int(answer.split(b" ", 2)[1])
    return Answer("turned away" if status in (413, 429, 507) else "taken", status)


@row("X01", "numbers that are none", "refused", says="finite|number|integer|not")
def _(studio: Running) -> list[Answer]:
    asked = (with_field, by_its_own_endpoint)
    return [ask(studio, "guidance_scale", value) for ask in asked for value in ("NaN", "Infinity", "-Infinity")]


@row("X02", "numbers beyond all measure", "refused", says="less than or equal|finite|number|not")
def _(studio: Running) -> list[Answer]:
    huge = "1" + "0" * 400
    return [with_field(studio, name, value) for name in NUMBERS for value in ("1e308", huge)]


@row("X03", "minus one", "refused", says="greater than or equal")
def _(studio: Running) -> list[Answer]:
    return [with_field(studio, name, "-1") for name in NUMBERS]


@row("X04", "a number of frames the model cannot make", "refused", says="num_frames is 8")
def _(studio: Running) -> list[Answer]:
    return [with_field(studio, "num_frames", "8")]


@row("X05", "a number as text", "refused", says="valid (integer|number)")
def _(studio: Running) -> list[Answer]:
    return [with_field(studio, name, '"12"') for name in NUMBERS]


@row("X06", "yes for a number", "refused", says="valid (integer|number)")
def _(studio: Running) -> list[Answer]:
    return [with_field(studio, name, "true") for name in NUMBERS]


@row("X07", "nothing, where something must be", "refused", why="where a field may be left out, null leaves it out")
def _(studio: Running) -> list[Answer]:
    empty = [
        studio.submit("text-to-video", {**WORDS, name: None}) for name in ("prompt", "finishing", "adapter_weight")
    ]
    return [
        *empty,
        studio.submit("text-to-video", None),
        studio.call("submit", None, None, None),
        studio.call("job", None),
    ]


@row("X08", "ten thousand brackets deep", "refused")
def _(studio: Running) -> list[Answer]:
    answers = []
    for depth in (200, 900, 10_000):
        deep = "[" * depth + "]" * depth
        answers.append(studio.call_raw("submit", f'{{"data": ["text-to-video", {{"prompt": {deep}}}, null]}}'))
        answers.append(studio.call_raw("submit", f'{{"data": {deep}}}'))
        objects = '{"a":' * depth + "1" + "}" * depth
        answers.append(studio.call_raw("submit", f'{{"data": ["text-to-video", {objects}, null]}}'))
    return answers


@row("X09", "fields that are missing, or that nobody knows", "refused")
def _(studio: Running) -> list[Answer]:
    return [
        studio.submit("text-to-video", {}),
        studio.submit("image-to-video", {}),
        studio.submit("stylization", {"prompt": "x"}),
        studio.submit("text-to-video", {**WORDS, "surprise": 1}),
        studio.submit("text-to-video", {**WORDS, "finishing": {"surprise": 1}}),
        studio.submit("text-to-film", WORDS),
        studio.call("submit"),
    ]


@row("X10", "every private handler of the page, called from outside with nonsense", "survived")
def _(studio: Running) -> list[Answer]:
    answers = []
    for each in studio.web.get("/config").json()["dependencies"]:
        session = "of-the-page"
        values = ["nonsense", {"a": [1]}, -1, None] * 200
        body = {"data": values[: len(each["inputs"])], "fn_index": each["id"], "session_hash": session}
        joined = studio.web.post(f"{API}/queue/join", json=body)
        answers.append(answer_of(joined))
        if joined.is_success:
            told = studio.web.get(f"{API}/queue/data", params={"session_hash": session}).text
            answers.append(Answer("refused", told))
    assert len(answers) > 50
    return answers


@row("X11", "a choice that is not offered", "refused", says="input should be")
def _(studio: Running) -> list[Answer]:
    return [
        studio.submit("text-to-video", {**WORDS, "finishing": {"quality": "best"}}),
        studio.submit("text-to-video", {**WORDS, "finishing": {"upscale": 3}}),
        studio.submit("text-to-video", {**WORDS, "finishing": {"aspect_ratio": "2:1"}}),
    ]


@row("X12", "a model by a path", "refused", why="no call chooses a model")
def _(studio: Running) -> list[Answer]:
    return [
        studio.submit("text-to-video", {**WORDS, "model": "../../evil"}),
        studio.submit("text-to-video", {**WORDS, "adapter": "../../evil.safetensors"}),
        studio.submit("../../evil", WORDS),
    ]
