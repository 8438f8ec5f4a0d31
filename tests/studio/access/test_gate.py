"""The gate: which names we go by, whose word counts, what other sites may not do; and the headers of every answer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import app
from pipelines.errors import StudioError
from studio.access.gate import Access, Gate, access_names
from studio.access.identity import ByHeader, Proxies
from studio.access.setup import add_flags, checked
from studio.callers import CALLER
from studio.person import LOCAL, Person
from studio.policy import PagePolicy
from tests.studio.access.house import House

WHO = "X-Remote-User"


def _told(request: Request) -> JSONResponse:
    person: Person = request.scope[CALLER]
    return JSONResponse(
        {
            "who": person.name,
            "admin": person.is_admin,
            "scheme": request.url.scheme,
            "client": request.client.host if request.client else "",
            "claims": [name for name in request.headers if "forward" in name or "gradio" in name],
        },
        headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"},
    )


def door(access: Access, peer: str = "127.0.0.1", base: str = "http://127.0.0.1:7860") -> TestClient:
    inside = Starlette(routes=[Route("/", _told, methods=["GET", "POST", "OPTIONS"])])
    return TestClient(PagePolicy(Gate(inside, access)), base_url=base, client=(peer, 5000))


def test_alone_everybody_is_the_person_at_the_machine() -> None:
    assert door(Access()).get("/").json()["who"] == LOCAL.name


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "localhost@evil.example", "a b"])
def test_a_name_that_is_not_ours_is_not_answered_to(host: str) -> None:
    answer = door(Access()).get("/", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "evil" not in answer.text


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860", "LOCALHOST", "studio.example:443"])
def test_a_name_that_is_ours_is(host: str) -> None:
    access = Access(names=access_names(["Studio.Example"]))
    assert door(access).get("/", headers={"Host": host}).status_code == 200


def test_a_proxys_word_about_people_counts_from_a_proxy_alone() -> None:
    access = Access(ByHeader(WHO, frozenset({"root"})), proxies=Proxies.named(["10.0.0.0/24"]))
    for peer in ("127.0.0.1", "::1", "10.0.0.7"):
        told = door(access, peer).get("/", headers={WHO: "Root"}).json()
        assert (told["who"], told["admin"]) == ("root", True)
    assert not door(access).get("/", headers={WHO: "ann"}).json()["admin"]
    for peer in ("10.0.1.7", "192.168.1.5", "testclient"):
        assert door(access, peer).get("/", headers={WHO: "root"}).status_code == 401


@pytest.mark.parametrize("named", ["", " ", "a b", "../x", "x" * 65, "ann\troot", "ann,root"])
def test_a_header_that_names_nobody_lets_nobody_in(named: str) -> None:
    access = Access(ByHeader(WHO))
    assert door(access).get("/", headers={WHO: named}).status_code == 401
    assert door(access).get("/").status_code == 401


def test_a_header_given_twice_lets_nobody_in() -> None:
    assert door(Access(ByHeader(WHO))).get("/", headers=[(WHO, "ann"), (WHO, "root")]).status_code == 401


def test_what_is_claimed_of_a_proxy_is_believed_of_one_and_passed_on_by_none() -> None:
    claims = {
        "X-Forwarded-For": "6.6.6.6, 7.7.7.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
        "X-Gradio-Server": "http://evil.example",
    }
    told = door(Access()).get("/", headers=claims).json()
    assert (told["scheme"], told["client"], told["claims"]) == ("https", "7.7.7.7", [])
    told = door(Access(), "192.168.1.5").get("/", headers=claims).json()
    assert (told["scheme"], told["client"], told["claims"]) == ("http", "192.168.1.5", [])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_can_do_nothing_here(headers: dict[str, str]) -> None:
    assert door(Access()).post("/", headers=headers).status_code == 403
    asked = door(Access()).options("/", headers={**headers, "Access-Control-Request-Method": "POST"})
    assert asked.status_code == 403 or "Origin" not in headers
    for answer in (asked, door(Access()).get("/", headers=headers)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://127.0.0.1:7860"}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_page_and_programs_can(headers: dict[str, str]) -> None:
    assert door(Access()).post("/", headers=headers).status_code == 200


def test_a_websocket_is_not_accepted() -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), door(Access()).websocket_connect("/"):
        pass


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/config",
        "/status",
        "/media/{done}/clip.mp4",
        "/sign-in",
        "/healthz",
        "/shared/{token}",
        "/no-such",
        "/theme.css",
    ],
)
@pytest.mark.parametrize("who", ["ann", "nobody"])
def test_every_answer_carries_the_headers_that_protect_it(house: House, who: str, path: str) -> None:
    address = path.replace("{done}", house.done).replace("{token}", house.token)
    answer = house.ask(who, "GET", address, headers={"Origin": "http://evil.example"})
    said = answer.headers
    assert said["x-content-type-options"] == "nosniff"
    assert "default-src" in said["content-security-policy"]
    assert said["referrer-policy"] in ("same-origin", "no-referrer")
    assert said["cross-origin-resource-policy"] == "same-origin"
    assert path == "/theme.css" or "no-store" in said["cache-control"]
    assert not [name for name in said if name.startswith("access-control-")]


def test_a_forged_host_gives_no_foreign_address(house: House) -> None:
    for forged in ({"X-Forwarded-Host": "evil.example"}, {"X-Gradio-Server": "http://evil.example"}):
        for path in ("/", "/config", "/gradio_api/info"):
            assert "evil.example" not in house.ask("ann", "GET", path, headers=forged).text
    assert house.ask("ann", "GET", "/", headers={"Host": "evil.example"}).status_code == 421


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(house: House) -> None:
    from tests.studio.access.house import PASSWORD

    login = {"username": "ann", "password": PASSWORD}
    for proto in ("http", "https"):
        answer = house.web.post("/login", data=login, headers={"X-Forwarded-Proto": proto})
        said = answer.headers["set-cookie"].lower()
        house.web.cookies.clear()
        assert "httponly" in said
        assert "samesite=lax" in said
    assert "secure" not in said  # the test's client is no proxy


def test_wrong_tries_have_to_wait_and_say_nothing_of_the_name(house: House) -> None:
    answers = {}
    for name in ("ben", "no-such-person"):
        for _ in range(6):
            answers[name] = house.web.post("/sign-in", data={"username": name, "password": "wrong wrong wrong"})
    known, unknown = (answer.text.replace(name, "") for name, answer in answers.items())
    assert known == unknown
    assert {answer.status_code for answer in answers.values()} == {429}
    assert int(answers["ben"].headers["retry-after"]) > 600


def test_after_signing_out_the_cookie_opens_nothing(house: House) -> None:
    assert house.ask("root", "GET", "/status").status_code == 200
    left = house.ask("root", "POST", "/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert house.ask("root", "GET", "/status").status_code == 401


def flags(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    add_flags(parser)
    return parser.parse_args(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--host", "0.0.0.0"), "accounts"),
        (("--auth", "x", "--auth-header", WHO), "two ways"),
        (("--admin", "ann"), "--auth-header"),
        (("--auth-header", "X Remote: User"), "name of a header"),
        (("--auth", "/no/such/file"), "users add NAME"),
        (("--jobs-per-person", "0"), "more than nothing"),
        (("--upload-gb", "-1"), "more than nothing"),
    ],
)
def test_flags_that_cannot_be_meant_are_refused(given: tuple[str, ...], said: str) -> None:
    with pytest.raises(StudioError, match=said):
        checked(flags(*given))


def test_a_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(StudioError, match=r"10\.0\.0\.2"):
        Proxies.named(["nonsense"])


def test_a_user_file_without_people_opens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "users.json").write_text('{"septet_users": 1, "users": {}}')
    given: list[Any] = ["--host", "0.0.0.0", "--auth", str(tmp_path / "users.json"), "--no-browser"]
    assert app.main([*given, "--data", str(tmp_path / "data")]) == 1
    assert "no accounts yet" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
