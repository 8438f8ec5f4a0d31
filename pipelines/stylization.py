"""Stylization: the source's motion and structure in a new look, taken from a picture or a prompt."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pipelines.restyle import Look, RestylePipeline
from pipelines.types import VideoRequest


class StylizationRequest(Look, VideoRequest):
    """A source video and the look it should take on."""

    mode: ClassVar[str] = "stylization"
    structure_blur: int = Field(1, ge=0, le=7, description="0 is glued to the source, 7 follows only its layout")


class Stylization(RestylePipeline):
    """Structure held fairly close: the look changes, the shapes stay recognisable."""

    mode = StylizationRequest.mode
    title = "Stylization"
    summary = "A source video's motion and structure in a new look."
    request_type = StylizationRequest
