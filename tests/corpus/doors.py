"""What of the studio gets each file: the check every way in goes through, and then everything that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.adapters import adapted
from pipelines.checkpoints import ModelInfo
from pipelines.image import image_frame
from pipelines.image_to_video import ImageToVideo, ImageToVideoRequest
from pipelines.mask import MaskEdit, MaskRequest
from pipelines.masking import source_track
from pipelines.source import Source
from pipelines.stylization import Stylization, StylizationRequest
from pipelines.text_to_video import TextToVideo, TextToVideoRequest
from pipelines.types import Frames
from tests.corpus.kinds import Into

Door = Callable[[Any, ModelInfo], Any]
PROMPT = "the blue night"


def _image(file: Path | str, info: ModelInfo) -> Any:
    return ImageToVideo.prepare(ImageToVideoRequest(image=str(file)), info)


def _video(file: Path, info: ModelInfo) -> Any:
    return Stylization.prepare(StylizationRequest(video=str(file), prompt=PROMPT), info)


def _mask(pair: tuple[Path, Path], info: ModelInfo) -> Any:
    video, mask = map(str, pair)
    return MaskEdit.prepare(MaskRequest(video=video, mask=mask, prompt=PROMPT), info)


def _adapter(file: Path, info: ModelInfo) -> Any:
    return TextToVideo.prepare(TextToVideoRequest(prompt=PROMPT, adapter=str(file)), info)


DOORS: Mapping[Into, Door] = {"image": _image, "video": _video, "mask": _mask, "adapter": _adapter}


def read_whole(request: Any) -> Frames:
    """Every frame that a prepared request's files give: (F, H, W, 3). Raises SeptetError."""
    if isinstance(request, ImageToVideoRequest):
        return image_frame(request.image, *request.size)[None]
    if isinstance(request, TextToVideoRequest) and not request.adapter:
        return np.full((2, request.size[1], request.size[0], 3), 90, np.uint8)
    if request.adapter:
        with adapted(None, Path(request.adapter), 1.0):
            raise AssertionError("there is no pipeline it could be put on")
    source = Source.of(request)
    stream = source.read()
    frames = np.concatenate(list(stream.chunks))
    assert len(frames) == stream.num_frames
    if isinstance(request, MaskRequest):
        assert len(source_track(source, request)) == len(frames)
    return frames


def named(variant: Any) -> str:
    """What a message may call a file."""
    return Path(variant[1] if isinstance(variant, tuple) else variant).name
