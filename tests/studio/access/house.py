"""A studio with three people in it, ann's things, and everybody's way of asking for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from PIL import Image
from starlette.routing import Mount

from pipelines.stylization import StylizationRequest
from pipelines.text_to_video import TextToVideoRequest
from studio.access.entrance import with_accounts
from studio.access.gate import access_names
from studio.access.identity import Proxies
from studio.access.setup import Limits
from studio.access.users import UserFile
from studio.person import Person
from studio.server import build_app
from studio.shelf import Shelf
from tests.media_samples import make_video, moving_square
from tests.studio.rooms import finish, quiet_shelf

SECRET = "the-secret-of-ann"  # in a prompt, a file's name, and nowhere else
PASSWORD = "a password of ten or more"
PEOPLE = ("nobody", "ben", "root", "ann")  # whoever has no right to it asks first
ANN = Person("ann")


@dataclass
class House:
    """The studio, and what ann has in it. `secrets`: what nobody but ann and root may ever be sent."""

    shelf: Shelf
    web: TestClient
    cookies: dict[str, str]
    done: str = ""
    waiting: str = ""
    upload: str = ""
    event: str = ""
    token: str = ""

    @property
    def secrets(self) -> list[str]:
        return [SECRET, self.done, self.waiting, self.upload, self.event]

    def ask(self, who: str, method: str, path: str, **given: Any) -> Response:
        """A request by one of PEOPLE, following no redirect."""
        headers = {"Cookie": f"septet_session={self.cookies[who]}"} if who in self.cookies else {}
        headers |= given.pop("headers", {})
        return self.web.request(method, path, headers=headers, follow_redirects=False, **given)

    def call(self, who: str, name: str, *values: Any) -> tuple[str, Any]:
        """An endpoint for programs: ("complete" | "error", what it said)."""
        joined = self.ask(who, "POST", f"/gradio_api/call/{name}", json={"data": list(values)})
        if joined.status_code != 200:
            return str(joined.status_code), joined.json()
        told = self.ask(who, "GET", f"/gradio_api/call/{name}/{joined.json()['event_id']}").text
        last = [part for part in told.split("\n\n") if part][-1]
        return last.partition("\n")[0].removeprefix("event: "), json.loads(last.partition("data: ")[2])

    @property
    def gradio(self) -> Any:
        mount = next(route for route in self.web.app.routes if isinstance(route, Mount))  # type: ignore[attr-defined]
        return mount.app.app


def open_house(folder: Path) -> House:
    """Build it; its web side still has to be entered as a context, for gradio's queue to run."""
    shelf = quiet_shelf(folder)
    users = UserFile(folder / "users.json")
    for name in ("ann", "ben", "root"):
        users.add(name, PASSWORD, is_admin=name == "root")
    way_in = with_accounts(users, shelf.desk.folder, access_names(()), Proxies(), Limits(16, 4 * 10**9))
    web = TestClient(build_app(shelf, way_in), raise_server_exceptions=False)
    return House(shelf, web, {})


def furnish(house: House, folder: Path) -> House:
    """Sign everybody in, and give ann a clip with a source, a waiting job with a preview, an upload and an event."""
    for name in ("ann", "ben", "root"):
        answer = house.web.post("/login", data={"username": name, "password": PASSWORD})
        house.cookies[name] = answer.cookies["septet_session"]
        house.web.cookies.clear()
    video = make_video(folder / f"{SECRET}.mp4", moving_square(12, 96, 64, 4.0), 12)
    styled = StylizationRequest(prompt=SECRET, video=str(video), seed=7)
    house.done = finish(house.shelf, styled, Path(video).read_bytes(), ANN).id
    house.waiting = house.shelf.desk.submit(ANN, TextToVideoRequest(prompt=f"{SECRET} waits")).id
    house.token = house.shelf.desk.shares.begin(ANN, house.done, 7)
    preview = house.shelf.desk.folder.job(house.waiting) / "preview.jpg"
    preview.parent.mkdir()
    Image.new("RGB", (96, 64)).save(preview)
    picture = folder / f"{SECRET}.png"
    Image.new("RGB", (96, 64), (9, 99, 199)).save(picture)
    with picture.open("rb") as file:
        house.upload = house.ask("ann", "POST", "/gradio_api/upload?upload_id=u1", files={"files": file}).json()[0]
    index = next(key for key, fn in house.gradio.get_blocks().fns.items() if fn.api_name == "jobs")
    body = {"data": [50, None], "fn_index": index, "session_hash": "s1"}
    house.event = house.ask("ann", "POST", "/gradio_api/queue/join", json=body).json()["event_id"]
    return house
