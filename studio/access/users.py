"""The user file: names and slow, salted hashes of passwords (scrypt, RFC 7914), readable by its owner alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from pipelines.errors import InputError, StudioError
from studio.person import LOCAL, Person

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
SHORTEST, LONGEST = 10, 1000  # characters of a password
FORMAT = 1
# 32 MiB and about 0.2 s a try; one of the settings OWASP's Password Storage Cheat Sheet calls equal (2024)
COST, BLOCK, PARALLEL = 2**15, 8, 3
MEMORY = 64 << 20


@dataclass(frozen=True)
class Account:
    """One line of the file; `salt` and `digest` in base64."""

    salt: str
    digest: str
    cost: int = COST
    is_admin: bool = False

    @classmethod
    def new(cls, password: str, *, is_admin: bool) -> Account:
        salt = secrets.token_bytes(16)
        return cls(_text(salt), _text(_scrypt(password, salt, COST)), COST, is_admin)

    def fits(self, password: str) -> bool:
        """Whether this is the password; takes as long for a wrong one."""
        digest = _scrypt(password, base64.b64decode(self.salt), self.cost)
        return hmac.compare_digest(digest, base64.b64decode(self.digest))

    @property
    def stamp(self) -> str:
        """Changes when the password or the rights do: sessions begun before then end."""
        return hashlib.sha256(f"{self.salt}{self.digest}{self.is_admin}".encode()).hexdigest()[:16]


_NOBODY = Account(base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(32)).decode())


class UserFile:
    """The accounts in one file. What another process changes in it counts at once. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._one_try = threading.Lock()  # of a password: each takes memory and a core
        self._read: tuple[tuple[int, int], dict[str, Account]] | None = None

    def accounts(self) -> dict[str, Account]:
        """Everybody by name. Raises StudioError where the file is missing or is no user file."""
        try:
            found = self.path.stat()
            if self._read is None or self._read[0] != (found.st_mtime_ns, found.st_ino):
                self._read = (found.st_mtime_ns, found.st_ino), _parsed(self.path.read_text("utf-8"))
            return dict(self._read[1])
        except FileNotFoundError as error:
            raise StudioError(
                f"There is no user file {self.path}. Begin one with: python -m studio users add NAME --auth {self.path}"
            ) from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise StudioError(
                f"{self.path} cannot be read as a user file ({error}). Restore it from a copy."
            ) from error

    def verify(self, name: str, password: str) -> Person | None:
        """The person, if name and password are theirs. An unknown name takes as long as a wrong password."""
        account = self.accounts().get(name.strip().lower())
        with self._one_try:
            fits = (account or _NOBODY).fits(password[:LONGEST])
        return Person(name.strip().lower(), account.is_admin) if account is not None and fits else None

    def add(self, name: str, password: str, *, is_admin: bool = False) -> bool:
        """Add a person, or give one a new password; whether they are new. Raises InputError."""
        name = name.strip().lower()
        if not NAME.fullmatch(name) or name == LOCAL.name:
            raise InputError(
                f"{name!r} cannot be a name here. Use up to 64 of a-z, 0-9 and . _ @ + -, beginning with one of a-z or "
                f"0-9; {LOCAL.name!r} is taken."
            )
        if not SHORTEST <= len(password) <= LONGEST:
            raise InputError(f"A password has {SHORTEST} to {LONGEST} characters, not {len(password)}.")
        with self._changing():
            known = self.accounts() if self.path.exists() else {}
            self._write({**known, name: Account.new(password, is_admin=is_admin)})
        return name not in known

    def remove(self, name: str) -> None:
        """Remove a person; what they made stays. Raises InputError if there is none of that name."""
        with self._changing():
            known = self.accounts()
            if known.pop(name.strip().lower(), None) is None:
                raise InputError(f"There is no {name!r} in {self.path}. See: python -m studio users list")
            self._write(known)

    def _changing(self) -> FileLock:
        try:
            return FileLock(self.path.with_name(f"{self.path.name}.lock"), mode=0o600)
        except OSError as error:
            raise StudioError(f"{self.path.parent} cannot be written to ({error.strerror}).") from error

    def _write(self, accounts: dict[str, Account]) -> None:
        """Replace the file in one step; never readable by others, not even while it is written."""
        content = {"septet_users": FORMAT, "users": {name: asdict(account) for name, account in accounts.items()}}
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.partial")
        try:
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, self.path)
        except OSError as error:
            raise StudioError(f"{self.path} cannot be written ({error.strerror}).") from error
        finally:
            partial.unlink(missing_ok=True)


def _parsed(text: str) -> dict[str, Account]:
    content = json.loads(text)
    if content["septet_users"] != FORMAT:
        raise ValueError(f"format {content['septet_users']!r}, this Septet knows {FORMAT}")
    return {name: Account(**account) for name, account in content["users"].items()}


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=cost, r=BLOCK, p=PARALLEL, maxmem=MEMORY, dklen=32)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
