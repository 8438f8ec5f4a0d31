"""Finish: the post-processing stage on its own, for any video, made here or not. No model has a part in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np
from pydantic import Field, StringConstraints

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.fields import map_media
from pipelines.finishing.chain import check_files, finishing_chain, load_networks, sound_of
from pipelines.finishing.crop import Crop, CropToRatio
from pipelines.finishing.effect import Effect, finish
from pipelines.media.join import Film, Shot
from pipelines.media.lettering import check_letters
from pipelines.media.metadata import recipe_metadata
from pipelines.media.provenance import Origin, read_origin
from pipelines.media.write import write_video
from pipelines.settings import Finishing, Settings, VideoFile
from pipelines.source import Source
from pipelines.types import MAX_SEED, Clip, Frame, Frames, FrameStream, OnProgress, Progress, Sound

if TYPE_CHECKING:
    from pipelines.model import LatentVideoModel

PREVIEW_SIDE = 480  # pixels
LARGEST_SIDE, LARGEST_PICTURE = 16_384, 8192 * 8192
LONGEST_FILM = 1800  # seconds
MAX_SHOTS = 24


class FinishRequest(Settings):
    """A video, the part of it that is used, and what is done to it."""

    mode: ClassVar[str] = "finish"

    video: VideoFile = Field(description="the video")
    start: float = Field(0.0, ge=0, le=36_000, description="seconds into the video to begin at")
    seconds: float | None = Field(None, gt=0, le=600, description="how much of the video to use; all of it if left out")
    then: tuple[VideoFile, ...] = Field((), max_length=MAX_SHOTS, description="videos that follow, in order")
    transition: float = Field(0.0, ge=0, le=5, description="seconds of cross-fade from one video to the next; 0 cuts")
    title: Annotated[str, StringConstraints(max_length=80)] = Field("", description="words shown before it all begins")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="same seed, same film grain")
    finishing: Finishing = Finishing()


class FinishVideo:
    """Runs like a mode, and answers like one, so that the job desk need not know the difference."""

    mode = FinishRequest.mode
    title = "Finish"
    summary = "Any video, or several as one film: larger, smoother, slower, looped, set to music."
    request_type = FinishRequest

    def __init__(self, model: LatentVideoModel | None = None) -> None:
        self.model = model  # whose memory can be had when there is too little

    @classmethod
    def prepare(cls, request: FinishRequest, _info: ModelInfo | None = None) -> FinishRequest:
        """The request, checked against its files. Quick. Raises InputError or MediaError."""
        check_files(request.finishing)
        check_letters(request.title)
        if request.finishing.colour_match and (request.then or request.title):
            raise InputError(
                "colour_match holds the colours one video begins with, so not those of a film. Leave it out."
            )
        given = _given(request)
        if isinstance(given, Film):
            given.check_transition(request.transition)
        clip = _unread(given)
        for effect in _effects(request, given):
            clip = effect.apply(clip)
            if max(clip.width, clip.height) > LARGEST_SIDE or clip.width * clip.height > LARGEST_PICTURE:
                raise InputError(
                    f"The clip would be {clip.width}x{clip.height} pixels on the way; {LARGEST_SIDE} a side and "
                    f"{LARGEST_PICTURE / 1e6:.0f} million in all are the most. Choose a smaller upscale or size."
                )
        if clip.num_frames / clip.frame_rate > LONGEST_FILM:
            raise InputError(
                f"The clip would last {float(clip.num_frames / clip.frame_rate):.0f} s; the limit is {LONGEST_FILM} s. "
                "Use less of it, or fewer videos."
            )
        return request.model_copy(update={"seed": request.seed or 0})

    def run(
        self, request: FinishRequest, folder: Path, on_progress: OnProgress, recipe: dict[str, Any] | None = None
    ) -> Clip:
        """Make `folder`/clip.mp4. `on_progress` may raise Cancelled."""
        folder.mkdir(parents=True, exist_ok=True)
        metadata = recipe_metadata(recipe or self.recipe(request)) | {"title": request.title or self.title}
        on_progress(Progress("finish", 0.0))
        load_networks(request.finishing)
        with finished(request, folder) as (stream, sound):
            return write_video(
                watched(stream, on_progress),
                folder / "clip.mp4",
                sound=sound,
                quality=request.finishing.quality,
                metadata=metadata,
                origin=origin_of(request),
            )

    @classmethod
    def recipe(cls, request: FinishRequest) -> dict[str, Any]:
        """What was done, without where files lay; the job desk adds their hashes."""
        named = map_media(request, lambda _kind, path: Path(path).name)
        return {"septet": 1, "mode": cls.mode, "request": named.model_dump(mode="json")}


@contextmanager
def finished(request: FinishRequest, folder: Path) -> Iterator[tuple[FrameStream, Sound | None]]:
    """The frames and the sound a request asks for, inside the block; `folder` may hold what they need meanwhile.

    Nothing is decoded until the frames are taken, but the sound of several videos, which is mixed first.
    """
    given = _given(request)
    if isinstance(given, Source):
        own = given.path if given.info.has_audio else None
        sound = sound_of(request.finishing, own, given.start, given.seconds)
        yield finish(given.read(), _effects(request, given)), sound
        return
    with TemporaryDirectory(dir=folder, prefix=".join-") as place:
        seconds = float(given.num_frames / given.rate)
        sound = sound_of(request.finishing, given.sound(Path(place)), seconds=seconds)
        yield finish(given.frames(), _effects(request, given)), sound


def planned(request: FinishRequest) -> FrameStream:
    """What the clip will be, without its frames."""
    given = _given(request)
    return finish(_unread(given), _effects(request, given))


def origin_of(request: FinishRequest) -> Origin:
    """What a finished video is: as its source says of itself; an improved recording where that says nothing."""
    said = [read_origin(Path(path)) for path in (request.video, *request.then)]
    made = [origin for origin in said if origin is not None and origin != "algorithmicallyEnhanced"]
    if not made:
        return "algorithmicallyEnhanced"
    return made[0] if set(said) == {made[0]} else "compositeWithTrainedAlgorithmicMedia"


def crop_stated(request: FinishRequest) -> str:
    """What is cut off to reach the size or shape asked for, in words; empty where nothing is."""
    given = _given(request)
    clip = _unread(given)
    for effect in _effects(request, given):
        before, clip = clip, effect.apply(clip)
        if isinstance(effect, Crop | CropToRatio) and (clip.width, clip.height) != (before.width, before.height):
            return f"cropped from {before.width}x{before.height} to {clip.width}x{clip.height}, the middle kept"
    return ""


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

    return replace(stream, chunks=chunks())


def _given(request: FinishRequest) -> Source | Film:
    """What there is to finish: the one video, or all of them as a film. Raises MediaError."""
    source = Source.of(request)
    if not (request.then or request.title):
        return source
    shots = [Shot(source.path, source.start, source.seconds)]
    shots += [Shot(Source.of(FinishRequest(video=path)).path) for path in request.then]
    return Film.of(shots, request.transition, request.title)


def _effects(request: FinishRequest, given: Source | Film) -> tuple[Effect, ...]:
    asked, clip = request.finishing, _unread(given)
    rate = Fraction(asked.frame_rate) if asked.frame_rate else clip.frame_rate
    frames = None
    if rate != clip.frame_rate:
        seconds = given.seconds if isinstance(given, Source) else float(clip.num_frames / clip.frame_rate)
        frames = max(1, round(seconds * rate))
    return finishing_chain(asked, clip.width, clip.height, clip.frame_rate, num_frames=frames, seed=request.seed or 0)


def _unread(given: Source | Film) -> FrameStream:
    """What is given, without its frames: enough to ask effects what they would make of it."""
    if isinstance(given, Film):
        return FrameStream(iter(()), *given.size, given.rate, given.num_frames)
    return FrameStream(iter(()), given.info.width, given.info.height, given.info.frame_rate, given.num_frames)


def _small(frame: Frame) -> Frame:
    scale = PREVIEW_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return frame
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
