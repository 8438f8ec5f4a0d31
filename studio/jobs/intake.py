"""The way in: a request becomes a row of the ledger, whole, or an error that leaves no trace."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.checkpoints import CATALOGUE, ModelInfo
from pipelines.errors import DiskFull, SeptetError
from pipelines.fields import media_fields
from pipelines.registry import Order
from pipelines.types import Request
from studio.flags import apply_flags
from studio.jobs.estimates import bytes_needed, work_of
from studio.jobs.inputs import InputStore, Stored
from studio.jobs.job import Job
from studio.jobs.ledger import ANY_MODEL, Ledger, NewJob
from studio.jobs.reserve import floor
from studio.jobs.workspace import hand_on_latents, has_latents
from studio.paths import DataFolder
from studio.person import Person
from studio.prompts import cuts
from studio.recipes import write_recipe

BOARDS_BACK = 20  # boards that are looked at for shots that need not be made again
_BOARDS = (
    "SELECT id, recipe FROM jobs WHERE owner = ? AND mode = ? AND model = ? AND finished IS NOT NULL "
    "ORDER BY created DESC LIMIT ?"
)


class Intake:
    """Checks requests, keeps their files, enters them. `capacity`: how many jobs may wait, of all and of one person."""

    def __init__(
        self, folder: DataFolder, ledger: Ledger, pipelines: Mapping[str, Any], capacity: tuple[int, int | None]
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._inputs = InputStore(folder.inputs)
        self._pipelines = pipelines
        self._capacity, self._personal = capacity

    def take(self, person: Person, request: Order, info: ModelInfo | None, key: str | None) -> Job:
        """A new job at the end of the person's queue; `key` makes submitting twice harmless.

        info   the model it is made with, None where none is needed

        Raises InputError, MediaError, QueueFull or DiskFull.
        """
        flags: tuple[str, ...] = ()
        if isinstance(request, Request) and info is not None:
            request, flags = apply_flags(request, info)
        pipeline = self._pipelines[request.mode]
        prepared = pipeline.prepare(request, info)
        notices = cuts(pipeline.prompts(prepared, info), info) if info is not None else []
        new = NewJob(
            uuid.uuid4().hex,
            person.name,
            prepared.mode,
            ANY_MODEL if info is None else _spec(info),
            recipe={"flags": list(flags), "notices": notices},
            seed=prepared.seed,
            work=work_of(prepared),
            idempotency_key=key,
        )
        self._admit(person, prepared, new.work)
        return self._enter(new, prepared, info)

    def again(self, person: Person, old: Job) -> Job:
        """The same request as a new job of this person's, on the files it was given then."""
        files = tuple(row["file"] for row in self._ledger.rows("SELECT file FROM job_inputs WHERE job = ?", old.id))
        recipe = {**old.recipe, "made": {}}
        new = NewJob(uuid.uuid4().hex, person.name, old.mode, old.model, recipe, old.seed, files, old.work)
        self._ledger.check_room(self._capacity, person.name, self._personal)
        self._check_disk(bytes_needed(old.work))
        hand_on_latents(self._folder, old.id, new.id)
        job = self._ledger.add(new, cap=self._capacity, personal_cap=self._personal)
        assert job is not None  # the old job still holds its inputs
        return job

    def _admit(self, person: Person, request: Order, work: Mapping[str, float]) -> None:
        """Raise QueueFull or DiskFull before anything is copied."""
        self._ledger.check_room(self._capacity, person.name, self._personal)
        files = sum(Path(path).stat().st_size for _kind, path in media_fields(request).values())
        self._check_disk(bytes_needed(work) + files)

    def _check_disk(self, needed: int) -> None:
        """Raise DiskFull where a job that needs so many bytes would leave less than the reserve."""
        free, kept = self._folder.free_bytes(), floor(self._folder.root)
        if free - needed < kept:
            raise DiskFull(
                f"This clip needs about {needed / 1e6:.0f} MB of room in {self._folder.root}; {free / 1e6:.0f} MB are "
                f"free, of which {kept / 1e6:.0f} MB are kept for the work at hand. Make room, or ask for a smaller or "
                "shorter clip."
            )

    def _enter(self, new: NewJob, request: Order, info: ModelInfo | None) -> Job:
        """Store the inputs and write the job into the ledger, as one to anybody who looks."""
        job = None
        while job is None:  # inputs may be cleared away between being stored and being entered; then once more
            stored = self._store(request)
            files = tuple({entry.file for entry in stored.values()})
            entered = replace(new, inputs=files, recipe=write_recipe(request, info, stored) | new.recipe)
            there = partial(self._are_stored, files)
            self._hand_on_shots(entered)
            try:
                job = self._ledger.add(entered, cap=self._capacity, personal_cap=self._personal, inputs_there=there)
            except SeptetError:
                shutil.rmtree(self._folder.job(entered.id), ignore_errors=True)
                raise
        return job

    def _hand_on_shots(self, new: NewJob) -> None:
        """Give a board the latents of the board before that is most like it: shots both have are not made twice."""
        panels = new.recipe["request"].get("panels") or ()
        alike: tuple[int, str] = (0, "")
        for row in self._ledger.rows(_BOARDS, new.owner, new.mode, new.model, BOARDS_BACK) if panels else ():
            before = json.loads(row["recipe"])["request"].get("panels") or ()
            same = sum(one == other for one, other in zip(panels, before, strict=False))
            if same > alike[0] and has_latents(self._folder, row["id"]):
                alike = (same, row["id"])
        if alike[1]:
            hand_on_latents(self._folder, alike[1], new.id)

    def _store(self, request: Order) -> dict[str, Stored]:
        try:
            return {path: self._inputs.add(Path(path)) for _kind, path in media_fields(request).values()}
        except OSError as error:
            raise DiskFull(
                f"The files of this request cannot be kept in {self._folder.inputs}: {error.strerror}. Make room."
            ) from error

    def _are_stored(self, files: Sequence[str]) -> bool:
        return all(self._inputs.path(file) for file in files)


def _spec(info: ModelInfo) -> str:
    """What the worker is told to load: a folder by its full path, since the worker starts elsewhere."""
    return info.name if info.name in CATALOGUE else str(info.folder.resolve())
