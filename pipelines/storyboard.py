"""Storyboard: a mock-up video becomes a fully stylised render, or a board of panels becomes a film of shots.

Two meanings share the name. The mock-up's layout and camera are followed loosely, its silhouettes may change; of
the board, every panel is a shot of its own, and the shots are joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import LAST, finishing_chain, sound_of
from pipelines.image import image_frame
from pipelines.media.images import read_image
from pipelines.motion.camera import Camera
from pipelines.motion.moved import way_on
from pipelines.restyle import Look, RestylePipeline, stylist
from pipelines.types import Conditioning, Finishing, ImageFile, Joining, Plan, Prompt, Request, Settings, VideoFile

MAX_PANELS = 24


class Panel(Settings):
    """One shot: a picture it begins with, words, or both."""

    image: ImageFile | None = Field(None, description="the picture the shot begins with")
    prompt: Prompt = Field("", description="what happens in the shot")
    seconds: float = Field(2.0, gt=0, le=60, description="how long the shot is")
    camera: Camera = Camera()


class StoryboardRequest(Look, Request):
    """A mock-up video or panels, not both."""

    mode: ClassVar[str] = "storyboard"
    video: VideoFile | None = Field(None, description="a video of a mock-up: boxes, cut-outs, toys")
    start: float = Field(0.0, ge=0, le=36_000, description="seconds into the mock-up to begin at")
    seconds: float | None = Field(None, gt=0, le=600, description="how much of the mock-up to use")
    structure_blur: int = Field(4, ge=0, le=7, description="0 is glued to the mock-up, 7 follows only its layout")
    panels: tuple[Panel, ...] = Field((), max_length=MAX_PANELS, description="the shots of the board, in order")
    transition: float = Field(0.0, ge=0, le=2, description="seconds of cross-fade between shots; 0 cuts")


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

    def plan(self, request: StoryboardRequest) -> Plan:
        return (Mockup if request.video else Board)(self.model).plan(request)


class Mockup(RestylePipeline):
    """The mock-up's structure, blurred enough to become something else."""

    mode = StoryboardRequest.mode
    title = "Storyboard"


class Board(VideoPipeline[StoryboardRequest]):
    """Every panel is one question of its own; its picture is redrawn in the board's style first."""

    mode = StoryboardRequest.mode
    title = "Storyboard"

    @classmethod
    def check(cls, request: StoryboardRequest, info: ModelInfo) -> None:
        longest = info.num_frames / (request.frame_rate or info.frame_rate)
        for number, panel in enumerate(request.panels, 1):
            if not panel.prompt.strip() and panel.image is None:
                raise InputError(f"Panel {number} is empty. Give it a picture, words or both, or remove it.")
            if panel.seconds > longest + 0.05:
                raise InputError(
                    f"Panel {number} lasts {panel.seconds:g} s; {info.title} makes shots of up to {longest:.1f} s. "
                    "Shorten it, or split it into two panels."
                )
            if panel.image is not None:
                read_image(Path(panel.image))
        if request.style_image is not None:
            read_image(Path(request.style_image))

    @classmethod
    def seconds(cls, request: StoryboardRequest) -> float:
        return sum(panel.seconds for panel in request.panels)

    def plan(self, request: StoryboardRequest) -> Plan:
        rate = request.rate
        shots = Finishing(**request.finishing.model_dump(exclude=LAST))
        film = Finishing(**request.finishing.model_dump(include=LAST))
        return Plan(
            conditionings=self._shots(request, rate),
            count=len(request.panels),
            num_frames=sum(self._length(panel, rate) for panel in request.panels),
            frame_rate=rate,
            finishing=finishing_chain(shots, *request.size, rate),
            sound=sound_of(request.finishing),
            joining=Joining(
                request.transition, finishing_chain(film, *request.size, Fraction(shots.frame_rate or rate))
            ),
        )

    def _shots(self, request: StoryboardRequest, rate: Fraction) -> Iterator[Conditioning]:
        style = stylist(request)
        references = (read_image(Path(request.style_image)),) if request.style_image else ()
        for panel in request.panels:
            words = ", ".join(part for part in (panel.prompt.strip(), request.prompt.strip()) if part)
            shot = self.question(
                request.model_copy(update={"prompt": words}),
                num_frames=self._length(panel, rate),
                reference_images=references,
                onward=way_on(panel.camera, rate, self.info),
            )
            if panel.image is not None:
                picture = image_frame(panel.image, shot.width, shot.height)[None]
                shot = shot.beginning_with(picture if style is None else style(picture))
            yield shot

    def _length(self, panel: Panel, rate: Fraction) -> int:
        """Frames of a shot: the number the model can make that is nearest to the seconds asked for."""
        return min(self.info.num_frames, self.info.frames_lasting(panel.seconds, float(rate)))
