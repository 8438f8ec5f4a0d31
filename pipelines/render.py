"""Render: an untextured 3D render becomes a textured, lit clip. Its geometry is locked."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pipelines.restyle import Look, RestylePipeline
from pipelines.types import VideoRequest


class RenderRequest(Look, VideoRequest):
    """A clay render, a depth pass or another untextured video, and the look it should get."""

    mode: ClassVar[str] = "render"
    structure_blur: int = Field(0, ge=0, le=7, description="0 locks the geometry, 7 follows only its layout")


class Render(RestylePipeline):
    """Structure unblurred: only texture, light and material are new."""

    mode = RenderRequest.mode
    title = "Render"
    summary = "An untextured 3D render becomes realistic; its geometry is locked."
    request_type = RenderRequest
