"""A damaged ledger is put aside and another takes its place: the newest sound copy, and the clips made since.

A clip lies in a folder named like its job, with its recipe and its owner's name beside it: enough to enter it again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.errors import InputError, MediaError, SeptetError
from studio.jobs.backups import is_sound
from studio.jobs.inputs import InputStore
from studio.jobs.ledger import Ledger
from studio.jobs.schema import ACTIVE
from studio.jobs.workspace import owner_of, published_recipe
from studio.paths import DataFolder
from studio.person import LOCAL
from studio.recipes import load_recipe

_JOB = re.compile(r"[0-9a-f]{32}")
_WITH_IT = ("-wal", "-shm")  # what SQLite keeps beside its file


@dataclass
class Restored:
    """What became of what.

    copy      the copy that was put back; None if there was no sound one, and a new ledger was begun
    aside     where the damaged file is now; None if there was no ledger at all
    entered   jobs whose clip is there and which the copy did not know to be done
    dropped   jobs of the copy whose clip was deleted since
    waiting   jobs of the copy that are not over and will be made
    unknown   folders under jobs/ that hold no clip to enter: work on jobs the copy does not know
    """

    copy: Path | None
    aside: Path | None = None
    entered: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)


def restore(folder: DataFolder) -> Restored:
    """Put a sound ledger in the place of a damaged one. May be killed at any moment and run again.

    Raises InputError if the ledger is sound, StudioError while a studio runs on the folder.
    """
    folder.create()
    with folder.held():
        if folder.ledger.exists() and _opens(folder.ledger):
            raise InputError(f"The ledger {folder.ledger} is sound, so nothing was restored.")
        restored = Restored(next(filter(is_sound, folder.ledger_copies()), None))
        fresh = folder.root / ".restoring.sqlite3"
        for left in (fresh, *_beside(fresh)):
            left.unlink(missing_ok=True)
        if restored.copy is not None:
            shutil.copyfile(restored.copy, fresh)
        ledger = Ledger(fresh)
        try:
            with ledger.writing() as connection:
                _Reconciling(folder, ledger, connection, restored).run()
            ledger.check()
            ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            ledger.close()
        restored.aside = _put_aside(folder.ledger)
        os.replace(fresh, folder.ledger)
        return restored


@dataclass(frozen=True)
class _Reconciling:
    """Makes the ledger say what the disk shows."""

    folder: DataFolder
    ledger: Ledger
    connection: sqlite3.Connection
    restored: Restored

    def run(self) -> None:
        known = set()
        for row in self.ledger.rows("SELECT id, state FROM jobs ORDER BY seq"):
            known.add(row["id"])
            self._known(row["id"], row["state"])
        others = [path for path in self.folder.jobs.iterdir() if path.is_dir() and path.name not in known]
        for path in sorted(others, key=lambda path: path.stat().st_mtime):
            self._unknown(path)

    def _known(self, job_id: str, state: str) -> None:
        recipe = published_recipe(self.folder, job_id)
        if state == "done" and recipe is None:
            self.connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
            self.restored.dropped.append(job_id)
        elif state in ACTIVE and recipe is not None:
            self.connection.execute("UPDATE jobs SET state = 'running' WHERE id = ? AND state = 'queued'", (job_id,))
            self.connection.execute(
                "UPDATE jobs SET state = 'done', progress = 1, recipe = CASE ?1 WHEN '{}' THEN recipe ELSE ?1 END,"
                " finished = ?2 WHERE id = ?3",
                (json.dumps(recipe), self._made_at(job_id), job_id),
            )
            self.restored.entered.append(job_id)
        elif state in ACTIVE:
            self.restored.waiting.append(job_id)

    def _unknown(self, path: Path) -> None:
        if path.name.startswith(".deleted-"):  # the next start clears it away
            return
        try:
            recipe = published_recipe(self.folder, path.name) or load_recipe(path / "clip.mp4")
            self._enter(path.name, recipe)
        except (MediaError, InputError):
            self.restored.unknown.append(path)
        else:
            self.restored.entered.append(path.name)

    def _enter(self, job_id: str, recipe: dict[str, Any]) -> None:
        """A row for a clip that has none. Raises InputError if the recipe is none of Septet's."""
        request, made, model = (recipe.get(part) for part in ("request", "made", "model"))
        if not (_JOB.fullmatch(job_id) and isinstance(request, dict) and isinstance(made, dict)):
            raise InputError(f"{job_id} has no recipe that could be entered.")
        name = str(model.get("name", "")) if isinstance(model, dict) else ""
        when = self._made_at(job_id)
        self.connection.execute(
            "INSERT INTO jobs (id, owner, mode, model, recipe, seed, state, progress, attempt, timings, created,"
            " started, finished) VALUES (?, ?, ?, ?, ?, ?, 'done', 1, 1, ?, ?, ?, ?)",
            (
                job_id,
                owner_of(self.folder, job_id) or LOCAL.name,
                str(recipe.get("mode")),
                name,
                json.dumps(recipe),
                int(request.get("seed") or 0),
                json.dumps(made.get("seconds") or {}),
                when,
                when,
                when,
            ),
        )
        store = InputStore(self.folder.inputs)
        stored = [store.find(str(entry["sha256"])) for entry in (recipe.get("inputs") or {}).values()]
        files = {path.name for path in stored if path is not None}
        self.connection.executemany(
            "INSERT INTO job_inputs (job, file) VALUES (?, ?)", [(job_id, file) for file in files]
        )

    def _made_at(self, job_id: str) -> float:
        return (self.folder.job(job_id) / "clip.mp4").stat().st_mtime


def _opens(path: Path) -> bool:
    try:
        ledger = Ledger(path)
    except SeptetError:
        return False
    try:
        ledger.check()
        return True
    except SeptetError:
        return False
    finally:
        ledger.close()


def _put_aside(path: Path) -> Path | None:
    """Another name for the damaged file, and no log beside it that SQLite would add to its successor."""
    if not path.exists():
        return None
    aside = path.with_name(time.strftime("damaged-%Y%m%dT%H%M%SZ.sqlite3", time.gmtime()))
    shutil.copyfile(path, aside)
    aside.chmod(0o600)
    for beside in _beside(path):
        if beside.exists():
            beside.replace(aside.with_name(aside.name + beside.name.removeprefix(path.name)))
    return aside


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in _WITH_IT]
