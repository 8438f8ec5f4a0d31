"""Runs one claimed job from its recipe to a published clip, or to a sentence that says why there is none."""

from __future__ import annotations

import errno
import gc
import json
import logging
import os
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.errors import Cancelled, DiskFull, OutOfMemory, SeptetError, StudioError, is_out_of_memory
from pipelines.media.read import read_video
from pipelines.registry import Order
from pipelines.running import TRACK
from pipelines.types import Clip
from studio.credentials import sign_if_possible
from studio.jobs.inputs import InputStore
from studio.jobs.job import Job
from studio.jobs.ledger import Ledger, LostJob
from studio.jobs.pictures import POSTER_SIDE, save_jpeg
from studio.jobs.reporter import Reporter, Stopping
from studio.jobs.workspace import discard_work, keep_latents, note_owner, take_over_work
from studio.paths import DataFolder
from studio.recipes import read_request, with_own_names

_AN_INSTANT = 1e-3  # seconds: one frame
_NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
UNEXPECTED = "Something went wrong inside Septet ({kind}). The details are in the job's folder, in error.txt."


class DeviceLost(Exception):
    """The accelerator is in a state only a new process can mend."""


class JobRunner:
    """The job border: whatever happens inside one job, the worker goes on to the next."""

    def __init__(
        self,
        folder: DataFolder,
        ledger: Ledger,
        pipelines: Mapping[str, Any],
        made: Mapping[str, Any],
        stop: threading.Event,
    ) -> None:
        """Prepare to run jobs.

        pipelines   mode -> pipeline around the loaded model
        made        facts of this worker for the recipe
        stop        set: the running job goes back to the queue at its next step
        """
        self._folder = folder
        self._ledger = ledger
        self._progress_ledger = Ledger(folder.ledger)
        self._pipelines = pipelines
        self._made = dict(made)
        self._inputs = InputStore(folder.inputs)
        self._stop = stop

    def run(self, job: Job) -> bool:
        """Run the job and settle it in the ledger; True if it made a clip. Raises DeviceLost."""
        preview = self._folder.job(job.id) / "preview.jpg"
        try:
            with Reporter(job, preview, self._ledger, self._progress_ledger, self._stop) as reporter:
                made = self._make(job, reporter)
            self._publish(job, *made)
            return True
        except LostJob:
            return False
        except Stopping:
            with suppress(LostJob):
                self._ledger.release(job)
            return False
        except Cancelled:
            with suppress(LostJob):
                self._ledger.cancelled(job)
        except SeptetError as error:
            self._raise_if_published(job, error)
            self._fail(job, error.code, with_own_names(str(error), job.recipe))
        except Exception as error:  # noqa: BLE001  the job border: one bad job never stops the next
            self._raise_if_published(job, error)
            self._unexpected(job, error)
        with suppress(OSError):
            keep_latents(self._folder, job.id)
        return False

    def _make(self, job: Job, reporter: Reporter) -> tuple[Path, Clip, dict[str, Any]]:
        """The work folder, the clip in it, and the recipe with what is known of its making."""
        work = take_over_work(self._folder, job)
        request = read_request(job.recipe, self._inputs.find, self._pipelines)
        recipe = {**job.recipe, "made": {**self._made, "attempt": job.attempt}}
        clip = self._within_memory(request, work, reporter, recipe)
        seconds = {stage: round(spent, 3) for stage, spent in reporter.timings.items()}
        recipe["made"] |= {
            "width": clip.width,
            "height": clip.height,
            "num_frames": clip.num_frames,
            "frame_rate": str(clip.frame_rate),
            "seconds": seconds,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        return work, clip, recipe

    def _within_memory(self, request: Order, work: Path, reporter: Reporter, recipe: dict[str, Any]) -> Clip:
        """Run the pipeline; each time memory runs out, once more with less, until there is nothing left to do without.

        What was denoised is in `work` and is not denoised again.
        """
        pipeline = self._pipelines[request.mode]
        less = _with_less(pipeline.model)
        while True:
            try:
                clip: Clip = pipeline.run(request, work, reporter, recipe)
                return clip
            except (MemoryError, RuntimeError, OutOfMemory) as error:
                if not is_out_of_memory(error):
                    raise
            # outside the handler, where the failed attempt's frames and tensors are no longer held by its traceback
            if not next(less, False):
                raise OutOfMemory(
                    "There is not enough memory for this clip, even with everything else let go. Ask for a smaller "
                    "size or fewer frames, or choose a smaller model."
                )

    def _publish(self, job: Job, work: Path, clip: Clip, recipe: dict[str, Any]) -> None:
        """Move the finished files to their public names, the clip last: where it is, everything is. Then say so.

        Reading the poster back from the file proves that the clip plays.
        """
        job_folder = self._folder.job(job.id)
        first = next(iter(read_video(clip.path, seconds=_AN_INSTANT).chunks))[0]
        save_jpeg(first, work / "poster.jpg", POSTER_SIDE, quality=88)
        (work / "recipe.json").write_text(json.dumps(recipe, indent=1, ensure_ascii=False), "utf-8")
        owner = note_owner(work, job.owner)
        self._sign(job, work / clip.path.name)
        self._ledger.is_cancelled(job)  # raises LostJob: a job given to another worker must not be published twice
        track = (TRACK,) if (work / TRACK).exists() else ()
        for name in ("recipe.json", "poster.jpg", owner, *track, clip.path.name):
            _to_disk(work / name)
            os.replace(work / name, job_folder / ("clip.mp4" if name == clip.path.name else name))
        _to_disk(job_folder)
        _to_disk(self._folder.jobs)
        discard_work(self._folder, job.id)
        self._ledger.done(job, recipe, recipe["made"]["seconds"])

    def _sign(self, job: Job, clip: Path) -> None:
        """The clip's content credentials, where the operator has a certificate: the last change to the file."""
        stored = {field: self._inputs.find(entry["sha256"]) for field, entry in job.recipe.get("inputs", {}).items()}
        given = {field: path for field, path in stored.items() if path is not None}
        if reason := sign_if_possible(self._folder.root, clip, given):
            logging.getLogger(__name__).warning("job %s was not signed: %s", job.id, reason)

    def _raise_if_published(self, job: Job, error: Exception) -> None:
        """With the clip out, only the ledger does not know: the next worker's start will tell it."""
        if (self._folder.job(job.id) / "clip.mp4").exists():
            raise error

    def _fail(self, job: Job, code: str, message: str) -> None:
        with suppress(LostJob):
            self._ledger.failed(job, code, message)

    def _unexpected(self, job: Job, error: Exception) -> None:
        """Record a bug, or a machine at its limits, and tell the person what can be told."""
        with suppress(OSError):
            self._folder.job(job.id).mkdir(mode=0o700, exist_ok=True)
            report = "".join(traceback.format_exception(error))
            (self._folder.job(job.id) / "error.txt").write_text(report, "utf-8")
        if _is_device_lost(error):
            raise DeviceLost(str(error)) from error
        if _is_disk_full(error):
            self._fail(job, DiskFull.code, f"The disk that holds {self._folder.root} is full. Make room and retry.")
        elif isinstance(error, OSError) and error.errno in _NOT_WRITABLE:
            reason = f"The folder {self._folder.root} cannot be written to ({error.strerror})."
            self._fail(job, StudioError.code, f"{reason} Look after its disk and its permissions, then retry.")
        else:
            self._fail(job, "internal", UNEXPECTED.format(kind=type(error).__name__))


def _with_less(model: Any | None) -> Iterator[bool]:
    """Each step makes more room for the next try: what can be computed again goes, then parts of the model."""
    gc.collect()
    if model is not None:
        model.release_memory()
    yield True
    while model is not None and model.shrink():
        gc.collect()
        yield True


def _is_disk_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def _is_device_lost(error: BaseException) -> bool:
    return type(error).__name__ == "AcceleratorError" or "CUDA error" in str(error)


def _to_disk(path: Path) -> None:
    """Have the system write a file or folder out, so that what is published survives a power cut."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such call for folders
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
