"""Mask: only the subject of a video changes, or only what surrounds it. Everything else is the source, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError, MediaError
from pipelines.finishing.put_back import GreenScreen, PutBack, softened
from pipelines.masking import MaskTrack, check_subject, source_index, source_track
from pipelines.source import Source, SourcePipeline
from pipelines.subject import painting_region, refine
from pipelines.types import Conditioning, Frames, FrameStream, Mask, MaskFile, Plan, VideoRequest

NOTHING = 127  # the grey the checkpoints were trained to read as "to be made"


class MaskRequest(VideoRequest):
    """A source video, which part of it changes, and into what."""

    mode: ClassVar[str] = "mask"

    mask: MaskFile | None = Field(
        None, description="white where the subject is: a picture of the first frame, or a video; none: found"
    )
    region: Literal["subject", "background"] = Field("subject", description="what changes")
    invert: bool = Field(False, description="read the mask the other way round")
    carry: bool = Field(True, description="let a mask picture follow the subject through the clip")
    grow: int = Field(4, ge=-64, le=64, description="pixels to widen the mask by; negative narrows it")
    feather: int = Field(8, ge=0, le=64, description="pixels over which made and source pixels blend")
    green_screen: bool = Field(False, description="show the subject over plain green")


class MaskEdit(SourcePipeline):
    """The model sees the region painted grey; the last step before the encoder puts the source back around it."""

    mode = MaskRequest.mode
    title = "Mask"
    summary = "Only the subject of a video changes, or only its background."
    request_type = MaskRequest
    needs_prompt = True

    @classmethod
    def check(cls, request: MaskRequest, info: ModelInfo) -> None:
        source = Source.of(request)
        check_subject(source, Path(request.mask) if request.mask else None)
        if request.green_screen and request.region == "background":
            raise InputError("green_screen replaces the background, so region must be subject. Choose one of the two.")

    def plan(self, request: MaskRequest) -> Plan:
        source = Source.of(request)
        region = self._grown(request, source, inverted=self._inverted(request))

        def condition(start: int, frames: Frames) -> Conditioning:
            shown = range(start, start + len(frames))
            return self._question(
                request, frames, region, [source_index(frame, request.rate, source) for frame in shown]
            )

        width, height = source.info.width, source.info.height

        def masks() -> Iterator[Mask]:
            return region.stream(source.num_frames, width, height)

        kept = PutBack(source.read, masks, request.feather)
        green = GreenScreen(masks, request.feather)
        return self.follow(request, condition, (kept, green) if request.green_screen else (kept,))

    def _question(self, request: MaskRequest, frames: Frames, region: MaskTrack, indices: list[int]) -> Conditioning:
        """The window with its region painted grey and masked white, a little wider than the outline itself."""
        height, width = frames.shape[1:3]
        mask = np.stack([painting_region(region.at(index, width, height)) for index in indices])
        video = np.where(mask[..., None] > 127, np.uint8(NOTHING), frames)
        return self.question(request, num_frames=len(frames), video=video, mask=mask)

    @classmethod
    def subject_matte(cls, request: MaskRequest, clip: FrameStream) -> Iterator[Mask]:
        """How opaque the subject is in each frame of the clip that was made: chunks of (n, H, W), edges grown and soft.

        Followed anew from the request's files: slower than a lookup, but nothing need be kept for the few who ask.
        Raises MediaError where the clip was cropped and no longer lies over its source.
        """
        source = Source.of(request)
        if abs(clip.width / clip.height - source.info.width / source.info.height) > 0.02:
            raise MediaError("This clip was cropped, so its mask no longer fits. Make it at the shape of its source.")
        subject = cls._grown(request, source, inverted=request.invert)
        feather = round(request.feather * clip.height / source.info.height)
        for index in range(clip.num_frames):
            mask = subject.at(source_index(index, clip.frame_rate, source), clip.width, clip.height)
            yield softened(mask, feather)[None]

    @staticmethod
    def _grown(request: MaskRequest, source: Source, *, inverted: bool) -> MaskTrack:
        subject = source_track(source, Path(request.mask) if request.mask else None, request.carry)
        grow = round(request.grow * subject.height / source.info.height)
        return subject.map(lambda mask: refine(mask, grow=grow, invert=inverted))

    @staticmethod
    def _inverted(request: MaskRequest) -> bool:
        return request.invert != (request.region == "background")
