"""Sessions: a cookie cannot be made up, changed, outlive its end, or come back after signing out."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import StudioError
from studio.access.sessions import COOKIE, LIFETIME, Sessions, session_key
from studio.access.throttle import LIMITS, WINDOW, Throttle
from studio.access.users import UserFile
from studio.jobs.ledger import Ledger
from studio.person import Person

PASSWORD = "correct horse battery"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    found = UserFile(tmp_path / "users.json")
    found.add("ann", PASSWORD)
    return found


@pytest.fixture
def sessions(tmp_path: Path, users: UserFile, clock: Clock) -> Iterator[Sessions]:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    yield Sessions(session_key(tmp_path / "key"), users, ledger, clock)
    ledger.close()


def speaks_for(sessions: Sessions, value: str) -> Person | None:
    return sessions.person({COOKIE: value})


def test_a_cookie_speaks_for_its_person_until_it_runs_out(sessions: Sessions, clock: Clock) -> None:
    value = sessions.begin(Person("ann"))
    assert speaks_for(sessions, value) == Person("ann")
    clock.now += LIFETIME - 2
    assert speaks_for(sessions, value) == Person("ann")
    clock.now += 3
    assert speaks_for(sessions, value) is None


def test_no_letter_of_a_cookie_can_be_changed(sessions: Sessions) -> None:
    value = sessions.begin(Person("ann"))
    for at in range(0, len(value) - 1):
        changed = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        assert speaks_for(sessions, changed) is None


@pytest.mark.parametrize("value", ["", ".", "x.", ".x", "a.b", "é.é", "x" * 100_000, "null", "\0"])
def test_what_is_no_cookie_of_ours_speaks_for_nobody(sessions: Sessions, value: str) -> None:
    assert speaks_for(sessions, value) is None


def test_a_cookie_signed_with_another_key_is_worth_nothing(
    tmp_path: Path, sessions: Sessions, users: UserFile, clock: Clock
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    value = Sessions(bytes(32), users, ledger, clock).begin(Person("ann"))
    assert speaks_for(sessions, value) is None
    body = value.partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(body + "=="))["name"] == "ann"  # or this test would prove nothing
    assert speaks_for(sessions, body) is None
    ledger.close()


def test_signing_out_ends_every_copy_of_the_cookie_and_no_other(sessions: Sessions) -> None:
    here, there = sessions.begin(Person("ann")), sessions.begin(Person("ann"))
    sessions.end({COOKIE: here})
    sessions.end({COOKIE: "nonsense"})
    assert speaks_for(sessions, here) is None
    assert speaks_for(sessions, there) == Person("ann")


def test_a_new_password_new_rights_or_no_account_end_old_sessions(sessions: Sessions, users: UserFile) -> None:
    value = sessions.begin(Person("ann"))
    users.add("ann", PASSWORD, is_admin=True)
    assert speaks_for(sessions, value) is None
    value = sessions.begin(Person("ann"))
    assert speaks_for(sessions, value) == Person("ann", is_admin=True)
    users.remove("ann")
    assert speaks_for(sessions, value) is None


def test_the_key_is_random_kept_and_its_owners_alone(tmp_path: Path) -> None:
    first, other = session_key(tmp_path / "a"), session_key(tmp_path / "b")
    assert len(first) == 32
    assert first != other
    assert session_key(tmp_path / "a") == first
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    (tmp_path / "a").write_text("short")
    with pytest.raises(StudioError, match="Delete it"):
        session_key(tmp_path / "a")


def test_guessing_has_to_wait_by_name_and_by_address(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(LIMITS["pair"]):
        assert throttle.wait("1.1.1.1", "ann") == 0
        throttle.failed("1.1.1.1", "ann")
    assert throttle.wait("1.1.1.1", "ann") == WINDOW
    assert throttle.wait("2.2.2.2", "ann") == 0  # ann herself, elsewhere, is not locked out by it
    for number in range(LIMITS["address"] - LIMITS["pair"]):
        throttle.failed("1.1.1.1", f"n{number}")
    assert throttle.wait("1.1.1.1", "somebody new") > 0
    for number in range(LIMITS["name"]):
        throttle.failed(f"3.3.3.{number}", "ben")
    assert throttle.wait("9.9.9.9", "ben") > 0
    clock.now += WINDOW + 1
    assert throttle.wait("1.1.1.1", "ann") == 0


def test_the_right_password_forgives_slips_but_not_an_addresss_other_tries(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(LIMITS["pair"] - 1):
        throttle.failed("1.1.1.1", "ann")
    throttle.succeeded("1.1.1.1", "ann")
    throttle.failed("1.1.1.1", "ann")
    assert throttle.wait("1.1.1.1", "ann") == 0
    for number in range(LIMITS["address"]):
        throttle.failed("1.1.1.1", f"n{number}")
    throttle.succeeded("1.1.1.1", "ann")
    assert throttle.wait("1.1.1.1", "ann") > 0
