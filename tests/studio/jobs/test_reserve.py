"""Room that is kept: new jobs are refused in time, and what became of the old ones is noted even on a full disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import DiskFull
from studio.jobs import reserve
from studio.jobs.desk import JobDesk
from studio.jobs.ledger import Ledger, NewJob
from studio.jobs.reserve import Ballast, floor
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.studio.jobs.disks import fill_up
from tests.studio.jobs.fakes import PlainRequest

WORDS = {"words": "x" * 200_000}  # does not fit into what is left in a page


@pytest.mark.parametrize(("total", "kept"), [(8 << 30, 1 << 30), (200 << 30, 4 << 30), (4 << 40, 10 << 30)])
def test_the_floor_is_two_percent_between_one_and_ten_gigabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, kept: int
) -> None:
    class Usage:
        def __init__(self, _path: Path) -> None:
            self.total = total

    monkeypatch.setattr(reserve.shutil, "disk_usage", Usage)
    assert floor(tmp_path) == pytest.approx(kept, rel=1e-6)


def test_a_job_that_would_eat_into_the_floor_is_refused_and_told_how_much_is_kept(
    open_desk: Callable[..., JobDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    kept = floor(desk.folder.root)
    monkeypatch.setattr(DataFolder, "free_bytes", lambda _self: kept + (80 << 20))
    job = desk.submit(LOCAL, PlainRequest(prompt="fits"))
    desk.cancel(LOCAL, job.id)
    monkeypatch.setattr(DataFolder, "free_bytes", lambda _self: kept + (60 << 20))
    for ask in (lambda: desk.submit(LOCAL, PlainRequest(prompt="too much")), lambda: desk.retry(LOCAL, job.id)):
        with pytest.raises(DiskFull, match=f"{kept / 1e6:.0f} MB are kept.*Make room"):
            ask()
    assert [known.id for known in desk.jobs(LOCAL)] == [job.id]


def test_the_ballast_takes_up_room_in_fact(small_disk: Path) -> None:
    before = reserve.shutil.disk_usage(small_disk).free
    ballast = Ballast(small_disk / "ballast")
    assert ballast.fill()
    assert before - reserve.shutil.disk_usage(small_disk).free >= 4 << 20
    assert ballast.release()
    assert not ballast.release()
    assert reserve.shutil.disk_usage(small_disk).free == before


def test_a_disk_without_plenty_of_room_gets_no_ballast(small_disk: Path) -> None:
    hog = fill_up(small_disk)
    assert not Ballast(small_disk / "ballast").fill()
    hog.unlink()
    assert Ballast(small_disk / "ballast").fill()


def test_on_a_full_disk_the_ballast_lets_a_job_come_to_its_end(small_disk: Path) -> None:
    ledger, ballast = Ledger(small_disk / "ledger.sqlite3"), Ballast(small_disk / "ballast")
    ballast.fill()
    for name in "ab":
        ledger.add(NewJob(name, "local", "plain", "m", {}, 1), cap=9)
    first, second = ledger.claim("w", "m"), ledger.claim("w", "m")
    fill_up(small_disk)
    with pytest.raises(DiskFull):
        ledger.add(NewJob("c", "local", "plain", "m", WORDS, 1), cap=9)
    assert (small_disk / "ballast").exists()  # nothing was lost: it is kept for what matters
    ledger.done(first, WORDS, {})
    assert not (small_disk / "ballast").exists()
    fill_up(small_disk)
    with pytest.raises(DiskFull, match=r"is full\. Make room"):
        ledger.done(second, {"words": "y" * 900_000}, {})
    assert [job.state for job in ledger.jobs(9)] == ["running", "done"]
    ledger.check()
    (small_disk / "hog").unlink()
    ledger.done(second, WORDS, {})
    assert ledger.job("b").state == "done"
    ledger.close()
