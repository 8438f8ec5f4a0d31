"""What of the studio gets each file: the check every way in goes through, and then everything that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.checkpoints import ModelInfo
from pipelines.image import image_frame
from pipelines.image_to_video import ImageToVideo, ImageToVideoRequest
from pipelines.masking import source_track
from pipelines.source import Source
from pipelines.stylization import Stylization, StylizationRequest
from pipelines.types import Frames
from tests.corpus.kinds import Into

Door = Callable[[str, ModelInfo], Any]


def _image(file: str, info: ModelInfo) -> Any:
    return ImageToVideo.prepare(ImageToVideoRequest(image=file), info)


def _video(file: str, info: ModelInfo) -> Any:
    return Stylization.prepare(StylizationRequest(video=file, prompt="the blue night"), info)


DOORS: Mapping[Into, Door] = {"image": _image, "video": _video}


def read_whole(request: Any) -> Frames:
    """Every frame that a prepared request's files give: (F, H, W, 3). Raises SeptetError."""
    if isinstance(request, ImageToVideoRequest):
        return image_frame(request.image, *request.size)[None]
    source = Source.of(request)
    if getattr(request, "mask", None):
        source_track(source, request)
    stream = source.read()
    frames = np.concatenate(list(stream.chunks))
    assert len(frames) == stream.num_frames
    return frames


def named(file: Path | str) -> str:
    """What a message may call a file."""
    return Path(file).name
