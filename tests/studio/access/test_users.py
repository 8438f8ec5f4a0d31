"""The user file: slow salted hashes, its owner's alone, changed in one step; and the command that keeps it."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest

from pipelines.errors import InputError, StudioError
from studio.access import users as module
from studio.access.users import UserFile
from studio.cli import main

PASSWORD = "correct horse battery"


@pytest.fixture
def users(tmp_path: Path) -> UserFile:
    found = UserFile(tmp_path / "users.json")
    found.add("Ann", PASSWORD)
    found.add("root", PASSWORD, is_admin=True)
    return found


def test_the_right_password_opens_and_any_other_does_not(users: UserFile) -> None:
    person = users.verify(" ANN ", PASSWORD)
    assert person is not None
    assert (person.name, person.is_admin) == ("ann", False)
    assert users.verify("root", PASSWORD).is_admin
    for name, password in (("ann", PASSWORD + "x"), ("ann", ""), ("eve", PASSWORD), ("", ""), ("ann", "\ud800")):
        assert users.verify(name, password) is None


def test_the_file_holds_no_password_and_no_two_hashes_alike(users: UserFile) -> None:
    text = users.path.read_text("utf-8")
    assert PASSWORD not in text
    found = json.loads(text)["users"]
    assert found["ann"]["digest"] != found["root"]["digest"]
    assert found["ann"]["cost"] >= 2**15


@pytest.mark.skipif(os.name == "nt", reason="modes are not kept there")
def test_only_its_owner_can_read_it_even_if_the_umask_is_open(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        UserFile(tmp_path / "users.json").add("ann", PASSWORD)
    finally:
        os.umask(old)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if "lock" not in path.name} == {
        "users.json": "0o600"
    }


def test_what_another_process_changes_counts_at_once(users: UserFile) -> None:
    other = UserFile(users.path)
    assert other.verify("ann", PASSWORD)
    users.remove("ann")
    assert other.verify("ann", PASSWORD) is None
    users.add("root", "a new password", is_admin=True)
    assert other.verify("root", PASSWORD) is None
    assert other.verify("root", "a new password")


def test_a_name_that_is_unknown_takes_as_long_as_a_wrong_password(users: UserFile) -> None:
    def seconds(name: str) -> float:
        started = time.process_time()
        users.verify(name, "some wrong password")
        return time.process_time() - started

    known, unknown = (min(seconds(name) for _ in range(3)) for name in ("ann", "eve"))
    assert unknown > 0.5 * known


@pytest.mark.parametrize("name", ["", "local", "../x", "a b", "a" * 65, "ann\nroot", ".hidden", "änn"])
def test_a_name_that_cannot_be_one_is_refused(users: UserFile, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a name"):
        users.add(name, PASSWORD)


@pytest.mark.parametrize("password", ["", "nine char", "x" * 1001])
def test_a_password_too_short_or_too_long_is_refused(users: UserFile, password: str) -> None:
    with pytest.raises(InputError, match=f"10 to 1000 characters, not {len(password)}"):
        users.add("ann", password)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"septet_users": 9, "users": {}}', '{"septet_users": 1, "users": 3}']
)
def test_a_damaged_file_lets_nobody_in_and_says_so(users: UserFile, content: str) -> None:
    users.path.write_text(content)
    with pytest.raises(StudioError, match="cannot be read as a user file"):
        users.verify("ann", PASSWORD)


def test_a_write_that_fails_leaves_the_old_file(users: UserFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    with pytest.raises(StudioError, match="No space left"):
        users.add("ben", PASSWORD)
    monkeypatch.undo()
    assert set(UserFile(users.path).accounts()) == {"ann", "root"}
    assert not list(users.path.parent.glob("*.partial"))


def test_the_command_adds_lists_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "people.json")

    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    typed(PASSWORD + "\n")
    assert main(["users", "add", "ann", "--auth", file]) == 0
    typed(PASSWORD + "\n")
    assert main(["users", "--auth", file, "add", "root", "--admin"]) == 0
    assert main(["users", "list", "--auth", file]) == 0
    assert main(["users", "remove", "ann", "--auth", file]) == 0
    assert capsys.readouterr().out.splitlines()[2:4] == ["ann", "root  admin"]
    assert main(["users", "remove", "ann", "--auth", file]) == 2
    assert "no 'ann'" in capsys.readouterr().err
    typed("short\n")
    assert main(["users", "add", "ben", "--auth", file]) == 2
    assert set(UserFile(Path(file)).accounts()) == {"root"}
    assert main(["users", "list", "--data", str(tmp_path)]) == 2
    assert "users add NAME" in capsys.readouterr().err
