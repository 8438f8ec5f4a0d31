"""What a worker runs in place of the model: each mode reads its files to the end, and makes a clip of what it read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.finish import FinishVideo
from pipelines.media.metadata import recipe_metadata
from pipelines.media.write import write_video
from pipelines.registry import PIPELINES
from pipelines.types import Clip, FrameStream, OnProgress, Progress
from studio.jobs.worker import Loaded
from tests.corpus.doors import read_whole

LOADER = f"{__name__}:load"


class Reader:
    """Stands where a mode does."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.request_type = PIPELINES[mode].request_type
        self.model = self

    def release_memory(self) -> None:
        """It holds none."""

    def run(self, request: Any, folder: Path, on_progress: OnProgress, recipe: dict[str, Any]) -> Clip:
        """The frames read, as folder/clip.mp4; a single one is shown twice. Raises SeptetError."""
        on_progress(Progress("encode", 0.0))
        frames = read_whole(request)
        if len(frames) == 1:
            frames = np.repeat(frames, 2, axis=0)
        stream = FrameStream(iter([frames]), frames.shape[2], frames.shape[1], Fraction(12), len(frames))
        metadata = recipe_metadata(recipe) | {"title": request.prompt[:200] or self.mode}
        return write_video(stream, folder / "clip.mp4", metadata=metadata)


def load(_model: str, _models_dir: Path, _device: str) -> Loaded:
    """What the worker calls in place of loading a real model."""
    pipelines: dict[str, Any] = {mode: Reader(mode) for mode in PIPELINES}
    return Loaded("A reader", "cpu", {**pipelines, FinishVideo.mode: FinishVideo()})
