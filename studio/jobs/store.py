"""The ledger's file: transactions, whole or not at all, also on a disk that is full."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pipelines.errors import DiskFull
from studio.jobs.reserve import Ballast
from studio.jobs.schema import check_ledger, open_ledger
from studio.paths import DataFolder

T = TypeVar("T")


class Store:
    """One connection to the ledger; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection = open_ledger(path)
        self._ballast = Ballast(DataFolder(path.parent).ballast)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def check(self) -> None:
        """Raise StudioError if the file is damaged."""
        with self._lock:
            check_ledger(self._connection, self._path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, if the block raises, nothing. Raises DiskFull."""
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
        except sqlite3.OperationalError as error:
            if "disk is full" not in str(error):
                raise
            raise DiskFull(f"The disk that holds {self._path.parent} is full. Make room and try again.") from error

    def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """A transaction that must come through: what became of a job. On a full disk the ballast is let go for it.

        Raises DiskFull where that was not enough.
        """
        try:
            with self.writing() as connection:
                return change(connection)
        except DiskFull:
            if not self._ballast.release():
                raise
        with self.writing() as connection:
            return change(connection)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """The answer to a question that changes nothing."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()
