"""Modes that may start from a 3D file: its clay or its exact depth, seen by a moving camera, is what is restyled.

There is no source video: the clip has the model's size and rate, and lasts as long as the camera moves.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from pydantic import Field

from pipelines.base import LONGEST_SECONDS, VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import finishing_chain, sound_of
from pipelines.restyle import check_look, depth_given, restyled, structure_maker, with_spoken_style
from pipelines.scene.camera import CameraMove, Move
from pipelines.scene.loading import UpAxis, load_mesh
from pipelines.scene.rendering import open_scene
from pipelines.settings import MeshFile, Settings
from pipelines.types import Plan
from pipelines.windows import Windows


class MeshShot(Settings):
    """The fields a request needs to have a camera move around a mesh."""

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


class MeshPipeline(VideoPipeline[Any]):
    """A mesh is rendered window by window, as the model takes it. `request.seconds`: how long the camera moves."""

    @classmethod
    def prepare(cls, request: Any, info: ModelInfo) -> Any:
        rate = request.frame_rate or info.frame_rate
        seconds = request.seconds or (request.num_frames or info.num_frames) / rate
        if seconds > LONGEST_SECONDS:
            raise InputError(f"seconds is {seconds:g}; with a 3D file {LONGEST_SECONDS} are the most. Choose fewer.")
        step = info.temporal_factor
        whole = max(1, ceil((round(seconds * rate) - 1) / step) * step + 1)
        window = min(request.num_frames or whole, whole, info.num_frames)
        return super().prepare(request.model_copy(update={"seconds": seconds, "num_frames": window}), info)

    @classmethod
    def check(cls, request: Any, info: ModelInfo) -> None:
        check_look(request, depth_given(request), info)
        load_mesh(request.mesh, request.up_axis)

    @classmethod
    def seconds(cls, request: Any) -> float:
        return float(request.seconds)

    def plan(self, request: Any) -> Plan:
        total = max(1, round(request.seconds * request.rate))
        windows = Windows(total, request.length, self.overlap)
        scene = open_scene(request.mesh, request.up_axis)
        draw = scene.depth if request.structure == "depth" else scene.clay
        width, height = request.size
        drawn = draw(request.camera, total, (width, height))
        question = restyled(
            self, with_spoken_style(request, self.info), structure_maker(depth_given(request), self.info)
        )
        return Plan(
            conditionings=(question(*window) for window in windows.cut(drawn, self.info.temporal_factor)),
            count=windows.count,
            num_frames=total,
            frame_rate=request.rate,
            overlap=self.overlap,
            finishing=finishing_chain(request.finishing, width, height, request.rate),
            sound=sound_of(request.finishing),
        )
