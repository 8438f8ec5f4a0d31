"""A worker that meets with an accident at a place that was agreed on: `<place> <accident>` in data/trap, once.

The pipeline is a small one whose stages take a moment each; publishing, signing and the ledger are the real ones.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipelines.media.metadata import recipe_metadata
from pipelines.media.write import write_video
from pipelines.types import Clip, Frames, FrameStream, OnProgress, Progress
from studio.jobs import runner, worker
from studio.jobs.ledger import Ledger
from studio.jobs.worker import Loaded
from tests.studio.jobs.disks import fill_up
from tests.studio.jobs.fakes import Picture, Plain

LOADER = "tests.studio.jobs.traps:load"
STAGES = ("encode", "denoise", "decode", "write")
PUBLISHING = ("poster", "sign", "recipe.json", "clip.mp4", "published", "committing")
PLACES = ("claimed", *STAGES, *PUBLISHING, "committed")  # in the order a job comes by
MOMENT = 0.04  # seconds each step takes

_data = Path()


def strike(place: str) -> None:
    """Come by a place; if the trap is set there it snaps, and is gone."""
    trap = _data / "trap"
    try:
        where, accident = trap.read_text().split()
    except (OSError, ValueError):
        return
    if where == place:
        trap.rename(_data / "snapped")
        ACCIDENTS[accident]()


def _fails(error: Callable[[], Exception]) -> Callable[[], None]:
    def fail() -> None:
        raise error()

    return fail


ACCIDENTS: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "hang": lambda: time.sleep(300),
    "pause": lambda: time.sleep(1.0),
    "oom": _fails(MemoryError),
    "device": _fails(lambda: RuntimeError("CUDA error: device-side assert triggered")),
    "encoder": _fails(lambda: av.error.ExternalError(542398533, "Generic error in an external library")),
    "broken-disk": _fails(lambda: OSError(errno.EIO, "Input/output error")),
    "full": lambda: fill_up(_data),
}


class Staged(Plain):
    """Grey frames, stage by stage."""

    def run(self, request: Any, folder: Path, on_progress: OnProgress, recipe: dict[str, Any]) -> Clip:
        frame = np.full((request.height, request.width, 3), 90, np.uint8)
        for number, stage in enumerate(("encode", "denoise", "denoise", "denoise", "denoise", "decode")):
            time.sleep(MOMENT)
            strike(stage)
            on_progress(Progress(stage, number / 8, frame))  # type: ignore[arg-type]

        def chunks() -> Iterator[Frames]:
            for number in range(request.num_frames):
                time.sleep(MOMENT / 2)
                if number == request.num_frames // 2:
                    strike("write")
                on_progress(Progress("write", 0.8 + 0.2 * number / request.num_frames))
                yield frame[None]

        stream = FrameStream(chunks(), request.width, request.height, Fraction(16), request.num_frames)
        return write_video(stream, folder / "clip.mp4", metadata=recipe_metadata(recipe))


class StagedPicture(Staged):
    mode = Picture.mode
    request_type = Picture.request_type


TRAPPED: dict[str, Any] = {Staged.mode: Staged, StagedPicture.mode: StagedPicture}


def load(model: str, models_dir: Path, device: str) -> Loaded:
    """What the worker calls in place of loading a real model: sets up the places."""
    global _data
    _data = models_dir.parent
    worker.BEAT_SECONDS = 0.5
    strike("load")
    runner.save_jpeg = _passing("poster", runner.save_jpeg)
    runner.sign_if_possible = _passing("sign", runner.sign_if_possible)
    really_to_disk = runner._to_disk

    def to_disk(path: Path) -> None:
        strike("published" if path.parent.name == "jobs" else path.name)
        really_to_disk(path)

    runner._to_disk = to_disk
    Ledger.done = _passing("committing", Ledger.done, after="committed")  # type: ignore[method-assign]
    Ledger.claim = _passing("", Ledger.claim, after="claimed")  # type: ignore[method-assign]
    return Loaded("A trapped model", "cpu", {mode: pipeline() for mode, pipeline in TRAPPED.items()})


def _passing(before: str, work: Callable[..., Any], after: str = "") -> Callable[..., Any]:
    def through(*given: Any, **named: Any) -> Any:
        if before:
            strike(before)
        answer = work(*given, **named)
        if (after and answer is not None) or after == "committed":
            strike(after)
        return answer

    return through
