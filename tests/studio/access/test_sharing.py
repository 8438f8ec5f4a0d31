"""Links to clips: random, kept as hashes, over when they run out or are stopped, and showing a clip and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from pipelines.errors import InputError, UnknownJob
from pipelines.text_to_video import TextToVideoRequest
from studio.jobs.ledger import Ledger
from studio.jobs.shares import DAY, TOKEN, Shares
from studio.person import LOCAL, Person
from studio.server import build_app
from studio.shelf import Shelf
from tests.studio.access.house import ANN, SECRET, House
from tests.studio.rooms import finish, quiet_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)
    yield shelf
    shelf.desk.close()


def test_a_link_shows_its_clip_until_it_runs_out_or_is_stopped(shelf: Shelf) -> None:
    job = finish(shelf, TextToVideoRequest(prompt="x", seed=1), person=ANN)
    now = [1000.0]
    ledger = Ledger(shelf.desk.folder.ledger)
    shares = Shares(ledger, shelf.desk._find, lambda: now[0])
    token = shares.begin(ANN, job.id, 7)
    assert TOKEN.fullmatch(token)
    assert shares.job(token).id == job.id
    now[0] += 7 * DAY - 1
    assert shares.of(ANN, job.id) is not None
    now[0] += 2
    assert shares.of(ANN, job.id) is None
    with pytest.raises(UnknownJob):
        shares.job(token)
    lasting = shares.begin(ANN, job.id, None)
    now[0] += 1000 * DAY
    assert shares.job(lasting).id == job.id
    newer = shares.begin(ANN, job.id, 1)
    with pytest.raises(UnknownJob):
        shares.job(lasting)
    shares.end(ANN, job.id)
    for ended in (newer, "", "x" * 22, "' OR 1=1 --"):
        with pytest.raises(UnknownJob):
            shares.job(ended)
    ledger.close()


def test_only_the_owner_and_an_admin_share_and_only_a_clip(shelf: Shelf) -> None:
    waiting = shelf.desk.submit(ANN, TextToVideoRequest(prompt="x", seed=1))
    with pytest.raises(InputError, match="no clip to share"):
        shelf.desk.shares.begin(ANN, waiting.id, 7)
    shelf.desk.cancel(ANN, waiting.id)
    job = finish(shelf, TextToVideoRequest(prompt="x", seed=1), person=ANN)
    for days in (0, -1, 366):
        with pytest.raises(InputError, match="1 to 365"):
            shelf.desk.shares.begin(ANN, job.id, days)
    for ask in (lambda who: shelf.desk.shares.begin(who, job.id, 7), lambda who: shelf.desk.shares.end(who, job.id)):
        with pytest.raises(UnknownJob):
            ask(Person("ben"))
        ask(Person("root", is_admin=True))


def test_the_ledger_holds_no_link_and_deleting_the_clip_ends_it(shelf: Shelf) -> None:
    job = finish(shelf, TextToVideoRequest(prompt="x", seed=1), person=ANN)
    token = shelf.desk.shares.begin(ANN, job.id, 7)
    ledger = Ledger(shelf.desk.folder.ledger)
    assert token not in str([tuple(row) for row in ledger.rows("SELECT * FROM shares")])
    ledger.close()
    shelf.desk.delete(ANN, job.id)
    with pytest.raises(UnknownJob):
        shelf.desk.shares.job(token)


def test_the_page_of_a_link_tells_nothing_but_the_clip(house: House) -> None:
    page = house.ask("nobody", "GET", f"/shared/{house.token}")
    assert f"{house.token}/clip.mp4" in page.text
    for secret in house.secrets:
        assert secret not in page.text
    assert "ann" not in page.text
    assert "<script" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    got = house.ask("nobody", "GET", f"/shared/{house.token}/clip.mp4?download=1", headers={"Range": "bytes=0-3"})
    assert (got.status_code, got.headers["content-disposition"]) == (206, 'attachment; filename="septet.mp4"')


def test_the_details_share_and_stop(house: House) -> None:
    job = house.done
    address = f"/library/{job}/share"
    assert 'data-part="share"' in house.ask("ann", "GET", f"/library/{job}").text
    shown = house.ask("ann", "POST", address, data={"days": "30"}).text
    link = shown.partition('value="')[2].partition('"')[0]
    assert house.ask("nobody", "GET", f"/{link}").status_code == 200
    assert link not in house.ask("ann", "GET", address).text
    assert house.ask("ann", "POST", address, data={"days": "9999"}).status_code == 409
    house.ask("ann", "DELETE", address)
    stopped = house.ask("nobody", "GET", f"/{link}")
    assert stopped.status_code == 404
    assert SECRET not in stopped.text


def test_alone_there_is_nobody_to_share_with(shelf: Shelf) -> None:
    job = finish(shelf, TextToVideoRequest(prompt="x", seed=1)).id
    token = shelf.desk.shares.begin(LOCAL, job, 7)
    web = TestClient(build_app(shelf))
    assert 'data-part="share"' not in web.get(f"/library/{job}").text
    assert web.get(f"/shared/{token}").status_code == 404
    assert web.post(f"/library/{job}/share").status_code in (404, 405)
