"""The guard around gradio: names of sessions are made a person's own, uploads stay within a person's room."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import gradio as gr
import pytest
from gradio.data_classes import FileData, ImageData
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from pipelines.errors import MediaError
from studio import words
from studio.access.arguments import arguments_of
from studio.access.guard import API, LARGEST_JSON, Guard
from studio.access.uploads import DAY, forget_old
from studio.callers import CALLER
from studio.person import Person
from studio.server import SESSIONS
from studio.shelf import folder_of
from tests.studio.access.house import ANN, House

BEN = Person("ben")


class Stub:
    """Gradio, as far as it tells what it was asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        told = {"path": scope["path"], "query": dict(request.query_params), "body": json.loads(body or b"null")}
        await JSONResponse(told)(scope, receive, send)


class Described:
    """A page, as far as it tells programs what its endpoints take."""

    def get_api_info(self) -> dict[str, object]:
        limit = {"parameter_name": "limit", "parameter_has_default": True, "parameter_default": 50}
        before = {"parameter_name": "before", "parameter_has_default": True, "parameter_default": None}
        name = {"parameter_name": "id", "parameter_has_default": False}
        return {"named_endpoints": {"/jobs": {"parameters": [limit, before]}, "/job": {"parameters": [name]}}}


@pytest.fixture
def guarded(tmp_path: Path) -> TestClient:
    guard = Guard(
        Stub(), lambda person: tmp_path / person.folder, {"e1": f"{ANN.folder}-s1"}.get, arguments_of(Described())
    )

    async def as_somebody(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = dict(scope["headers"])[b"who"].decode()
            await guard({**scope, CALLER: Person(name)} if name else scope, receive, send)

    return TestClient(as_somebody)


def ask(web: TestClient, who: Person, method: str, path: str, **given: object) -> Response:
    return web.request(method, path, headers={"who": who.name}, **given)  # type: ignore[return-value,arg-type]


def test_a_sessions_name_begins_with_whose_it_is(guarded: TestClient) -> None:
    told = ask(guarded, ANN, "GET", f"{API}/queue/data?session_hash=s1&x=1").json()
    assert told["query"] == {"session_hash": f"{ANN.folder}-s1", "x": "1"}
    assert ask(guarded, BEN, "GET", f"{API}/heartbeat/s1").json()["path"] == f"{API}/heartbeat/{BEN.folder}-s1"
    stolen = f"{ANN.folder}-s1"
    told = ask(guarded, BEN, "POST", f"{API}/queue/join", json={"data": [], "session_hash": stolen}).json()
    assert told["body"]["session_hash"] == f"{BEN.folder}-{stolen}"


def test_calls_without_a_session_each_get_one_of_their_own(guarded: TestClient) -> None:
    sessions = {
        ask(guarded, ANN, "POST", f"{API}/call/jobs", json={"data": []}).json()["body"]["session_hash"]
        for _ in range(5)
    }
    assert len(sessions) == 5
    assert all(session.startswith(f"{ANN.folder}-") for session in sessions)


def test_only_whose_event_it_is_cancels_it_or_hears_how_it_ended(guarded: TestClient) -> None:
    body = {"session_hash": "s1", "fn_index": 0, "event_id": "e1"}
    for who, status in ((ANN, 200), (BEN, 404)):
        assert ask(guarded, who, "POST", f"{API}/cancel", json=body).status_code == status
        assert ask(guarded, who, "GET", f"{API}/call/jobs/e1").status_code == status
    assert ask(guarded, ANN, "GET", f"{API}/call/jobs/e2").status_code == 404


def test_a_call_with_named_fields_is_the_same_call(guarded: TestClient) -> None:
    told = ask(guarded, ANN, "POST", f"{API}/call/v2/jobs", json={"before": "x"}).json()
    assert told["path"] == f"{API}/call/jobs"
    assert told["body"]["data"] == [50, "x"]
    assert told["body"]["session_hash"].startswith(f"{ANN.folder}-")


def test_named_fields_are_checked_like_any(guarded: TestClient, tmp_path: Path) -> None:
    for body, status, said in (
        ({"befor": "x"}, 422, "jobs has no field called 'befor'"),
        ({"session_hash": "s1"}, 422, "session_hash"),
        ({"before": {"path": str(tmp_path)}}, 404, "nothing here"),
    ):
        refused = ask(guarded, ANN, "POST", f"{API}/call/v2/jobs", json=body)
        assert refused.status_code == status
        assert said in refused.text
    assert "needs id" in ask(guarded, ANN, "POST", f"{API}/call/v2/job", json={}).text
    assert ask(guarded, ANN, "POST", f"{API}/call/v2/no-such", json={}).status_code == 404


def test_paths_are_found_wherever_they_hide(guarded: TestClient, tmp_path: Path) -> None:
    mine, theirs = (tmp_path / who.folder / "x" / "a.png" for who in (ANN, BEN))
    for path in (mine, theirs):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    link = mine.with_name("link.png")
    link.symlink_to(theirs)
    for path, status in ((mine, 200), (theirs, 404), (link, 404), (mine.parent / "../../" / theirs, 404)):
        deep = {"data": [[{"a": {"b": [{"path": str(path)}]}}]], "event_data": {"path": str(path)}}
        assert ask(guarded, ANN, "POST", f"{API}/queue/join", json=deep).status_code == status
        assert ask(guarded, ANN, "GET", f"{API}/file={path}").status_code == status


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"[" * 100_000, b"\xff"])
def test_what_is_no_call_is_refused(guarded: TestClient, body: bytes) -> None:
    assert ask(guarded, ANN, "POST", f"{API}/queue/join", content=body).status_code == 400


