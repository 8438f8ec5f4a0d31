"""Copies of the ledger, and what is put in the place of a damaged one: nothing that was finished is lost."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import InputError, StudioError
from studio.cli import main
from studio.jobs import backups
from studio.jobs.backups import EVERY, KEPT, LOOK_SECONDS, Upkeep, back_up, is_sound
from studio.jobs.desk import JobDesk
from studio.jobs.ledger import Ledger
from studio.jobs.restoring import restore
from studio.person import LOCAL, Person
from tests.studio.jobs.fakes import PictureRequest, PlainRequest
from tests.studio.jobs.invariants import broken
from tests.studio.jobs.test_desk import picture

LONG = 20.0
ANN = Person("ann")


def damage(path: Path) -> None:
    """Overwrite pages in the middle of a ledger, as a bad disk would."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 4096):
        content[at : at + 100] = b"\xff" * 100
    path.write_bytes(content)


def make(desk: JobDesk, person: Person, *prompts: str) -> list[str]:
    jobs = [desk.submit(person, PlainRequest(prompt=prompt)).id for prompt in prompts]
    assert all(desk.wait(person, job, LONG).is_over for job in jobs)
    return jobs


def test_a_copy_holds_every_job_and_only_the_newest_copies_are_kept(
    open_desk: Callable[..., JobDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    job = desk.submit(LOCAL, PlainRequest(prompt="a"))
    for hour in range(KEPT + 2):
        monkeypatch.setattr(backups.time, "strftime", lambda _form, _when, hour=hour: f"ledger-{hour}.sqlite3")
        back_up(desk.folder)
    assert [path.name for path in desk.folder.ledger_copies()] == [f"ledger-{hour}.sqlite3" for hour in (5, 4, 3, 2)]
    assert all(is_sound(copy) for copy in desk.folder.ledger_copies())
    with sqlite3.connect(desk.folder.ledger_copies()[0]) as copy:
        assert copy.execute("SELECT id FROM jobs").fetchall() == [(job.id,)]
    copy.close()


def test_a_damaged_ledger_is_never_taken_for_a_good_copy(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    desk.submit(LOCAL, PlainRequest(prompt="a"))
    desk.close()
    good = back_up(desk.folder)
    damage(desk.folder.ledger)
    with pytest.raises((StudioError, sqlite3.DatabaseError)):
        back_up(desk.folder)
    assert list(desk.folder.backups.iterdir()) == [good]


def test_copies_are_made_at_the_start_and_as_time_goes_by(open_desk: Callable[..., JobDesk]) -> None:
    desk, now = open_desk(), [0.0]
    upkeep = Upkeep(desk.folder, clock=lambda: now[0])
    upkeep.look()
    (first,) = desk.folder.ledger_copies()
    assert desk.folder.ballast.exists()
    first.rename(first.with_name("ledger-1.sqlite3"))
    for _ in range(3):  # not yet
        now[0] += EVERY / 4
        upkeep.look()
    assert len(desk.folder.ledger_copies()) == 1
    desk.folder.ballast.unlink()
    now[0] += EVERY / 4
    upkeep.look()
    assert len(desk.folder.ledger_copies()) == 2
    assert desk.folder.ballast.exists()
    again = Upkeep(desk.folder, clock=lambda: now[0])  # a studio that starts over and over pushes no copy out
    now[0] += LOOK_SECONDS
    again.look()
    assert len(desk.folder.ledger_copies()) == 2


def test_a_sound_ledger_or_one_in_use_is_left_alone(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    with pytest.raises(InputError, match="is sound"):
        restore(desk.folder)
    with desk.folder.held(), pytest.raises(StudioError, match="already running"):
        restore(desk.folder)


def test_the_start_refuses_a_damaged_ledger_and_names_the_copy_and_the_command(
    open_desk: Callable[..., JobDesk],
) -> None:
    desk = open_desk()
    desk.submit(LOCAL, PlainRequest(prompt="a"))
    copy = back_up(desk.folder)
    desk.close()
    damage(desk.folder.ledger)
    with pytest.raises(StudioError, match=rf"damaged.*{copy.name}.*jobs restore --data {desk.folder.root}"):
        open_desk().start()


def test_clips_made_since_the_copy_come_back_with_their_owner_and_their_inputs(
    open_desk: Callable[..., JobDesk], tmp_path: Path
) -> None:
    desk = open_desk().start()
    before, deleted = make(desk, LOCAL, "before", "deleted")
    desk.close()
    desk = open_desk()
    since = desk.submit(ANN, PictureRequest(prompt="since", image=picture(tmp_path / "a.png")), idempotency_key="k")
    waiting = desk.submit(LOCAL, PlainRequest(prompt="waiting"))
    shutil.rmtree(desk.folder.backups)
    desk.folder.create()
    back_up(desk.folder)  # knows the first of them as waiting
    desk.start()
    assert desk.wait(ANN, since.id, LONG).state == "done"
    desk.wait(LOCAL, waiting.id, LONG)
    (later,) = make(desk, ANN, "later")
    desk.delete(LOCAL, deleted)
    desk.close()
    for copy in desk.folder.ledger_copies()[:-1]:
        copy.unlink()  # those made by the start: the oldest knows least
    damage(desk.folder.ledger)
    (desk.folder.jobs / "f").mkdir()

    restored = restore(desk.folder)

    assert set(restored.entered) == {since.id, waiting.id, later}
    assert restored.dropped == [deleted]
    assert [path.name for path in restored.unknown] == ["f"]
    assert restored.aside is not None and restored.aside.exists()
    restored.unknown[0].rmdir()
    desk = open_desk().start()
    assert {job.id for job in desk.jobs(ANN)} == {since.id, later}
    assert {job.id for job in desk.jobs(LOCAL)} == {before, waiting.id}
    assert desk.job(ANN, later).recipe["made"]["num_frames"] == 5
    assert desk.input(ANN, since.recipe["inputs"]["image"]["sha256"]) is not None
    assert desk.submit(ANN, PlainRequest(prompt="new")).id not in restored.entered
    desk.close()
    ledger = Ledger(desk.folder.ledger)
    accepted = [job.id for job in ledger.jobs(99)]
    ledger.close()
    assert broken(desk.folder, accepted, over=False) == []


def test_without_any_copy_the_clips_make_a_new_ledger(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk().start()
    made = make(desk, ANN, "one", "two")
    desk.close()
    shutil.rmtree(desk.folder.backups)
    desk.folder.ledger.write_bytes(b"not a database at all" * 500)
    assert restore(desk.folder).copy is None
    desk = open_desk()
    assert [job.id for job in desk.jobs(ANN)][::-1] == made
    assert [job.recipe["request"]["prompt"] for job in desk.jobs(ANN)] == ["two", "one"]


def test_a_copy_that_is_damaged_too_gives_way_to_an_older_one(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    job = desk.submit(LOCAL, PlainRequest(prompt="a"))
    good = back_up(desk.folder)
    desk.close()
    bad = good.with_name("ledger-99999999T000000Z.sqlite3")
    shutil.copyfile(good, bad)
    damage(bad)
    damage(desk.folder.ledger)
    restored = restore(desk.folder)
    assert (restored.copy, restored.waiting) == (good, [job.id])


def test_a_restoration_that_was_killed_is_simply_run_again(
    open_desk: Callable[..., JobDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk().start()
    (made,) = make(desk, LOCAL, "one")
    desk.close()
    back_up(desk.folder)
    damage(desk.folder.ledger)
    for moment in ("studio.jobs.restoring._put_aside", "studio.jobs.restoring.os.replace"):
        with monkeypatch.context() as patch:

            def killed(*_values: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(moment, killed)
            with pytest.raises(KeyboardInterrupt):
                restore(desk.folder)
        with pytest.raises(StudioError, match="damaged"):
            open_desk().start()
    restore(desk.folder)
    desk = open_desk()
    assert [job.id for job in desk.jobs(LOCAL)] == [made]
    assert json.loads((desk.folder.job(made) / "recipe.json").read_text())["mode"] == "plain"


def test_the_command_says_what_became_of_what(
    open_desk: Callable[..., JobDesk], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = open_desk()
    desk.submit(LOCAL, PlainRequest(prompt="a"))
    copy = back_up(desk.folder)
    desk.close()
    command = ["jobs", "restore", "--data", str(desk.folder.root)]
    assert main(command) == 2
    assert "is sound" in capsys.readouterr().err
    damage(desk.folder.ledger)
    assert main(command) == 0
    said = capsys.readouterr().out
    assert f"The copy {copy} is in place; the damaged file is now {desk.folder.root}/damaged-" in said
    assert "0 clips made since are entered again, 1 jobs will be made." in said
