"""Stylization: the source's motion and structure in a new look, taken from a picture, a named style or a prompt."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from pipelines.checkpoints import ModelInfo
from pipelines.finishing.effect import Effect
from pipelines.following import follower_in
from pipelines.marking import Subject
from pipelines.masking import check_subject, put_back_around, source_track
from pipelines.restyle import Look, RestylePipeline
from pipelines.source import Source
from pipelines.types import VideoRequest


class StylizationRequest(Look, VideoRequest):
    """A source video and the look it should take on."""

    mode: ClassVar[str] = "stylization"
    structure_blur: int = Field(2, ge=0, le=7, description="0 is glued to the source, 7 follows only its layout")
    region: Literal["all", "subject", "background"] = Field("all", description="what changes; the rest is the source")


class Stylization(RestylePipeline):
    """Structure held fairly close: the look changes, the shapes stay recognisable."""

    mode = StylizationRequest.mode
    title = "Stylization"
    summary = "A source video's motion and structure in a new look."
    request_type = StylizationRequest

    @classmethod
    def check(cls, request: Any, info: ModelInfo) -> None:
        super().check(request, info)
        if request.region != "all":
            check_subject(Source.of(request), Subject())

    def put_back(self, request: Any) -> tuple[Effect, ...]:
        drawn = super().put_back(request)
        if request.region == "all":
            return drawn
        source = Source.of(request)
        subject = source_track(source, Subject(), follower=follower_in(self.info.models_dir))
        return (*drawn, put_back_around(source, subject, inverted=request.region == "background"))
