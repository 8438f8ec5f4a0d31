"""Who is signed in: a signed cookie that says who and until when, and a list of those signed out before then."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.errors import StudioError
from studio.access.users import UserFile
from studio.jobs.ledger import Ledger
from studio.person import Person

COOKIE = "septet_session"
LIFETIME = 7 * 24 * 3600  # seconds
LONGEST_COOKIE = 1000


class Sessions:
    """Begins, checks and ends sessions. `ledger` keeps which were ended; `clock` gives seconds since the epoch."""

    def __init__(self, key: bytes, users: UserFile, ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._users = users
        self._ledger = ledger
        self._clock = clock

    def begin(self, person: Person) -> str:
        """A cookie's value for somebody who just proved who they are."""
        content = {
            "name": person.name,
            "until": int(self._clock()) + LIFETIME,
            "stamp": self._users.accounts()[person.name].stamp,
            "id": secrets.token_hex(16),
        }
        body = _packed(json.dumps(content).encode())
        return f"{body}.{_packed(self._signature(body))}"

    def person(self, cookies: Mapping[str, str]) -> Person | None:
        """The person a request's cookies speak for, as the user file says today; None if they speak for nobody."""
        content = self._content(cookies)
        if content is None:
            return None
        account = self._users.accounts().get(str(content["name"]))
        if account is None or not hmac.compare_digest(account.stamp, str(content["stamp"])):
            return None
        return Person(str(content["name"]), account.is_admin)

    def end(self, cookies: Mapping[str, str]) -> None:
        """Sign out: from now on the cookie is worth nothing, wherever a copy of it may be."""
        content = self._content(cookies)
        if content is None:
            return
        with self._ledger.writing() as connection:
            connection.execute("DELETE FROM signed_out WHERE until < ?", (self._clock(),))
            connection.execute("INSERT OR IGNORE INTO signed_out VALUES (?, ?)", (content["id"], content["until"]))

    def _content(self, cookies: Mapping[str, str]) -> dict[str, object] | None:
        """What the cookie says, if it is ours, in time and not signed out."""
        value = cookies.get(COOKIE, "")
        body, dot, signature = value.partition(".")
        if not dot or len(value) > LONGEST_COOKIE or not value.isascii():
            return None
        if not hmac.compare_digest(_packed(self._signature(body)), signature):
            return None
        content: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        until = content["until"]
        if not isinstance(until, int) or until <= self._clock():
            return None
        ended = self._ledger.rows("SELECT 1 FROM signed_out WHERE id = ?", content["id"])
        return None if ended else content

    def _signature(self, body: str) -> bytes:
        return hmac.digest(self._key, body.encode(), hashlib.sha256)


def session_key(path: Path) -> bytes:
    """The secret that signs cookies: 256 random bits in a file only its owner reads, made at the first start.

    Raises StudioError where the file is not what it should be. Deleting it signs everybody out.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    key = path.read_text("ascii", "replace").strip()
    if len(key) != 64 or not all(letter in "0123456789abcdef" for letter in key):
        raise StudioError(f"{path} does not hold a key. Delete it to have a new one made; everybody signs in again.")
    path.chmod(0o600)
    return bytes.fromhex(key)


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
