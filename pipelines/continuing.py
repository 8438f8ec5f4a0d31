"""A clip that goes on from another one: its last moments are given, what follows is made and put after it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import Field

from pipelines.base import VideoPipeline, rate_text
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import LAST, finishing_chain, sound_of
from pipelines.finishing.chunks import frames_of
from pipelines.finishing.continue_clip import Continue
from pipelines.finishing.effect import Effect
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.presets import redrawing
from pipelines.settings import Finishing, VideoFile
from pipelines.types import Conditioning, Frame, Frames, Plan, Request

SAME_SHAPE = 0.02  # of the ratio of width to height


class ContinuingRequest(Request):
    """A request that may name a clip to go on from; `num_frames` then counts the few frames both share, too."""

    continues: VideoFile | None = Field(None, description="a clip to go on from; what is made is put after it")


R = TypeVar("R", bound=ContinuingRequest)


class ContinuingPipeline(VideoPipeline[R]):
    """A mode whose clip may go on from another, at that one's size, shape and rate."""

    @classmethod
    def check(cls, request: R, info: ModelInfo) -> None:
        if request.continues is None:
            return
        if request.pace != 1:
            raise InputError(
                "motion_amount bends the time of a whole clip, and part of this one is there already. Leave it out, or "
                "leave out the clip to go on from."
            )
        if request.length <= info.temporal_factor + 1:
            raise InputError(
                f"num_frames is {request.length}, of which the clip gives {info.temporal_factor + 1}, so nothing would "
                f"follow. Choose at least {2 * info.temporal_factor + 1}."
            )
        clip, asked = probe_video(Path(request.continues)), request.finishing
        width, height = (int(side) for side in (asked.size or "").split("x"))
        if asked.aspect_ratio or abs(width / height * clip.height / clip.width - 1) > SAME_SHAPE:
            raise InputError(
                f"The clip to go on from is {clip.width}x{clip.height} and keeps that shape; "
                f"{asked.aspect_ratio or asked.size} has another. Leave it out, or crop the clip in Finish afterwards."
            )

    @classmethod
    def aspect(cls, request: R, info: ModelInfo) -> float:
        if request.continues is None:
            return super().aspect(request, info)
        clip = probe_video(Path(request.continues))
        return clip.width / clip.height

    @classmethod
    def resolve_finishing(cls, request: R, info: ModelInfo) -> Finishing:
        finishing = super().resolve_finishing(request, info)
        if request.continues is None:
            return finishing
        clip, factor = probe_video(Path(request.continues)), request.finishing.upscale or 1
        return finishing.model_copy(
            update={
                "size": finishing.size or f"{clip.width * factor}x{clip.height * factor}",
                "frame_rate": request.finishing.frame_rate or rate_text(clip.frame_rate),
            }
        )

    def unroll(self, request: R, first: Conditioning, last_image: Frame | None = None) -> Plan:
        if request.continues is None:
            return super().unroll(request, first, last_image)
        clip = Path(request.continues)
        ending = Ending.of(clip, request.size, request.rate, self.overlap)
        plan = super().unroll(request, first.beginning_with(ending.frames), last_image)
        return replace(
            plan,
            finishing=self._after(request, ending.before(clip)),
            sound=sound_of(request.finishing, clip if probe_video(clip).has_audio else None),
        )

    def _after(self, request: R, clip: Continue) -> tuple[Effect, ...]:
        """What is made is finished, put after the clip, and what is about the whole happens to the whole."""
        asked = request.finishing
        made = Finishing(**asked.model_dump(exclude=LAST))
        whole = Finishing(**asked.model_dump(include=LAST))
        assert asked.size and asked.frame_rate  # filled in where they were left open
        width, height = (int(side) for side in asked.size.split("x"))
        home = finishing_chain(made, *request.size, request.rate, aspect=self.aspect(request, self.info))
        return (
            *redrawing(request, self.info),
            *home,
            clip,
            *finishing_chain(whole, width, height, Fraction(asked.frame_rate)),
        )


@dataclass(frozen=True)
class Ending:
    """The last frames of a clip, (F, H, W, 3) uint8 at the model's size and rate, and the second they begin at."""

    frames: Frames
    begins: Fraction
    rate: Fraction

    @classmethod
    def of(cls, clip: Path, size: tuple[int, int], rate: Fraction, most: int) -> Ending:
        """The last `most` frames, or the very last one of a shorter clip. Raises MediaError."""
        last: deque[Frame] = deque(maxlen=most)
        count = 0
        for frame in frames_of(read_video(clip, frame_rate=rate, size=size).chunks):
            last.append(frame.copy())  # a view would keep its whole chunk
            count += 1
        frames = list(last) if count >= most else [last[-1]]
        return cls(np.stack(frames), (count - len(frames)) / rate, rate)

    def before(self, clip: Path) -> Continue:
        """What puts the whole clip in front of the frames that go on from this ending."""
        return Continue(clip, self.begins, (len(self.frames) - 1) / self.rate)
