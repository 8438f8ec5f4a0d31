"""The ledger: order, fences, final states, idempotency."""

import sqlite3
import threading
from pathlib import Path

import pytest

from pipelines.errors import DiskFull, InputError, QueueFull, UnknownJob
from studio.jobs.ledger import Ledger, LostJob, NewJob
from studio.jobs.recovery import Recovery


def new(name: str, **changes: object) -> NewJob:
    return NewJob(
        **{"id": name, "owner": "local", "mode": "plain", "model": "m", "recipe": {"septet": 1}, "seed": 3, **changes}
    )


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = Ledger(tmp_path / "ledger.sqlite3", clock=iter(range(1000)).__next__)
    yield ledger
    ledger.close()


def test_jobs_are_claimed_in_the_order_they_came(ledger: Ledger) -> None:
    for name in "abc":
        ledger.add(new(name), cap=9)
    assert [ledger.claim("w", "m").id for _ in range(3)] == ["a", "b", "c"]
    assert ledger.claim("w", "m") is None


def test_a_job_for_another_model_is_not_claimed_and_holds_its_place(ledger: Ledger) -> None:
    ledger.add(new("a", model="other"), cap=9)
    ledger.add(new("b"), cap=9)
    assert ledger.claim("w", "m") is None
    assert ledger.claim("w", "other").id == "a"
    assert ledger.claim("w", "m").id == "b"


def test_two_workers_never_get_the_same_job(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    first = Ledger(path)
    for number in range(30):
        first.add(new(f"{number}"), cap=99)
    claimed: list[str] = []

    def work(name: str) -> None:
        own = Ledger(path)
        while job := own.claim(name, "m"):
            claimed.append(job.id)
        own.close()

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed, key=int) == [str(number) for number in range(30)]
    first.close()


def test_a_worker_that_was_given_up_cannot_touch_the_job(ledger: Ledger) -> None:
    ledger.add(new("a"), cap=9)
    lost = ledger.claim("w", "m")
    recovery = Recovery(ledger)
    recovery.interrupt(crashed=True)
    recovery.settle(lambda _id: None)
    again = ledger.claim("w", "m")
    assert again.attempt == 2
    for write in (
        lambda: ledger.done(lost, {}, {}),
        lambda: ledger.failed(lost, "x", "x"),
        lambda: ledger.advance(lost, "denoise", 0.5, {}, 1),
        lambda: ledger.release(lost),
        lambda: ledger.cancelled(lost),
        lambda: ledger.is_cancelled(lost),
    ):
        with pytest.raises(LostJob):
            write()
    ledger.done(again, {"septet": 1}, {"denoise": 1.0})
    assert ledger.job("a").state == "done"


@pytest.mark.parametrize("end", ["done", "failed", "cancelled"])
def test_final_states_are_final_even_for_raw_sql(ledger: Ledger, end: str) -> None:
    ledger.add(new("a"), cap=9)
    job = ledger.claim("w", "m")
    {
        "done": lambda: ledger.done(job, {}, {}),
        "failed": lambda: ledger.failed(job, "c", "m"),
        "cancelled": lambda: ledger.cancelled(job),
    }[end]()
    for state in ("queued", "running", "interrupted", "done", "failed", "cancelled"):
        if state != end:
            with pytest.raises(sqlite3.IntegrityError), ledger.writing() as connection:
                connection.execute("UPDATE jobs SET state = ?", (state,))
    assert ledger.cancel("a").state == end


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(ledger: Ledger) -> None:
    ledger.add(new("a"), cap=9)
    ledger.add(new("b"), cap=9)
    running = ledger.claim("w", "m")
    assert ledger.cancel("b").state == "cancelled"
    assert not ledger.is_cancelled(running)
    assert ledger.cancel("a").state == "running"
    assert ledger.is_cancelled(running)


def test_the_same_key_gives_the_same_job_even_when_the_queue_is_full(ledger: Ledger) -> None:
    first = ledger.add(new("a", idempotency_key="k"), cap=1)
    assert ledger.add(new("b", idempotency_key="k"), cap=1).id == first.id
    with pytest.raises(QueueFull, match="1 jobs are waiting"):
        ledger.add(new("c"), cap=1)
    with pytest.raises(UnknownJob):
        ledger.job("b")


def test_a_released_job_keeps_its_place_and_its_attempts(ledger: Ledger) -> None:
    for name in "ab":
        ledger.add(new(name), cap=9)
    ledger.release(ledger.claim("w", "m"))
    again = ledger.claim("w", "m")
    assert (again.id, again.attempt) == ("a", 1)


def test_progress_never_goes_back(ledger: Ledger) -> None:
    ledger.add(new("a"), cap=9)
    job = ledger.claim("w", "m")
    for fraction in (0.5, 0.3, 7.0):
        ledger.advance(job, "denoise", fraction, {"denoise": 1.5}, 2)
        assert ledger.job("a").progress == max(0.5, min(fraction, 1.0))
    assert ledger.job("a").timings == {"denoise": 1.5}


def test_jobs_are_listed_newest_first_page_by_page(ledger: Ledger) -> None:
    for name in "abcde":
        ledger.add(new(name), cap=9)
    assert [job.id for job in ledger.jobs(2)] == ["e", "d"]
    assert [job.id for job in ledger.jobs(2, before="d")] == ["c", "b"]
    assert [job.id for job in ledger.jobs(9, before="b")] == ["a"]


def test_forgetting_a_job_names_only_the_inputs_no_other_job_needs(ledger: Ledger) -> None:
    ledger.add(new("a", inputs=("1", "2")), cap=9)
    ledger.add(new("b", inputs=("2", "3")), cap=9)
    removed: list[str] = []
    with pytest.raises(InputError, match="Cancel it"):
        ledger.forget("a", removed.extend)
    ledger.cancel("a")
    ledger.forget("a", removed.extend)
    assert removed == ["1"]
    with pytest.raises(UnknownJob):
        ledger.job("a")


def test_a_job_is_not_entered_when_its_inputs_were_cleared_away(ledger: Ledger) -> None:
    assert ledger.add(new("a", inputs=("1",)), cap=9, inputs_there=lambda: False) is None
    assert ledger.jobs(9) == []


def test_what_was_committed_is_there_after_an_end_without_warning(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    ledger.add(new("a"), cap=9)
    # not closed: a second connection sees what a killed process left
    assert Ledger(tmp_path / "ledger.sqlite3").job("a").state == "queued"


def test_a_full_disk_is_said_so_and_changes_nothing(ledger: Ledger) -> None:
    ledger.add(new("a"), cap=9)
    ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.rows("PRAGMA max_page_count = 1")  # SQLite's own way to be as if the disk were full
    with pytest.raises(DiskFull, match="is full"):
        ledger.add(new("b", recipe={"words": "x" * 500_000}), cap=9)
    assert [job.id for job in ledger.jobs(9)] == ["a"]
    ledger.rows("PRAGMA max_page_count = 1000000")
    assert ledger.claim("w", "m").id == "a"
    ledger.check()
