"""Whose jobs are whose: what belongs to others is not there, people take turns, older ledgers go on."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import QueueFull, UnknownJob
from studio.jobs.desk import JobDesk
from studio.jobs.ledger import Ledger, NewJob
from studio.jobs.recovery import Recovery
from studio.jobs.schema import _MIGRATIONS, VERSION, open_ledger
from studio.person import LOCAL, Person
from tests.studio.jobs.fakes import PictureRequest, PlainRequest
from tests.studio.jobs.test_desk import picture

ANN, BEN, ADMIN = Person("ann"), Person("ben"), Person("root", is_admin=True)


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = Ledger(tmp_path / "ledger.sqlite3", clock=iter(range(1000)).__next__)
    yield ledger
    ledger.close()


def add(ledger: Ledger, owner: str, *names: str, **changes: object) -> None:
    for name in names:
        ledger.add(NewJob(name, owner, "plain", "m", {}, 1, **changes), cap=999)


def claimed(ledger: Ledger, count: int) -> list[str]:
    return [ledger.claim("w", "m").id for _ in range(count)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda desk, who, job: desk.job(who, job),
        lambda desk, who, job: desk.cancel(who, job),
        lambda desk, who, job: desk.retry(who, job),
        lambda desk, who, job: desk.delete(who, job),
        lambda desk, who, job: desk.wait(who, job, 0),
        lambda desk, who, job: desk.clip(who, job),
        lambda desk, who, job: desk.poster(who, job),
        lambda desk, who, job: desk.preview(who, job),
    ],
)
def test_a_job_is_there_for_its_owner_and_an_admin_and_for_nobody_else(
    open_desk: Callable[..., JobDesk], ask: Callable[..., object]
) -> None:
    desk = open_desk()
    job = desk.submit(ANN, PlainRequest(prompt="a"))
    with pytest.raises(UnknownJob) as told:
        ask(desk, BEN, job.id)
    with pytest.raises(UnknownJob) as of_none:
        desk.job(BEN, "0" * 32)
    assert str(told.value).replace(job.id, "0" * 32) == str(of_none.value)
    assert desk.job(ANN, job.id).state == "queued"
    desk.cancel(ANN, job.id)
    ask(desk, ADMIN, job.id)


def test_lists_hold_ones_own_and_an_admin_may_ask_for_all(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    first, second = desk.submit(ANN, PlainRequest(prompt="a")), desk.submit(BEN, PlainRequest(prompt="b"))
    assert [job.id for job in desk.jobs(ANN)] == [first.id]
    assert [job.id for job in desk.jobs(BEN, everybodys=True)] == [second.id]
    assert desk.jobs(ADMIN) == []
    assert {job.id for job in desk.jobs(ADMIN, everybodys=True)} == {first.id, second.id}
    assert [job.id for job in desk.active(ANN)] == [first.id]
    assert desk.busy() == 2
    assert first.owner == "ann"
    desk.cancel(ANN, first.id)
    assert desk.prune(BEN) == 0
    assert desk.prune(ADMIN) == 1


def test_a_file_is_found_by_those_who_gave_it(open_desk: Callable[..., JobDesk], tmp_path: Path) -> None:
    desk = open_desk()
    job = desk.submit(ANN, PictureRequest(prompt="a", image=picture(tmp_path / "a.png")))
    sha256 = job.recipe["inputs"]["image"]["sha256"]
    assert desk.input(ANN, sha256) == desk.input(ADMIN, sha256) is not None
    assert desk.input(BEN, sha256) is None
    desk.submit(BEN, PictureRequest(prompt="b", image=picture(tmp_path / "b.png")))
    assert desk.input(BEN, sha256) is not None


def test_one_persons_key_is_no_key_of_anothers(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    first = desk.submit(ANN, PlainRequest(prompt="a"), idempotency_key="k")
    second = desk.submit(BEN, PlainRequest(prompt="b"), idempotency_key="k")
    assert first.id != second.id
    assert desk.submit(ANN, PlainRequest(prompt="a"), idempotency_key="k").id == first.id


def test_forty_jobs_of_one_person_hold_up_anothers_first_by_one(ledger: Ledger) -> None:
    add(ledger, "ann", *(f"a{number}" for number in range(40)))
    add(ledger, "ben", "b0", "b1")
    add(ledger, "cat", "c0")
    order = [job.id for job in ledger.active()]
    assert claimed(ledger, 6) == order[:6] == ["a0", "b0", "c0", "a1", "b1", "a2"]
    add(ledger, "dan", "d0")
    assert claimed(ledger, 2) == ["d0", "a3"]


def test_who_was_served_last_week_does_not_wait_longer_today(ledger: Ledger) -> None:
    for _ in range(3):
        add(ledger, "ann", f"a{len(ledger.jobs(99))}")
        ledger.claim("w", "m")
    add(ledger, "ben", "b0")
    ledger.claim("w", "m")
    add(ledger, "ben", "b1")
    add(ledger, "ann", "a9")
    assert claimed(ledger, 2) == ["a9", "b1"]


def test_a_job_given_back_keeps_its_place_before_other_peoples(ledger: Ledger) -> None:
    add(ledger, "ann", "a0", "a1")
    add(ledger, "ben", "b0")
    ledger.release(ledger.claim("w", "m"))
    assert claimed(ledger, 1) == ["a0"]
    recovery = Recovery(ledger)
    recovery.interrupt(crashed=True)
    recovery.settle(lambda _id: None)
    assert claimed(ledger, 3) == ["a0", "b0", "a1"]


def test_the_next_job_decides_the_next_model(ledger: Ledger) -> None:
    add(ledger, "ann", "a0", "a1")
    ledger.claim("w", "m")
    ledger.add(NewJob("b0", "ben", "plain", "other", {}, 1), cap=9)
    assert ledger.next_model() == "other"
    assert ledger.claim("w", "m") is None
    assert ledger.claim("w", "other").id == "b0"


def test_a_person_may_have_so_many_waiting_and_all_together_so_many(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk(capacity=5, personal=3)
    for number in range(3):
        desk.submit(ANN, PlainRequest(prompt=f"{number}"))
    with pytest.raises(QueueFull, match=r"3 of your jobs are waiting.*cancel one"):
        desk.submit(ANN, PlainRequest(prompt="one too many"))
    for number in range(2):
        desk.submit(BEN, PlainRequest(prompt=f"{number}"))
    with pytest.raises(QueueFull, match="5 jobs are waiting"):
        desk.submit(BEN, PlainRequest(prompt="one too many"))
    over = desk.cancel(ANN, desk.jobs(ANN)[0].id)
    desk.submit(ANN, PlainRequest(prompt="in its place"))
    with pytest.raises(QueueFull, match="of your jobs"):
        desk.retry(ANN, over.id)


def test_two_hundred_at_once_fill_the_queue_exactly(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk(capacity=64)
    told: list[str] = []

    def submit(first: int) -> None:
        for number in range(first, first + 25):
            try:
                desk.submit(Person(f"p{number % 7}"), PlainRequest(prompt=f"{number}"))
                told.append("in")
            except QueueFull:
                told.append("full")

    threads = [threading.Thread(target=submit, args=(25 * index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told.count("in"), told.count("full")) == (64, 136)
    assert len(desk.jobs(LOCAL, 500, everybodys=True)) == 64


def test_a_ledger_from_before_there_were_people_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    old = sqlite3.connect(path)
    old.executescript(_MIGRATIONS[1])
    old.execute("PRAGMA user_version = 1")
    columns = "id, idempotency_key, mode, model, recipe, seed, created"
    old.execute(f"INSERT INTO jobs ({columns}) VALUES ('a', 'k', 'plain', 'm', '{{}}', 1, 5.0)")
    old.execute(f"INSERT INTO jobs ({columns}) VALUES ('b', NULL, 'plain', 'm', '{{}}', 1, 6.0)")
    old.execute("INSERT INTO job_inputs VALUES ('a', 'file')")
    old.commit()
    old.close()
    ledger = Ledger(path)
    assert [(job.id, job.owner) for job in ledger.jobs(9, owner=LOCAL.name)] == [("b", "local"), ("a", "local")]
    assert ledger.by_key(LOCAL.name, "k").id == "a"
    assert claimed(ledger, 2) == ["a", "b"]
    assert len(ledger.rows("SELECT * FROM job_inputs")) == 1
    ledger.close()
    assert open_ledger(path).execute("PRAGMA user_version").fetchone()[0] == VERSION
