"""Render: an untextured 3D render, or a 3D file, becomes a textured, lit clip. Its geometry is locked.

A video is a pass somebody rendered: clay, depth or normals. A 3D file is rendered here first, by a camera that moves
around it, as clay or as exact depth; the clip is then the model's own size and rate.
"""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

from pydantic import Field

from pipelines.base import LONGEST_SECONDS, VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import finishing_chain, sound_of
from pipelines.passes import RenderPass, pass_reader
from pipelines.restyle import Look, RestylePipeline, check_look, restyled, structure_maker
from pipelines.scene.camera import CameraMove, Move
from pipelines.scene.loading import UpAxis, load_mesh
from pipelines.scene.rendering import open_scene
from pipelines.source import Source
from pipelines.types import MeshFile, Plan, Request, VideoFile
from pipelines.windows import Windows


class RenderRequest(Look, Request):
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
    mesh: MeshFile | None = Field(None, description="a 3D file to be rendered: GLB, OBJ, STL or PLY")
    up_axis: UpAxis | None = Field(None, description="which way is up in the mesh; as its kind has it if left out")
    camera_move: Move = Field("orbit", description="how the camera moves around the mesh")
    camera_azimuth: float = Field(30.0, ge=-180, le=180, description="degrees to the right of the front it begins at")
    camera_elevation: float = Field(15.0, ge=0, le=80, description="degrees above the ground it begins at")
    camera_amount: float = Field(
        0.25, ge=-2, le=2, description="turns of an orbit, halvings of the distance, or heights of the picture to rise"
    )

    @property
    def camera(self) -> CameraMove:
        """How the camera moves around the mesh."""
        return CameraMove(self.camera_move, self.camera_azimuth, self.camera_elevation, self.camera_amount)


class Render(VideoPipeline[RenderRequest]):
    """Structure unblurred: only texture, light and material are new."""

    mode = RenderRequest.mode
    title = "Render"
    summary = "An untextured 3D render or a 3D file becomes realistic; its geometry is locked."
    request_type = RenderRequest

    @classmethod
    def prepare(cls, request: RenderRequest, info: ModelInfo) -> RenderRequest:
        if (request.video is None) == (request.mesh is None):
            raise InputError("A render starts from a video or from a 3D file (mesh). Give one of the two.")
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
        check_look(request, _estimated(request), info)

    def plan(self, request: Any) -> Plan:
        read = pass_reader(Source.of(request), request.render_pass, request.invert_depth)
        structure = structure_maker(_estimated(request), self.info)

        return self.follow(request, restyled(self, request, lambda frames: structure(read(frames))))


class MeshRender(VideoPipeline[RenderRequest]):
    """A 3D file, rendered window by window as the model takes it."""

    mode = RenderRequest.mode
    title = Render.title

    @classmethod
    def prepare(cls, request: RenderRequest, info: ModelInfo) -> RenderRequest:
        if request.start or request.invert_depth or request.render_pass != "clay":
            raise InputError("start, render_pass and invert_depth are about a video; leave them out with a 3D file.")
        rate = request.frame_rate or info.frame_rate
        seconds = request.seconds or (request.num_frames or info.num_frames) / rate
        if seconds > LONGEST_SECONDS:
            raise InputError(f"seconds is {seconds:g}; with a 3D file {LONGEST_SECONDS} are the most. Choose fewer.")
        step = info.temporal_factor
        whole = max(1, ceil((round(seconds * rate) - 1) / step) * step + 1)
        window = min(request.num_frames or whole, whole, info.num_frames)
        return super().prepare(request.model_copy(update={"seconds": seconds, "num_frames": window}), info)

    @classmethod
    def check(cls, request: RenderRequest, info: ModelInfo) -> None:
        check_look(request, _estimated(request), info)
        load_mesh(str(request.mesh), request.up_axis)

    @classmethod
    def seconds(cls, request: RenderRequest) -> float:
        return float(request.seconds or 0.0)

    def plan(self, request: RenderRequest) -> Plan:
        total = max(1, round(self.seconds(request) * request.rate))
        windows = Windows(total, request.length, self.overlap)
        scene = open_scene(str(request.mesh), request.up_axis)
        seen = (scene.depth if request.structure == "depth" else scene.clay)(request.camera, total, request.size)
        question = restyled(self, request, structure_maker(_estimated(request), self.info))
        return Plan(
            conditionings=(question(*window) for window in windows.cut(seen, self.info.temporal_factor)),
            count=windows.count,
            num_frames=total,
            frame_rate=request.rate,
            overlap=self.overlap,
            finishing=finishing_chain(request.finishing, *request.size, request.rate),
            sound=sound_of(request.finishing),
        )


def _estimated(request: RenderRequest) -> RenderRequest:
    """The request as the maker of structure is to see it: depth that is there already needs no network."""
    there = request.mesh is not None or request.render_pass == "depth"
    return request.model_copy(update={"structure": "grey"}) if there and request.structure == "depth" else request
