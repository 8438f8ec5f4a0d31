"""Opening a ledger: durable settings, versions, damage."""

from pathlib import Path

import pytest

from pipelines.errors import StudioError
from studio.jobs.ledger import Ledger, NewJob
from studio.jobs.schema import VERSION, open_ledger


def test_commits_survive_a_power_cut_by_settings(tmp_path: Path) -> None:
    connection = open_ledger(tmp_path / "ledger.sqlite3")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
    connection.close()


def test_a_ledger_of_a_newer_septet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    connection = open_ledger(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StudioError, match="newer Septet"):
        open_ledger(path)


def test_a_file_that_is_no_ledger_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"not a database, but long enough to look like one" * 200)
    with pytest.raises(StudioError, match=r"damaged.*python -m studio jobs restore --data"):
        open_ledger(path)


def test_a_damaged_page_is_found_at_start(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = Ledger(path)
    for number in range(200):
        ledger.add(NewJob(f"{number}", "local", "plain", "m", {"words": "x" * 200}, 1), cap=999)
    ledger.check()
    ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    content = bytearray(path.read_bytes())
    for at in range(3 * 4096, len(content) - 4096, 4096):
        content[at : at + 64] = b"\xff" * 64
    path.write_bytes(content)
    damaged = Ledger(path)
    with pytest.raises(StudioError, match="damaged"):
        damaged.check()
    damaged.close()
