"""Mask: only the subject of a video changes, or only what surrounds it. Everything else is the source, bit for bit.

What changes is replaced, restyled in the form it has, or removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pipelines.checkpoints import ModelInfo
from pipelines.depth import find_depth_model
from pipelines.errors import InputError, MediaError
from pipelines.finishing.put_back import GreenScreen, PutBack, softened
from pipelines.following import OUTLINES, follower_in
from pipelines.marking import Subject
from pipelines.masking import MaskTrack, check_subject, source_index, source_track
from pipelines.restyle import Structure
from pipelines.source import Source, SourcePipeline
from pipelines.structure import StructureMaker
from pipelines.subject import painting_region, refine
from pipelines.types import NOTHING, Conditioning, Frames, FrameStream, Mask, Plan, VideoRequest

EMPTY_PLACE = "an empty place, only the background, nothing in it"
NOTHING_NEW = "object, person, animal, text"
RESTYLE_BLUR = 1  # of the structure: its form holds, its grain does not


class MaskRequest(Subject, VideoRequest):
    """A source video, which part of it changes, and into what."""

    mode: ClassVar[str] = "mask"

    region: Literal["subject", "background"] = Field("subject", description="what changes")
    change: Literal["replace", "restyle", "remove"] = Field(
        "replace", description="what becomes of it: something else, the same form in a new look, or nothing"
    )
    structure: Structure = Field("grey", description="what of its form a restyle keeps")
    invert: bool = Field(False, description="read the mask the other way round")
    grow: int = Field(4, ge=-64, le=64, description="pixels to widen the mask by; negative narrows it")
    feather: int = Field(8, ge=0, le=64, description="pixels over which made and source pixels blend")
    green_screen: bool = Field(False, description="show the subject over plain green")


class MaskEdit(SourcePipeline):
    """The model sees the region as grey, or as structure; the last step before the encoder puts the source back."""

    mode = MaskRequest.mode
    title = "Mask"
    summary = "Only the subject of a video changes, or only its background."
    request_type = MaskRequest
    needs_prompt = True

    @classmethod
    def prepare(cls, request: MaskRequest, info: ModelInfo) -> MaskRequest:
        if request.change == "remove":
            words = {
                "prompt": request.prompt.strip() or EMPTY_PLACE,
                "negative_prompt": request.negative_prompt or NOTHING_NEW,
            }
            request = request.model_copy(update=words)
        return super().prepare(request, info)

    @classmethod
    def check(cls, request: MaskRequest, info: ModelInfo) -> None:
        source = Source.of(request)
        check_subject(source, request)
        if request.green_screen and request.region == "background":
            raise InputError("green_screen replaces the background, so region must be subject. Choose one of the two.")
        if request.change == "remove" and (request.green_screen or request.region == "background"):
            raise InputError(
                "remove takes the subject away, so it goes with neither green_screen nor region background."
            )
        if request.change == "restyle":
            StructureMaker(request.structure, RESTYLE_BLUR, find_depth_model(info.models_dir))

    def plan(self, request: MaskRequest) -> Plan:
        source = Source.of(request)
        follower = follower_in(self.info.models_dir)
        track = source_track(source, request, follower=follower)
        region = self._grown(request, source, track, inverted=self._inverted(request))
        depth = find_depth_model(self.info.models_dir)
        structure = StructureMaker(request.structure, RESTYLE_BLUR, depth) if request.change == "restyle" else None

        def condition(start: int, frames: Frames) -> Conditioning:
            height, width = frames.shape[1:3]
            shown = (source_index(start + index, request.rate, source) for index in range(len(frames)))
            mask = np.stack([region.at(index, width, height) for index in shown])
            # a hull has room for a new form; where the form stays, so does its outline
            mask = painting_region(mask) if structure is None else np.where(mask > 127, np.uint8(255), np.uint8(0))
            within = np.uint8(NOTHING) if structure is None else structure(frames)
            video = np.where(mask[..., None] > 127, within, frames)
            return self.question(request, num_frames=len(frames), video=video, mask=mask)

        width, height = source.info.width, source.info.height

        def masks() -> Iterator[Mask]:
            return region.stream(source.num_frames, width, height)

        kept = PutBack(source.read, masks, request.feather)
        green = GreenScreen(masks, request.feather)
        plan = self.follow(request, condition, (kept, green) if request.green_screen else (kept,))
        return replace(plan, track=track if follower is not OUTLINES else None)  # the page can make the other one anew

    @classmethod
    def subject_matte(cls, request: MaskRequest, clip: FrameStream, track: MaskTrack | None = None) -> Iterator[Mask]:
        """How opaque the subject is in each frame of the clip that was made: chunks of (n, H, W), edges grown and soft.

        Followed anew from the request's files where no `track` was kept: slower, but few ask.
        Raises MediaError where the clip was cropped and no longer lies over its source.
        """
        source = Source.of(request)
        if abs(clip.width / clip.height - source.info.width / source.info.height) > 0.02:
            raise MediaError("This clip was cropped, so its mask no longer fits. Make it at the shape of its source.")
        subject = cls._grown(request, source, track or source_track(source, request), inverted=request.invert)
        feather = round(request.feather * clip.height / source.info.height)
        for index in range(clip.num_frames):
            mask = subject.at(source_index(index, clip.frame_rate, source), clip.width, clip.height)
            yield softened(mask, feather)[None]

    @classmethod
    def changed_mask(cls, request: MaskRequest, clip: FrameStream, track: MaskTrack | None = None) -> Iterator[Mask]:
        """What was made anew in each frame of the clip, likewise: 255 made, 0 the source."""
        return cls.subject_matte(request.model_copy(update={"invert": cls._inverted(request)}), clip, track)

    @staticmethod
    def _grown(request: MaskRequest, source: Source, subject: MaskTrack, *, inverted: bool) -> MaskTrack:
        grow = round(request.grow * subject.height / source.info.height)
        if request.change == "remove":  # its shadow and its edges go with it
            return subject.map(lambda mask: painting_region(refine(mask, grow=grow, invert=inverted)))
        return subject.map(lambda mask: refine(mask, grow=grow, invert=inverted))

    @staticmethod
    def _inverted(request: MaskRequest) -> bool:
        return request.invert != (request.region == "background")
