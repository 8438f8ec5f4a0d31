"""Render: an untextured 3D render, or a 3D file, becomes a textured, lit clip. Its geometry is locked.

A video is a pass somebody rendered: clay, depth or normals. A 3D file is rendered here first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.effect import Effect
from pipelines.mesh import MeshPipeline, MeshShot
from pipelines.passes import RenderPass, pass_reader
from pipelines.restyle import Look, RestylePipeline, check_look, depth_given, structure_maker
from pipelines.settings import VideoFile
from pipelines.source import Source
from pipelines.types import Frames, Plan, Request


class RenderRequest(MeshShot, Look, Request):
    """A render pass or a 3D file, not both, and the look it should get."""

    mode: ClassVar[str] = "render"
    structure_blur: int = Field(0, ge=0, le=7, description="0 locks the geometry, 7 follows only its layout")
    video: VideoFile | None = Field(None, description="a video of an untextured 3D render")
    render_pass: RenderPass = Field("clay", description="what the video shows")
    invert_depth: bool = Field(False, description="near is dark in the depth pass, far is bright")
    start: float = Field(0.0, ge=0, le=36_000, description="seconds into the video to begin at")
    seconds: float | None = Field(
        None, gt=0, le=600, description="how much of the video to use; of a mesh, how long the camera moves"
    )


class Render(VideoPipeline[RenderRequest]):
    """Structure unblurred: only texture, light and material are new. Hands the request to the meaning it has."""

    mode = RenderRequest.mode
    title = "Render"
    summary = "An untextured 3D render or a 3D file becomes realistic; its geometry is locked."
    request_type = RenderRequest

    @classmethod
    def prepare(cls, request: RenderRequest, info: ModelInfo) -> RenderRequest:
        if (request.video is None) == (request.mesh is None):
            raise InputError("A render starts from a video or from a 3D file (mesh). Give one of the two.")
        if request.mesh and (request.start or request.invert_depth or request.render_pass != "clay"):
            raise InputError("start, render_pass and invert_depth are about a video; leave them out with a 3D file.")
        return (PassRender if request.video else MeshRender).prepare(request, info)

    def plan(self, request: RenderRequest) -> Plan:
        return (PassRender if request.video else MeshRender)(self.model).plan(request)


class PassRender(RestylePipeline):
    """A video that was rendered elsewhere, read as the pass it is."""

    mode = RenderRequest.mode
    title = Render.title

    @classmethod
    def check(cls, request: RenderRequest, info: ModelInfo) -> None:
        if request.invert_depth and request.render_pass != "depth":
            raise InputError(f"invert_depth is for a depth pass, and render_pass is {request.render_pass}. Drop one.")
        check_look(request, _followed(request), info)

    def structure(self, request: Any) -> Callable[[Frames], Frames]:
        read = pass_reader(Source.of(request), request.render_pass, request.invert_depth)
        followed = structure_maker(_followed(request), self.info)
        return lambda frames: followed(read(frames))

    def put_back(self, request: Any) -> tuple[Effect, ...]:
        return super().put_back(request) if request.render_pass == "clay" else ()


class MeshRender(MeshPipeline):
    """A 3D file, seen by a moving camera."""

    mode = RenderRequest.mode
    title = Render.title


def _followed(request: RenderRequest) -> Look:
    """How the pass is followed: of a depth pass, depth is there already."""
    return depth_given(request) if request.render_pass == "depth" else request
