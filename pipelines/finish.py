"""Finish: the post-processing stage on its own, for any video, made here or not. No model has a part in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
from pydantic import Field

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import finishing_chain, sound_of
from pipelines.finishing.effect import finish
from pipelines.media.mixing import check_sound
from pipelines.media.write import write_video
from pipelines.source import Source
from pipelines.types import (
    MAX_SEED,
    Clip,
    Finishing,
    Frame,
    Frames,
    FrameStream,
    OnProgress,
    Progress,
    Settings,
    Sound,
    VideoFile,
)

if TYPE_CHECKING:
    from pipelines.model import LatentVideoModel

PREVIEW_SIDE = 480  # pixels
LARGEST_SIDE, LARGEST_PICTURE = 8192, 8192 * 4352


class FinishRequest(Settings):
    """A video, the part of it that is used, and what is done to it."""

    mode: ClassVar[str] = "finish"

    video: VideoFile = Field(description="the video")
    start: float = Field(0.0, ge=0, le=36_000, description="seconds into the video to begin at")
    seconds: float | None = Field(None, gt=0, le=600, description="how much of the video to use; all of it if left out")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="same seed, same film grain")
    finishing: Finishing = Finishing()


class FinishVideo:
    """Runs like a mode, and answers like one, so that the job desk need not know the difference."""

    mode = FinishRequest.mode
    title = "Finish"
    summary = "Any video: larger, smoother, slower, looped, set to music, in the format you need."
    request_type = FinishRequest

    def __init__(self, model: LatentVideoModel) -> None:
        self.model = model

    @classmethod
    def prepare(cls, request: FinishRequest, _info: ModelInfo | None = None) -> FinishRequest:
        """The request, checked against its files. Quick. Raises InputError or MediaError."""
        source = Source.of(request)
        if request.finishing.music:
            check_sound(Path(request.finishing.music))
        planned = finish(_unread(source), _effects(request, source))
        if max(planned.width, planned.height) > LARGEST_SIDE or planned.width * planned.height > LARGEST_PICTURE:
            raise InputError(
                f"The clip would be {planned.width}x{planned.height} pixels; the longest side is {LARGEST_SIDE}. "
                "Choose a smaller upscale or size."
            )
        return request.model_copy(update={"seed": request.seed or 0})

    def run(
        self, request: FinishRequest, folder: Path, on_progress: OnProgress, recipe: dict[str, Any] | None = None
    ) -> Clip:
        """Make `folder`/clip.mp4. `on_progress` may raise Cancelled."""
        folder.mkdir(parents=True, exist_ok=True)
        stream, sound = finished(request)
        metadata = {"comment": json.dumps(recipe or self.recipe(request)), "title": self.title}
        return write_video(
            watched(stream, on_progress),
            folder / "clip.mp4",
            sound=sound,
            quality=request.finishing.quality,
            metadata=metadata,
        )

    def recipe(self, request: FinishRequest) -> dict[str, Any]:
        """What was done; the job desk adds the hash of the video."""
        return {"septet": 1, "mode": self.mode, "request": request.model_dump(mode="json")}


def finished(request: FinishRequest) -> tuple[FrameStream, Sound | None]:
    """The frames and the sound a request asks for; nothing is decoded until the frames are taken."""
    source = Source.of(request)
    sound = sound_of(request.finishing, source.path if source.info.has_audio else None, source.start, source.seconds)
    return finish(source.read(), _effects(request, source)), sound


def one_frame(request: FinishRequest) -> Frame:
    """The frame the clip begins with as it will look; nothing that takes time to show has a part in it."""
    look = Finishing(**request.finishing.model_dump(exclude={"speed", "loop", "fade_in", "fade_out"}))
    source = Source.of(request)
    first = next(source.read().chunks)[:1]
    alone = replace(_unread(source), chunks=iter([first]), num_frames=1)
    chain = finishing_chain(look, alone.width, alone.height, alone.frame_rate, num_frames=1, seed=request.seed or 0)
    frame: Frame = next(finish(alone, chain).chunks)[0]
    return frame


def watched(stream: FrameStream, on_progress: OnProgress) -> FrameStream:
    """The same frames; every chunk reports how far it is, with a small picture."""

    def chunks() -> Iterator[Frames]:
        done = 0
        on_progress(Progress("finish", 0.0))
        for chunk in stream.chunks:
            yield chunk
            done += len(chunk)
            on_progress(Progress("finish", min(0.99, done / stream.num_frames), _small(chunk[-1])))

    return FrameStream(chunks(), stream.width, stream.height, stream.frame_rate, stream.num_frames)


def _effects(request: FinishRequest, source: Source) -> tuple[Any, ...]:
    asked, info = request.finishing, source.info
    rate = Fraction(asked.frame_rate) if asked.frame_rate else info.frame_rate
    frames = None if rate == info.frame_rate else max(1, round(source.seconds * rate))
    return finishing_chain(asked, info.width, info.height, info.frame_rate, num_frames=frames, seed=request.seed or 0)


def _unread(source: Source) -> FrameStream:
    """What the source is, without its frames: enough to ask effects what they would make of it."""
    return FrameStream(iter(()), source.info.width, source.info.height, source.info.frame_rate, source.num_frames)


def _small(frame: Frame) -> Frame:
    scale = PREVIEW_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return frame
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
