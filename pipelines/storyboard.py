"""Storyboard: a mock-up video becomes a fully stylised render, or a board of panels becomes a film of shots.

Two meanings share the name. The mock-up's layout and camera are followed loosely, its silhouettes may change; of
the board, every panel is a shot of its own, and the shots are joined (board.py).
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.board import Board, BoardRequest
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.restyle import RestylePipeline
from pipelines.settings import VideoFile
from pipelines.types import Plan


class StoryboardRequest(BoardRequest):
    """A mock-up video or panels, not both."""

    mode: ClassVar[str] = "storyboard"
    video: VideoFile | None = Field(None, description="a video of a mock-up: boxes, cut-outs, toys")
    start: float = Field(0.0, ge=0, le=36_000, description="seconds into the mock-up to begin at")
    seconds: float | None = Field(None, gt=0, le=600, description="how much of the mock-up to use")
    structure_blur: int = Field(4, ge=0, le=7, description="0 is glued to the mock-up, 7 follows only its layout")


class Storyboard(VideoPipeline[StoryboardRequest]):
    """Hands the request to the meaning it has."""

    mode = StoryboardRequest.mode
    title = "Storyboard"
    summary = "A mock-up or a board of panels becomes a fully stylised render."
    request_type = StoryboardRequest

    @classmethod
    def prepare(cls, request: StoryboardRequest, info: ModelInfo) -> StoryboardRequest:
        if (request.video is None) == (not request.panels):
            raise InputError("A storyboard starts from a mock-up video or from panels. Give one of the two.")
        return (Mockup if request.video else Board).prepare(request, info)

    @classmethod
    def prompts(cls, request: StoryboardRequest, info: ModelInfo) -> dict[str, str]:
        return (Mockup if request.video else Board).prompts(request, info)

    def plan(self, request: StoryboardRequest) -> Plan:
        if request.video:
            return Mockup(self.model).plan(request)
        board: Board[StoryboardRequest] = Board(self.model)
        return board.plan(request)


class Mockup(RestylePipeline):
    """The mock-up's structure, blurred enough to become something else."""

    mode = StoryboardRequest.mode
    title = "Storyboard"
