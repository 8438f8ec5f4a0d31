"""Links to clips for people without an account. The ledger keeps a hash of each: the link itself is told once."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.errors import InputError, UnknownJob
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger
from studio.person import Person

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 random bits
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Share:
    """A link that works. `until`: seconds since the epoch, None for as long as nobody stops it."""

    until: float | None


class Shares:
    """One link per clip, made and ended by whoever may see the clip.

    find    gives a person's job, or raises UnknownJob
    clock   gives seconds since the epoch
    """

    def __init__(
        self, ledger: Ledger, find: Callable[[Person, str], Job], clock: Callable[[], float] = time.time
    ) -> None:
        self._ledger = ledger
        self._find = find
        self._clock = clock

    def begin(self, person: Person, job_id: str, days: int | None) -> str:
        """A new link's token; an older link of this clip ends. `days`: how long it works, None for until it is ended.

        Raises UnknownJob, or InputError for a job without a clip.
        """
        job = self._find(person, job_id)
        if job.state != "done":
            raise InputError("There is no clip to share yet. Wait until it is made.")
        if days is not None and not 1 <= days <= 365:
            raise InputError(f"A link may work for 1 to 365 days, or until it is ended; not for {days}.")
        token = secrets.token_urlsafe(16)
        now = self._clock()
        with self._ledger.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO shares (job, token_sha256, created, until) VALUES (?, ?, ?, ?)",
                (job.id, _hash(token), now, None if days is None else now + days * DAY),
            )
        return token

    def end(self, person: Person, job_id: str) -> None:
        """The clip's link works no longer. Raises UnknownJob."""
        job = self._find(person, job_id)
        with self._ledger.writing() as connection:
            connection.execute("DELETE FROM shares WHERE job = ?", (job.id,))

    def of(self, person: Person, job_id: str) -> Share | None:
        """The link of a clip, if it has one that works. Raises UnknownJob."""
        job = self._find(person, job_id)
        rows = self._ledger.rows(
            "SELECT until FROM shares WHERE job = ? AND (until IS NULL OR until > ?)", job.id, self._clock()
        )
        return Share(rows[0]["until"]) if rows else None

    def job(self, token: str) -> Job:
        """The job whose clip this link shows. Raises UnknownJob for one that never was, is over, or was ended."""
        query = "SELECT job FROM shares WHERE token_sha256 = ? AND (until IS NULL OR until > ?)"
        rows = self._ledger.rows(query, _hash(token), self._clock()) if TOKEN.fullmatch(token) else []
        if not rows:
            raise UnknownJob("This link does not work, or no longer.")
        return self._ledger.job(rows[0]["job"])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
