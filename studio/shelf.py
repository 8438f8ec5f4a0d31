"""What the page asks of the job desk beyond one job: the newest of a mode, the library's pages, settings to use again.

Also hands files over to the page: gradio serves only what lies in its own upload folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from PIL import Image

from pipelines import SERVICES
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError, MediaError, ModelMissing, UnknownJob
from pipelines.fields import media_fields
from pipelines.media.read import read_video
from pipelines.registry import Order
from pipelines.types import Frame
from studio import words
from studio.jobs.desk import JobDesk
from studio.jobs.job import Job
from studio.person import Person
from studio.recipes import build_request, read_request
from studio.views import facts

TAKES = 8  # recent takes shown beside the newest one
PAGE = 24  # cards a library page holds
SCAN = 200  # jobs looked at in one go
FARTHEST = 5_000  # jobs back in time a search goes


class Shelf:
    """Everything made in one studio, as one person or another looks at it."""

    def __init__(self, desk: JobDesk) -> None:
        self.desk = desk

    def submit(self, person: Person, mode: str, fields: dict[str, Any]) -> Job:
        """Queue a request given as plain fields. Raises InputError, MediaError, ModelMissing, QueueFull."""
        if mode not in SERVICES:
            raise InputError(words.UNKNOWN_MODE.format(mode=mode, modes=", ".join(SERVICES)))
        return self.desk.submit(person, build_request(SERVICES[mode].request_type, fields))

    def model(self) -> ModelInfo | None:
        """The model that new jobs are made with, or None where none is on disk."""
        try:
            return self.desk.model
        except ModelMissing:
            return None

    def job_or_newest(self, person: Person, mode: str, job_id: str) -> Job | None:
        """The job, if it is one of this mode that still exists, else the mode's newest, else None."""
        try:
            job = self.desk.job(person, job_id) if job_id else None
        except UnknownJob:
            job = None
        return job if job and job.mode == mode else next(iter(self.takes(person, mode, 1)), None)

    def takes(self, person: Person, mode: str, limit: int = TAKES) -> list[Job]:
        """The newest jobs of a mode, newest first."""
        return self._first(person, limit, lambda job: job.mode == mode)

    def page(self, person: Person, search: str = "", mode: str = "", before: str | None = None) -> list[Job]:
        """One page of the library: finished clips, newest first, whose prompt holds every word searched for."""
        wanted = search.casefold().split()

        def fits(job: Job) -> bool:
            if job.state != "done" or (mode and job.mode != mode):
                return False
            said = facts.summary(job).casefold()
            return all(word in said for word in wanted)

        return self._first(person, PAGE, fits, before)

    def fields(self, person: Person, job_id: str) -> dict[str, Any]:
        """The settings a job was made with, its files where the person's page may show them.

        Raises MediaError where one is gone.
        """
        request = self.request(person, job_id)
        shown = {path: hand_over(person, path) for _kind, path in media_fields(request).values()}
        fields: dict[str, Any] = _replaced(request.model_dump(mode="json"), shown)
        return fields

    def request(self, person: Person, job_id: str) -> Order:
        """What a job was asked, its files as paths on disk. Raises MediaError where one is gone."""
        return read_request(self.desk.job(person, job_id).recipe, partial(self.desk.input, person))

    def source(self, person: Person, job_id: str) -> Path | None:
        """The source video a job was given, or None."""
        known = self.desk.job(person, job_id).recipe.get("inputs", {}).get("video")
        return self.desk.input(person, known["sha256"]) if known else None

    def part_of_clip(self, person: Person, job_id: str, what: str) -> str:
        """The clip itself ("clip"), or its "first" or "last" frame as a picture, ready for an input of the page."""
        clip = self.desk.clip(person, job_id)
        if clip is None:
            raise MediaError(words.GONE_TITLE + ".")
        if what == "clip":
            return hand_over(person, clip, f"{job_id[:8]}.mp4")
        return show_frame(person, _frame_of(clip, last=what == "last"), f"{job_id[:8]}-{what}.png")

    def _first(self, person: Person, limit: int, fits: Callable[[Job], bool], before: str | None = None) -> list[Job]:
        found: list[Job] = []
        for job in self._newest_first(person, before):
            if fits(job):
                found.append(job)
                if len(found) == limit:
                    break
        return found

    def _newest_first(self, person: Person, before: str | None) -> Iterator[Job]:
        for _ in range(FARTHEST // SCAN):
            batch = self.desk.jobs(person, SCAN, before)
            yield from batch
            if len(batch) < SCAN:
                return
            before = batch[-1].id


def folder_of(person: Person) -> Path:
    """The part of gradio's upload folder that is this person's: nobody else is given a file of it, or may name one."""
    return Path(get_upload_folder()) / person.folder


def may_name(person: Person, path: str) -> bool:
    """Whether a path is that of a file in the person's own folder, links and dots followed."""
    return is_file_in(folder_of(person), path)


def is_file_in(folder: Path, path: str) -> bool:
    """Whether a path is that of a file in a folder, links and dots followed."""
    try:
        place = Path(path).resolve()
        return place.is_file() and place.is_relative_to(folder.resolve())
    except (OSError, ValueError):  # a name too long, or with a zero in it
        return False


def new_upload(person: Person, name: str) -> Path:
    """A path in the person's upload folder that nothing has used; its folder exists."""
    folder = folder_of(person) / secrets.token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    return folder / name


def hand_over(person: Person, path: Path | str, name: str | None = None) -> str:
    """A file of the studio where this person's page may show it: linked where the disk allows that, else copied."""
    source = Path(path)
    target = new_upload(person, name or source.name)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return str(target)


def show_frame(person: Person, frame: Frame, name: str = "frame.png") -> str:
    """A picture, (H, W, 3) uint8, as a file this person's page may show; gradio by itself keeps one cache for all."""
    picture = new_upload(person, name)
    Image.fromarray(frame).save(picture)
    return str(picture)


def first_frame(video: str, start: float = 0.0) -> Frame:
    """The frame a source begins with, (H, W, 3) uint8. Raises MediaError."""
    frame: Frame = next(iter(read_video(video, start=start, seconds=0.5).chunks))[0]
    return frame


def _frame_of(clip: Path, *, last: bool) -> Frame:
    frame: Frame | None = None
    for chunk in read_video(clip).chunks:
        frame = chunk[-1] if last else chunk[0]
        if not last:
            break
    if frame is None:
        raise MediaError(words.GONE_TITLE + ".")
    return frame


def _replaced(value: Any, paths: Mapping[str, str]) -> Any:
    """The same JSON with each of these paths replaced."""
    if isinstance(value, dict):
        return {key: _replaced(item, paths) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, paths) for item in value]
    return paths.get(value, value) if isinstance(value, str) else value
