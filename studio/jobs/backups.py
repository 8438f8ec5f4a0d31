"""Copies of the ledger beside it: made by SQLite while the studio works, each checked before it counts."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from pipelines.errors import StudioError
from studio.jobs.reserve import Ballast, floor
from studio.jobs.schema import VERSION
from studio.paths import DataFolder

KEPT = 4
EVERY = 6 * 3600.0  # seconds; those that are kept go back a day
FRESH = 3600.0  # a studio that starts again makes no new one while the last is younger
LOOK_SECONDS = 30.0


def back_up(folder: DataFolder) -> Path:
    """Copy the ledger, whole or not at all, and let go of the oldest copy.

    Raises StudioError if the copy is not sound, sqlite3.Error or OSError if it cannot be made.
    """
    copy = folder.backups / time.strftime("ledger-%Y%m%dT%H%M%SZ.sqlite3", time.gmtime())
    partial = folder.backups / f".{copy.name}.partial"
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(folder.ledger, timeout=10.0, isolation_level=None)) as ledger:
            ledger.execute("VACUUM INTO ?", (str(partial),))
        if not is_sound(partial):
            raise StudioError(f"The ledger {folder.ledger} could not be copied soundly.")
        partial.chmod(0o600)
        _to_disk(partial)
        partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)
    for old in folder.ledger_copies()[KEPT:]:
        old.unlink(missing_ok=True)
    return copy


def is_sound(copy: Path) -> bool:
    """Whether a copy, which nobody writes to, is a whole ledger that this Septet can read."""
    try:
        with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError:
        return False
    return bool(verdict == "ok" and 0 < version <= VERSION)


class Upkeep:
    """What a studio does for its folder beside the jobs, a little at a time: copies of the ledger, the ballast."""

    def __init__(self, folder: DataFolder, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._ballast = Ballast(folder.ballast)
        self._clock = clock
        self._next_look = clock()
        self._next_copy = self._next_look + self._rest()

    def look(self) -> None:
        """Do what is due. What cannot be done now, on a full disk say, is tried again later."""
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        self._ballast.fill()
        if now >= self._next_copy and self._folder.free_bytes() > floor(self._folder.root):
            self._next_copy = now + EVERY
            with suppress(StudioError, sqlite3.Error, OSError):
                back_up(self._folder)

    def _rest(self) -> float:
        """Seconds until the first copy is due."""
        newest = next(iter(self._folder.ledger_copies()), None)
        age = FRESH if newest is None else time.time() - newest.stat().st_mtime
        return FRESH - age if 0 <= age < FRESH else 0.0


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