def test_a_body_without_end_is_cut_off(guarded: TestClient) -> None:
    assert ask(guarded, ANN, "POST", f"{API}/queue/join", content=b" " * (LARGEST_JSON + 1)).status_code == 413


def test_who_is_nobody_gets_nothing_of_gradio(guarded: TestClient) -> None:
    assert ask(guarded, Person(""), "GET", "/").status_code == 404


def test_two_people_may_upload_the_same_and_neither_finds_the_others(house: House) -> None:
    given = {"files": ("same.png", b"the same content")}
    one, other = (house.ask(who, "POST", f"{API}/upload", files=given).json()[0] for who in ("ann", "ben"))
    assert one != other
    assert Path(one).is_relative_to(folder_of(ANN))
    assert house.ask("ben", "GET", f"{API}/file={other}").content == b"the same content"
    assert house.ask("ben", "GET", f"{API}/file={one}").status_code == 404


def test_a_page_among_uploads_is_saved_and_never_run(house: House) -> None:
    for name in ("evil.html", "evil.svg"):
        given = {"files": (name, b"<script>alert(1)</script>")}
        path = house.ask("ann", "POST", f"{API}/upload", files=given).json()[0]
        got = house.ask("ann", "GET", f"{API}/file={path}")
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "given",
    [
        {"data": {"files": "text"}, "files": {"other": b"x"}},
        {"content": b"", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_what_is_no_upload_is_said_to_be_none(house: House, given: dict[str, object]) -> None:
    refused = house.ask("ann", "POST", f"{API}/upload", **given)
    assert (refused.status_code, refused.text) == (400, words.NO_UPLOAD)


def test_a_full_room_is_said_so_before_anything_is_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    hog = folder_of(BEN) / "hog"
    hog.mkdir(parents=True, exist_ok=True)
    with (hog / "a.bin").open("wb") as file:
        file.truncate(4 * 10**9)  # sparse: it takes no room on the disk
    try:
        refused = house.ask("ben", "POST", f"{API}/upload", files={"files": ("b.bin", bytes(3 << 20))})
        assert refused.status_code == 413
        assert "4.0 GB" in refused.text
        chunks = (b"x" * (1 << 20) for _ in range(4))  # of a length that was never announced
        head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="b.bin"\r\n\r\n'
        unannounced = house.ask(
            "ben",
            "POST",
            f"{API}/upload",
            content=(part for part in (head, *chunks, b"\r\n--b--")),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
        assert unannounced.status_code == 413
        assert house.ask("ann", "POST", f"{API}/upload", files={"files": ("b.bin", b"x")}).status_code == 200
    finally:
        (hog / "a.bin").unlink()


def test_uploads_of_yesterday_are_forgotten_and_todays_are_not(tmp_path: Path) -> None:
    for name in ("ann/old/a", "ann/new/b", "ben/old/c", "shared"):
        path = tmp_path / name
        path.mkdir(parents=True)
        (path / "file").write_bytes(b"x")
        if "new" not in name:
            for each in (path / "file", path):
                os.utime(each, (0, time.time() - DAY - 60))
    os.utime(tmp_path / "ann" / "old", (0, 0))
    os.utime(tmp_path / "ben" / "old", (0, 0))
    os.utime(tmp_path / "ann", (0, 0))
    forget_old(tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "ann",
        "ann/new",
        "ann/new/b",
        "ann/new/b/file",
    ]


def test_what_one_person_paints_is_no_canvas_of_anothers(house: House) -> None:
    blocks = house.gradio.get_blocks()
    key, editor = next((key, block) for key, block in blocks.blocks.items() if isinstance(block, gr.ImageEditor))
    fields = {"data": "", "type": "layer", "index": "0", "id": "c1"}

    def paint(who: str, name: str) -> int:
        sent = {**fields, "id": name, "component_id": str(key), "session_hash": "s", "fn_name": "accept_blobs"}
        return house.ask(who, "POST", f"{API}/component_server", data=sent, files={"file": ("a.png", b"x")}).status_code

    assert paint("ann", "c1") == 200
    assert paint("ben", f"{ANN.folder}-c1") == 200
    assert set(editor.blob_storage) == {f"{ANN.folder}-c1", f"{BEN.folder}-{ANN.folder}-c1"}
    for number in range(9):
        paint("ben", f"n{number}")
    assert f"{ANN.folder}-c1" in editor.blob_storage
    assert len(editor.blob_storage) <= 1 + 4


def test_a_call_names_a_persons_own_canvas(guarded: TestClient) -> None:
    given = {"data": [{"background": None, "layers": [], "composite": None, "id": "c1"}, {"id": "no canvas"}]}
    told = ask(guarded, BEN, "POST", f"{API}/queue/join", json=given).json()["body"]["data"]
    assert [each["id"] for each in told] == [f"{BEN.folder}-c1", "no canvas"]


def test_a_call_that_names_no_session_leaves_none_behind_and_the_latest_few_are_kept(house: House) -> None:
    kept = house.gradio.state_holder.session_data
    before = len(kept)
    for _ in range(5):
        assert house.call("ann", "jobs", 50, None)[0] == "complete"
    assert len(kept) == before
    assert house.gradio.state_holder.capacity == SESSIONS


def test_an_input_for_pictures_opens_nothing_by_itself(house: House) -> None:
    inputs = [
        each
        for each in house.gradio.get_blocks().blocks.values()
        if type(each) is gr.Image and each.interactive is not False
    ]
    assert len(inputs) > 10
    for each in inputs:
        assert each.preprocess(ImageData(path="/no/such/drawing.eps", orig_name="a.png")) == "/no/such/drawing.eps"
        assert each.preprocess(None) is None


def test_a_canvas_is_opened_only_if_it_is_one(house: House, tmp_path: Path) -> None:
    editors = [each for each in house.gradio.get_blocks().blocks.values() if isinstance(each, gr.ImageEditor)]
    Image.new("RGB", (64, 48)).save(tmp_path / "a.eps")
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    Image.new("1", (8000, 4000)).save(tmp_path / "large.png")
    for editor in editors:
        assert editor.convert_and_format_image((tmp_path / "a.png").read_bytes()) is not None
        for name, reason in (("a.eps", "not a picture"), ("large.png", "8000x4000 pixels")):
            for given in (FileData(path=str(tmp_path / name)), (tmp_path / name).read_bytes()):
                with pytest.raises(MediaError, match=reason):
                    editor.convert_and_format_image(given)


def test_a_canvas_has_a_few_layers(house: House) -> None:
    key, editor = next(
        (key, each) for key, each in house.gradio.get_blocks().blocks.items() if isinstance(each, gr.ImageEditor)
    )
    sent = {"data": "", "type": "layer", "index": str(10**7), "id": "c9"}
    sent |= {"component_id": str(key), "session_hash": "s", "fn_name": "accept_blobs"}
    house.ask("ann", "POST", f"{API}/component_server", data=sent, files={"file": ("a.png", b"x")})
    assert f"{ANN.folder}-c9" not in editor.blob_storage
