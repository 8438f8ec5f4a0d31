"""A board of panels: every panel becomes a shot of its own, and the shots are joined into one film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import LAST, finishing_chain, sound_of
from pipelines.image import image_frame
from pipelines.media.images import read_image
from pipelines.motion.camera import Camera
from pipelines.motion.moved import way_on
from pipelines.motion.told import told_way
from pipelines.presets import styled_prompt
from pipelines.restyle import Look, stylist
from pipelines.settings import Finishing, ImageFile, Settings
from pipelines.types import Conditioning, Joining, Plan, Prompt, Request

MAX_PANELS = 24
FIRST = 0  # the shot whose subject the others keep, where no picture shows it


class Panel(Settings):
    """One shot: a picture it begins with, words, or both."""

    image: ImageFile | None = Field(None, description="the picture the shot begins with")
    prompt: Prompt = Field("", description="what happens in the shot")
    seconds: float = Field(2.0, gt=0, le=60, description="how long the shot is")
    camera: Camera = Camera()
    take: int = Field(1, ge=1, le=9999, description="which try of the shot: another number, another shot")


class BoardRequest(Look, Request):
    """The panels, and how they become one film."""

    mode: ClassVar[str] = "storyboard"
    panels: tuple[Panel, ...] = Field((), max_length=MAX_PANELS, description="the shots of the board, in order")
    transition: float = Field(0.0, ge=0, le=2, description="seconds of cross-fade between shots; 0 cuts")
    keep_subject: bool = Field(False, description="every shot shows the subject of the first, or of subject_image")
    subject_image: ImageFile | None = Field(
        None, description="a picture of the subject that keep_subject keeps, best on a plain ground"
    )


B = TypeVar("B", bound=BoardRequest)


class Board(VideoPipeline[B]):
    """Every panel is one question of its own; its picture is redrawn in the board's style first."""

    mode = BoardRequest.mode
    title = "Storyboard"

    @classmethod
    def check(cls, request: B, info: ModelInfo) -> None:
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
        if request.subject_image is not None and not request.keep_subject:
            raise InputError("subject_image shows a subject that nothing keeps. Set keep_subject, or leave it out.")
        for picture in (request.style_image, request.subject_image):
            if picture is not None:
                read_image(Path(picture))

    @classmethod
    def prompts(cls, request: B, info: ModelInfo) -> dict[str, str]:
        shots = (_spoken(request, panel) for panel in request.panels)
        said = {f"panels.{index}.prompt": styled_prompt(shot, info) for index, shot in enumerate(shots)}
        return said | {"negative_prompt": request.negative_prompt}

    @classmethod
    def seconds(cls, request: B) -> float:
        return sum(panel.seconds for panel in request.panels)

    def plan(self, request: B) -> Plan:
        rate = request.rate
        shots = Finishing(**request.finishing.model_dump(exclude=LAST))
        film = Finishing(**request.finishing.model_dump(include=LAST))
        return Plan(
            conditionings=self._shots(request, rate),
            count=len(request.panels),
            num_frames=sum(self.shot_length(panel, rate, self.info) for panel in request.panels),
            frame_rate=rate,
            finishing=finishing_chain(shots, *request.size, rate),
            sound=sound_of(request.finishing),
            joining=Joining(
                request.transition,
                finishing_chain(film, *request.size, Fraction(shots.frame_rate or rate)),
                subjects=frozenset({FIRST} if _follows_first(request) else ()),
            ),
        )

    def _shots(self, request: B, rate: Fraction) -> Iterator[Conditioning]:
        style = stylist(request)
        given = (request.subject_image, request.style_image)
        references = tuple(read_image(Path(picture)) for picture in given if picture is not None)
        for index, panel in enumerate(request.panels):
            spoken = _spoken(request, panel)
            shot = self.question(
                spoken,
                num_frames=self.shot_length(panel, rate, self.info),
                reference_images=references,
                onward=way_on(panel.camera, rate, self.info),
                subject_of=FIRST if index > FIRST and _follows_first(request) else None,
                take=panel.take,
            )
            if panel.image is not None:
                picture = image_frame(panel.image, shot.width, shot.height)[None]
                onward = shot.onward or told_way(spoken.prompt, picture[0], rate, self.info)
                shot = replace(shot, onward=onward).beginning_with(picture if style is None else style(picture))
            yield shot

    @staticmethod
    def shot_length(panel: Panel, rate: Fraction, info: ModelInfo) -> int:
        """Frames of a shot: the number the model can make that is nearest to the seconds asked for."""
        return min(info.num_frames, info.frames_lasting(panel.seconds, float(rate)))


def another_take(request: B, number: int, words: str | None = None) -> B:
    """The same board with one more take of shot `number`, counted from 1, and other words for it where given.

    Raises InputError where there is no such shot.
    """
    if not 1 <= number <= len(request.panels):
        raise InputError(f"There is no shot {number}; this board has {len(request.panels)}. Count from 1.")
    panels = list(request.panels)
    panel = panels[number - 1]
    changes = {"take": panel.take + 1} if words is None else {"take": panel.take + 1, "prompt": words}
    panels[number - 1] = Panel.model_validate(panel.model_dump() | changes)
    return request.model_copy(update={"panels": tuple(panels)})


def _follows_first(request: BoardRequest) -> bool:
    """Whether later shots take their subject from the first."""
    return request.keep_subject and request.subject_image is None


def shot_prompt(panel: str, board: str) -> str:
    """The words of a shot: its own, then those of the whole board."""
    return ", ".join(part for part in (panel.strip(), board.strip()) if part)


def _spoken(request: B, panel: Panel) -> B:
    """The request with the words of one shot."""
    return request.model_copy(update={"prompt": shot_prompt(panel.prompt, request.prompt)})
