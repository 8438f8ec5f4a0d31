"""The ledger's tables, and how its file is opened, checked and brought up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pipelines.errors import StudioError
from studio.paths import DataFolder

VERSION = 2

ACTIVE = ("queued", "running", "interrupted")
TERMINAL = ("done", "failed", "cancelled")

_MIGRATIONS: dict[int, str] = {
    1: """
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        idempotency_key TEXT UNIQUE,
        mode TEXT NOT NULL,
        model TEXT NOT NULL,
        recipe TEXT NOT NULL,
        seed INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued' CHECK (
            state IN ('queued', 'running', 'interrupted', 'done', 'failed', 'cancelled')),
        stage TEXT NOT NULL DEFAULT '',
        progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
        ticks INTEGER NOT NULL DEFAULT 0,
        attempt INTEGER NOT NULL DEFAULT 0,
        crashes INTEGER NOT NULL DEFAULT 0,
        worker TEXT,
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        error_code TEXT,
        error TEXT,
        timings TEXT NOT NULL DEFAULT '{}',
        work TEXT NOT NULL DEFAULT '{}',
        created REAL NOT NULL,
        started REAL,
        finished REAL
    );
    CREATE INDEX jobs_by_state ON jobs (state, seq);

    CREATE TABLE job_inputs (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        file TEXT NOT NULL,
        PRIMARY KEY (job, file)
    );
    CREATE INDEX job_inputs_by_file ON job_inputs (file);

    CREATE TABLE workers (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('starting', 'loading', 'ready', 'failed', 'stopped')),
        model TEXT NOT NULL,
        title TEXT NOT NULL,
        device TEXT NOT NULL DEFAULT '',
        pid INTEGER NOT NULL,
        rss INTEGER NOT NULL DEFAULT 0,
        loads INTEGER NOT NULL DEFAULT 0,
        jobs_done INTEGER NOT NULL DEFAULT 0,
        beats INTEGER NOT NULL DEFAULT 0,
        beat REAL NOT NULL,
        started REAL NOT NULL,
        error TEXT
    );

    CREATE TRIGGER jobs_only_legal_moves BEFORE UPDATE OF state ON jobs
    WHEN NEW.state <> OLD.state AND NOT (
        (OLD.state = 'queued' AND NEW.state IN ('running', 'failed', 'cancelled'))
        OR (OLD.state = 'running' AND NEW.state IN ('queued', 'interrupted', 'done', 'failed', 'cancelled'))
        OR (OLD.state = 'interrupted' AND NEW.state IN ('queued', 'done', 'failed', 'cancelled')))
    BEGIN SELECT RAISE(ABORT, 'illegal change of state'); END;
    """,
    # Jobs belong to people: those made before did so to whoever sat at the machine. A key is one person's (ledger.py).
    2: """
    ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';
    UPDATE jobs SET idempotency_key = 'local' || char(10) || idempotency_key WHERE idempotency_key IS NOT NULL;
    CREATE INDEX jobs_by_owner ON jobs (owner, seq);

    CREATE TABLE turns (
        owner TEXT PRIMARY KEY,
        turn INTEGER NOT NULL
    );

    CREATE TABLE signed_out (
        id TEXT PRIMARY KEY,
        until REAL NOT NULL
    );

    CREATE TABLE shares (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        token_sha256 TEXT NOT NULL UNIQUE,
        created REAL NOT NULL,
        until REAL
    );
    """,
}


def open_ledger(path: Path, busy_seconds: float = 10.0) -> sqlite3.Connection:
    """Open or create the ledger, one connection that may be shared between threads behind a lock.

    Raises StudioError where the file is damaged or was written by a newer Septet.
    """
    try:
        connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise StudioError(f"The ledger {path} cannot be opened ({error}).") from error
        raise StudioError(_damaged(path, str(error))) from error
    path.chmod(0o600)
    return connection


def check_ledger(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StudioError unless every page of the ledger is sound."""
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise StudioError(_damaged(path, " ".join(verdict.removeprefix("*** in database main ***").split())))


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to VERSION, each step whole or not at all."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StudioError(
                f"The ledger {path} was written by a newer Septet (version {version}, this one knows "
                f"{VERSION}). Update Septet, or choose another folder with --data."
            )
        for step in range(version + 1, VERSION + 1):
            for statement in _statements(_MIGRATIONS[step]):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """The script's statements one by one: `executescript` would commit between them."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found


def _damaged(path: Path, reason: str) -> str:
    copies = DataFolder(path.parent).ledger_copies()
    what = (
        f"the copy {copies[0].name} and the clips made since" if copies else "the clips that are there into a new one"
    )
    return (
        f"The ledger {path} is damaged ({reason}). With no studio running, this puts back {what}, and keeps the "
        f"damaged file: python -m studio jobs restore --data {path.parent}"
    )
