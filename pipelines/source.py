"""Modes that start from a video: the part of it that is meant, cut into windows the model can take.

The clip comes back at the source's own size, frame rate, length and sound unless asked otherwise; the model works at
its own size and rate in between. Long sources are read as they are needed, never whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.base import VideoPipeline, rate_text
from pipelines.checkpoints import ModelInfo
from pipelines.errors import MediaError
from pipelines.finishing.chain import LAST, finishing_chain, sound_of
from pipelines.finishing.effect import Effect
from pipelines.finishing.strokes import Strokes
from pipelines.media.container import shown_name
from pipelines.media.probe import VideoInfo, probe_video
from pipelines.media.read import read_video
from pipelines.settings import Finishing
from pipelines.types import Conditioning, Frames, FrameStream, Plan, VideoRequest
from pipelines.windows import Windows

LONGEST_SOURCE = 600  # seconds
if TYPE_CHECKING:
    from pipelines.finish import FinishRequest

_SHAPE = {"upscale", "upscaler", "size", "frame_rate", "aspect_ratio", "fit"}  # of Finishing


@dataclass(frozen=True)
class Source:
    """The part of a video a request is about. `seconds` is what there is, not what was asked for."""

    path: Path
    info: VideoInfo
    start: float
    seconds: float

    @classmethod
    def of(cls, request: VideoRequest | FinishRequest) -> Source:
        """Raises MediaError if the file cannot be read, or the part asked for lies outside it."""
        path = Path(request.video)
        info = probe_video(path)
        if request.start >= info.duration:
            raise MediaError(
                f"start is {request.start:g} s, but the source is {info.duration:.1f} s long. Choose an earlier start."
            )
        seconds = min(request.seconds or info.duration, info.duration - request.start)
        if seconds > LONGEST_SOURCE:
            raise MediaError(
                f"{shown_name(path)} is {seconds:.0f} s long; the limit is {LONGEST_SOURCE} s. "
                "Choose a part with start and seconds."
            )
        return cls(path, info, request.start, seconds)

    @property
    def num_frames(self) -> int:
        """Frames at the source's own rate."""
        return max(1, round(self.seconds * self.info.frame_rate))

    def frames_at(self, rate: Fraction) -> int:
        """Frames needed at another rate to cover the same time."""
        return max(1, ceil(round(self.seconds * rate, 6)))

    def read(self, size: tuple[int, int] | None = None, rate: Fraction | None = None) -> FrameStream:
        """The part as frames, by default at its own size and rate."""
        return read_video(self.path, start=self.start, seconds=self.seconds, frame_rate=rate, size=size)


class SourcePipeline(VideoPipeline[Any]):
    """What stylization, storyboard, mask and render share."""

    @classmethod
    def aspect(cls, request: VideoRequest, info: ModelInfo) -> float:
        source = Source.of(request).info
        return source.width / source.height

    @classmethod
    def seconds(cls, request: VideoRequest) -> float:
        return Source.of(request).seconds

    @classmethod
    def working_rate(cls, request: VideoRequest, info: ModelInfo) -> float:
        return float(min(Fraction(info.frame_rate), Source.of(request).info.frame_rate))

    @classmethod
    def prepare(cls, request: Any, info: ModelInfo) -> Any:
        if request.num_frames is None:
            rate = Fraction(request.frame_rate or cls.working_rate(request, info)).limit_denominator(1001)
            needed = Source.of(request).frames_at(rate)
            step = info.temporal_factor
            window = min(info.num_frames, ceil((needed - 1) / step) * step + 1)
            request = request.model_copy(update={"num_frames": window})
        return super().prepare(request, info)

    @classmethod
    def resolve_finishing(cls, request: VideoRequest, info: ModelInfo) -> Finishing:
        source, finishing = Source.of(request).info, request.finishing
        factor = finishing.upscale or 1
        return finishing.model_copy(
            update={
                "upscale": factor,
                "size": finishing.size or f"{source.width * factor}x{source.height * factor}",
                "frame_rate": finishing.frame_rate or rate_text(source.frame_rate),
                "colour_match": bool(finishing.colour_match),
            }
        )

    def follow(
        self,
        request: VideoRequest,
        condition: Callable[[int, Frames], Conditioning],
        put_back: tuple[Effect, ...] = (),
    ) -> Plan:
        """A plan that works through the source: `condition` turns each window into a question.

        It is given the window's first index, in frames at the model's rate, and its frames at the model's size.
        `put_back` runs on frames of the source's own size and rate, last but for a size asked for beyond that.
        """
        source = Source.of(request)
        rate = request.rate
        total = source.frames_at(rate)
        windows = Windows(total, request.length, self.overlap)
        small = source.read(request.size, rate)
        return Plan(
            conditionings=(condition(*window) for window in windows.cut(small.chunks, self.info.temporal_factor)),
            count=windows.count,
            num_frames=total,
            frame_rate=rate,
            overlap=self.overlap,
            given=1,  # how things move is in the source; held for longer, a window would begin with a standstill
            finishing=source_chain(request, source, rate, put_back),
            sound=sound_of(
                request.finishing, source.path if source.info.has_audio else None, source.start, source.seconds
            ),
        )


def source_chain(
    request: VideoRequest, source: Source, rate: Fraction, put_back: tuple[Effect, ...]
) -> tuple[Effect, ...]:
    """From the model's size and rate back to the source's, the source put back there, then on to what was asked for."""
    asked = request.finishing
    native = Finishing(
        **asked.model_dump(exclude=_SHAPE | LAST),
        upscaler="lanczos" if _draws_anew(put_back) and not asked.upscaler_file else asked.upscaler,
        size=f"{source.info.width}x{source.info.height}",
        frame_rate=rate_text(source.info.frame_rate),
    )
    made, aspect = request.size, source.info.width / source.info.height
    reference = next(source.read(made).chunks)[0] if asked.colour_match else None
    if not put_back:
        frames = _frames_asked(asked, source)
        return finishing_chain(asked, *made, rate, num_frames=frames, aspect=aspect, reference=reference)
    home = finishing_chain(native, *made, rate, num_frames=source.num_frames, aspect=aspect, reference=reference)
    beyond = finishing_chain(
        Finishing(**asked.model_dump(include=_SHAPE | LAST)),  # how it looks was settled on the way home
        source.info.width,
        source.info.height,
        source.info.frame_rate,
        num_frames=_frames_asked(asked, source),
    )
    return home + put_back + beyond


def _draws_anew(effects: tuple[Effect, ...]) -> bool:
    """Whether only what is coarse of the made frames is kept: a network that enlarges them would work for nothing."""
    return any(isinstance(effect, Strokes) for effect in effects)


def _frames_asked(finishing: Finishing, source: Source) -> int:
    """How many frames the clip has: the source's own number at the source's rate, the same time at another."""
    rate = Fraction(finishing.frame_rate or source.info.frame_rate)
    return source.num_frames if rate == source.info.frame_rate else max(1, round(source.seconds * rate))
