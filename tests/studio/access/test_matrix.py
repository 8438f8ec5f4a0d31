"""Every route there is, asked by everybody for what is ann's. A route that this table does not know fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Mount

from studio.person import Person
from studio.shelf import folder_of
from tests.studio.access.house import ANN, PEOPLE, SECRET, House

pytestmark = pytest.mark.xdist_group("matrix")  # one house, asked in the order of the table

G = "/gradio_api"
NOT_THERE = "0" * 32
MINE = (401, 404, 200, 200)  # nobody, ben, root (an admin), ann: what belongs to ann
ALL = (401, 200, 200, 200)  # what anybody who is signed in may ask, each with an answer of their own
ANNS = (401, 404, 404, 200)  # what not even an admin is handed
OPEN = (200, 200, 200, 200)

# (method, route, address, body) -> status for each of PEOPLE. {…} are a house's own names.
TABLE: list[tuple[str, str, str, dict[str, Any], tuple[int, ...]]] = [
    ("GET", "/media/{job}/{name}", "/media/{done}/clip.mp4", {}, MINE),
    ("HEAD", "/media/{job}/{name}", "/media/{done}/clip.mp4", {}, MINE),
    ("GET", "/media/{job}/{name}", "/media/{done}/poster.jpg", {}, MINE),
    ("GET", "/media/{job}/{name}", "/media/{done}/recipe.json", {}, MINE),
    ("GET", "/media/{job}/{name}", "/media/{done}/source", {}, MINE),
    ("GET", "/media/{job}/{name}", "/media/{waiting}/preview.jpg", {}, MINE),
    ("GET", "/media/{job}/as/{kind}", "/media/{done}/as/gif", {}, MINE),
    ("GET", "/library/{job}", "/library/{done}", {}, MINE),
    ("GET", "/library/compare", "/library/compare?job={done}&job={done}", {}, MINE),
    ("GET", "/library/{job}/share", "/library/{done}/share", {}, MINE),
    ("POST", "/library/{job}/share", "/library/{waiting}/share", {}, (401, 404, 409, 409)),
    ("DELETE", "/library/{job}/share", "/library/{waiting}/share", {}, MINE),
    ("GET", "/shared/{token}", "/shared/{token}", {}, OPEN),
    ("GET", "/shared/{token}", "/shared/AAAAAAAAAAAAAAAAAAAAAA", {}, (404, 404, 404, 404)),
    ("GET", "/shared/{token}/{name}", "/shared/{token}/clip.mp4", {}, OPEN),
    ("HEAD", "/shared/{token}/{name}", "/shared/{token}/poster.jpg", {}, OPEN),
    ("GET", "/shared/{token}/{name}", "/shared/{token}/recipe.json", {}, (404, 404, 404, 404)),
    ("GET", "/shared/{token}/{name}", "/shared/{token}/source", {}, (404, 404, 404, 404)),
    ("GET", "/library", "/library", {}, ALL),
    ("GET", "/panel/{mode}", "/panel/stylization?job={done}", {}, ALL),
    ("GET", "/still", "/still?kind=image&file={upload}", {}, ANNS),
    ("GET", "/status", "/status", {}, ALL),
    ("POST", "/prompts", "/prompts", {"json": {"prompt": "a ball"}}, ALL),
    ("GET", "/styles/{name}.webp", "/styles/noir.webp", {}, ALL),
    ("GET", "/examples/{name:path}", "/examples/no-such-file.png", {}, (401, 404, 404, 404)),
    ("GET", "/healthz", "/healthz", {}, OPEN),
    ("GET", "/sign-in", "/sign-in", {}, (200, 303, 303, 303)),
    ("POST", "/sign-in", "/sign-in", {"data": {"username": "eve", "password": "x"}}, (401, 401, 401, 401)),
    ("POST", "/login", "/login", {"data": {"username": "adam", "password": "x"}}, (401, 401, 401, 401)),
    ("POST", f"{G}/upload", f"{G}/upload", {"files": {"files": b"x"}}, ALL),
    # gradio's, as it is guarded
    ("GET", "/", "/", {}, ALL),
    ("HEAD", "/", "/", {}, ALL),
    ("GET", "/config", "/config", {}, ALL),
    ("GET", "/config/", "/config/", {}, ALL),
    ("GET", "/theme.css", "/theme.css", {}, ALL),
    ("GET", "/robots.txt", "/robots.txt", {}, ALL),
    ("GET", "/manifest.json", "/manifest.json", {}, ALL),
    ("GET", "/favicon.ico", "/favicon.ico", {}, ALL),
    ("GET", "/static/{path:path}", "/static/img/logo.svg", {}, ALL),
    ("GET", "/assets/{path:path}", "/assets/no-such.js", {}, (401, 404, 404, 404)),
    ("GET", f"{G}/info", f"{G}/info", {}, ALL),
    ("GET", f"{G}/info/", f"{G}/info/", {}, ALL),
    ("GET", f"{G}/openapi.json", f"{G}/openapi.json", {}, ALL),
    ("GET", f"{G}/startup-events", f"{G}/startup-events", {}, ALL),
    ("GET", f"{G}/app_id", f"{G}/app_id", {}, ALL),
    ("GET", f"{G}/app_id/", f"{G}/app_id/", {}, ALL),
    ("GET", f"{G}/user", f"{G}/user", {}, ALL),
    ("GET", f"{G}/user/", f"{G}/user/", {}, ALL),
    ("GET", f"{G}/login_check", f"{G}/login_check", {}, ALL),
    ("GET", f"{G}/login_check/", f"{G}/login_check/", {}, ALL),
    ("GET", f"{G}/theme.css", f"{G}/theme.css", {}, ALL),
    ("GET", f"{G}/queue/status", f"{G}/queue/status", {}, ALL),
    ("POST", f"{G}/reset", f"{G}/reset", {"json": {"event_id": "{event}"}}, ALL),
    ("POST", f"{G}/reset/", f"{G}/reset/", {"json": {"event_id": "{event}"}}, ALL),
    ("GET", f"{G}/upload_progress", f"{G}/upload_progress?upload_id=u1", {}, ANNS),
    (
        "POST",
        f"{G}/queue/join",
        f"{G}/queue/join",
        {"json": {"data": ["x"], "session_hash": None}},
        (401, 400, 400, 400),
    ),
    (
        "POST",
        f"{G}/queue/join",
        f"{G}/queue/join",
        {"json": {"fn_index": 0, "session_hash": "x", "data": [{"path": "{upload}"}]}},
        (401, 404, 404, 200),
    ),
    ("POST", f"{G}/call/{{api_name}}", f"{G}/call/job", {"json": {"data": ["{done}"]}}, ALL),
    ("POST", f"{G}/call/{{api_name}}/", f"{G}/call/job/", {"json": {"data": ["{done}"]}}, ALL),
    ("POST", f"{G}/call/v2/{{api_name}}", f"{G}/call/v2/job", {"json": {"id": "{done}"}}, ALL),
    ("POST", f"{G}/call/v2/{{api_name}}/", f"{G}/call/v2/job/", {"json": {"id": "{done}"}}, ALL),
    ("GET", f"{G}/call/{{api_name}}/{{event_id}}", f"{G}/call/jobs/{{event}}", {}, ANNS),
    (
        "POST",
        f"{G}/cancel",
        f"{G}/cancel",
        {"json": {"session_hash": "s1", "fn_index": 0, "event_id": "{event}"}},
        (401, 404, 404, 404),  # for ann: it was just told how it ended
    ),
    ("HEAD", f"{G}/file={{path_or_url:path}}", f"{G}/file={{upload}}", {}, ANNS),
    ("GET", f"{G}/file={{path_or_url:path}}", f"{G}/file={{upload}}", {}, ANNS),
    ("POST", f"{G}/component_server", f"{G}/component_server", {"json": {}}, (401, 400, 400, 400)),
    ("POST", f"{G}/component_server/", f"{G}/component_server/", {"json": {}}, (401, 400, 400, 400)),
]
# endless for whoever may ask: only nobody does here, the rest is in test_guard.py
ENDLESS = [("GET", f"{G}/heartbeat/{{session_hash}}"), ("GET", f"{G}/queue/data")]
# last, because ann is somebody else afterwards
LEAVING = [("POST", "/sign-out")]
# gradio's, closed to everybody
SHUT = f"""
GET {G}/token | GET {G}/token/ | GET {G}/dev/reload | POST /login/ | GET /svelte/{{path:path}} | GET {G}/runs
GET {G}/runs/ | GET /gradio_api/deep_link | GET {G}/custom_component/{{id}}/{{environment}}/{{type}}/{{file_name}}
HEAD {G}/proxy={{url_path:path}} | GET {G}/proxy={{url_path:path}} | POST {G}/stream/{{event_id}}
POST {G}/stream/{{event_id}}/close | GET {G}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist.m3u8
GET {G}/stream/{{session_hash}}/{{run}}/{{component_id}}/{{segment_id}}.{{ext}}
GET {G}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist-file | GET {G}/file/{{path:path}}
POST {G}/run/{{api_name}} | POST {G}/run/{{api_name}}/ | POST {G}/api/{{api_name}} | POST {G}/api/{{api_name}}/
GET {G}/call/v2/{{api_name}}/{{event_id}}
GET /pwa_icon | GET /pwa_icon/{{size}} | GET /monitoring | GET /monitoring/summary | GET /monitoring/{{key}}
POST {G}/process_recording | POST {G}/vibe-edit/ | POST {G}/vibe-edit | POST {G}/undo-vibe-edit/
POST {G}/undo-vibe-edit | GET {G}/vibe-code/ | GET {G}/vibe-code | POST {G}/vibe-code/ | POST {G}/vibe-code
GET /logout | GET /openapi.json | POST {G}/vibe-starter-queries/ | POST {G}/vibe-starter-queries
"""
CLOSED = [tuple(line.split(" ", 1)) for line in SHUT.replace("\n", "|").replace(" | ", "|").strip("|").split("|")]


def _flat(router: Any) -> Iterator[Any]:
    """Every route of a router and of those included in it; what is mounted is no route."""
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from _flat(route.original_router)
        elif not isinstance(route, Mount):
            yield route


def _routes(house: House) -> set[tuple[str, str]]:
    """Every (method, route) that the studio and gradio in it answer; HEAD only where it was asked for by itself."""
    found = set()
    for route in (*_flat(house.web.app), *_flat(house.gradio)):
        methods = set(route.methods)
        found |= {(method, route.path) for method in (methods - {"HEAD"} or methods)}
    return found


def test_every_route_there_is_has_an_answer_here(house: House) -> None:
    known = {(method, route) for method, route, *_ in TABLE} | {*ENDLESS, *LEAVING, *CLOSED}
    assert _routes(house) - known == set()
    assert known - _routes(house) == set()


def _filled(value: Any, house: House) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, house) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, house) for item in value]
    if not isinstance(value, str):
        return value
    for name in ("done", "waiting", "upload", "event", "token"):
        value = value.replace(f"{{{name}}}", getattr(house, name))
    return value


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[2]}")
def test_who_is_answered_what(house: House, row: Any) -> None:
    method, _route, address, body, expected = row
    answers = [house.ask(who, method, _filled(address, house), **_filled(body, house)) for who in PEOPLE]
    assert tuple(answer.status_code for answer in answers) == expected
    sent = _filled(address, house) + str(_filled(body, house))
    for answer in answers[:2]:  # nobody and ben
        for secret in house.secrets:
            assert secret in sent or secret not in answer.text
        assert SECRET not in str(answer.headers)


@pytest.mark.parametrize(("method", "route"), CLOSED, ids=" ".join)
def test_what_of_gradio_nobody_needs_is_closed(house: House, method: str, route: str) -> None:
    address = route.replace(":path", "")
    for name in ("path", "url_path"):
        address = address.replace(f"{{{name}}}", house.upload)
    address = address.replace("{api_name}", "jobs").replace("{event_id}", house.event).replace("{session_hash}", "s1")
    statuses = [house.ask(who, method, address).status_code for who in PEOPLE]
    assert statuses == [401, 404, 404, 404]


@pytest.mark.parametrize(("method", "route"), ENDLESS, ids=" ".join)
def test_nobody_holds_a_line_open(house: House, method: str, route: str) -> None:
    assert house.ask("nobody", method, route.replace("{session_hash}", "s1")).status_code == 401


def test_a_session_of_anothers_cannot_be_listened_to(house: House) -> None:
    index = next(key for key, fn in house.gradio.get_blocks().fns.items() if fn.api_name == "jobs")
    body = {"data": [50, None], "fn_index": index, "session_hash": "s2"}
    event = house.ask("ann", "POST", f"{G}/queue/join", json=body).json()["event_id"]
    for who in ("ben", "root"):
        told = house.ask(who, "GET", f"{G}/queue/data?session_hash=s2").text
        assert "session_not_found" in told
        assert event not in told
    told = house.ask("ann", "GET", f"{G}/queue/data?session_hash=s2").text
    assert event in told
    assert house.done in told


def test_a_job_of_anothers_and_one_that_never_was_are_told_alike(house: House) -> None:
    for address in ("/media/{}/clip.mp4", "/library/{}", "/media/{}/as/gif", "/media/{}/source"):
        theirs, none = (house.ask("ben", "GET", address.format(job)) for job in (house.done, NOT_THERE))
        assert (theirs.status_code, theirs.content) == (none.status_code, none.content)
        assert set(theirs.headers) == set(none.headers)


def test_nobody_is_told_alike_wherever_they_knock(house: House) -> None:
    there, none = (house.ask("nobody", "GET", f"/media/{job}/clip.mp4") for job in (house.done, NOT_THERE))
    assert (there.status_code, there.content) == (none.status_code, none.content) == (401, none.content)
    page = house.ask("nobody", "GET", f"/media/{house.done}/clip.mp4", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("endpoint", ["job", "cancel"])
def test_an_endpoint_knows_whose_job_it_is_asked_for(house: House, endpoint: str) -> None:
    job = house.shelf.submit(ANN, "text-to-video", {"prompt": "x"}).id
    assert house.call("nobody", endpoint, job)[0] == "401"
    state, said = house.call("ben", endpoint, job)
    assert state == "error"
    assert "There is no job" in str(said)
    assert house.call("root", endpoint, job)[0] == "complete"
    assert house.call("ann", endpoint, job)[1][0]["id"] == job


def test_a_list_holds_ones_own(house: House) -> None:
    assert {job["id"] for job in house.call("ann", "jobs", 50, None)[1][0]} >= {house.done, house.waiting}
    for who in ("ben", "root"):
        state, (jobs,) = house.call(who, "jobs", 50, house.done)
        assert (state, jobs) == ("complete", [])


def test_a_file_of_anothers_cannot_be_made_an_input(house: House) -> None:
    given = {"image": {"path": house.upload, "meta": {"_type": "gradio.FileData"}}, "seed": 3}
    for who in ("nobody", "ben", "root"):
        assert house.call(who, "submit", "image-to-video", given, None)[0] in ("401", "404")
    state, (job,) = house.call("ann", "submit", "image-to-video", given, None)
    assert (state, job["state"]) == ("complete", "queued")
    house.shelf.desk.cancel(ANN, job["id"])


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{folder}/../{upload}",
        "{upload}/../../../ledger.sqlite3",
        "http://127.0.0.1:1/x.png",
        "file:///etc/passwd",
        "\0",
        "a" * 5000,
    ],
)
def test_a_path_that_is_no_upload_of_ones_own_is_refused(house: House, path: str) -> None:
    path = path.replace("{upload}", house.upload).replace("{folder}", str(folder_of(ANN)))
    state, _ = house.call("ann", "submit", "image-to-video", {"image": {"path": path}}, None)
    assert state == "404"
    if "\0" not in path:
        assert house.ask("ann", "GET", f"{G}/file={path}").status_code in (404, 414)


def test_what_the_pages_own_events_are_told_is_not_believed(house: House) -> None:
    """Handlers of the page take a job's id from the browser: with anothers they do nothing."""
    told = {"job": house.done, "to": "render", "what": "clip", "model": "starter"}
    tried = 0
    for index, fn in house.gradio.get_blocks().fns.items():
        if fn.inputs or fn.api_visibility != "private":
            continue
        body = {"data": [], "fn_index": index, "session_hash": f"e{index}", "event_data": told}
        assert house.ask("ben", "POST", f"{G}/queue/join", json=body).status_code == 200
        answer = house.ask("ben", "GET", f"{G}/queue/data?session_hash=e{index}").text
        for secret in (SECRET, house.upload, house.done):
            assert secret not in answer.replace(f"There is no job '{house.done}'", "")
        tried += 1
    assert tried > 20
    assert house.shelf.desk.job(ANN, house.done).has_clip
    assert house.shelf.desk.jobs(Person("ben")) == []
