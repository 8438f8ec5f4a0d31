"""What stylization, storyboard and render share: the source's structure is kept, its look is made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.depth import find_depth_model
from pipelines.errors import InputError
from pipelines.media.images import read_image
from pipelines.source import SourcePipeline
from pipelines.structure import StructureMaker
from pipelines.types import Conditioning, Frame, Frames, ImageFile, Plan, Request, Settings

Structure = Literal["grey", "edges", "depth"]


class Look(Settings):
    """The fields a request needs to say what to keep of the source and what it should look like."""

    style_image: ImageFile | None = Field(None, description="a picture whose look is taken")
    structure: Structure = Field("grey", description="what of the source's form is kept")
    structure_blur: int = Field(1, ge=0, le=7, description="0 is glued to the source, 7 follows only its layout")
    conditioning_scale: float = Field(1.0, ge=0, le=2, description="how strongly structure and style steer")


def check_look(request: Request, look: Look, info: ModelInfo) -> None:
    """Raise InputError unless there is a look to make, ModelMissing if its structure needs a network not on disk."""
    if not request.prompt.strip() and look.style_image is None:
        raise InputError("There is neither a prompt nor a style image. Give one of them: it decides the new look.")
    structure_maker(look, info)
    if look.style_image is not None:
        read_image(Path(look.style_image))


def structure_maker(look: Look, info: ModelInfo) -> StructureMaker:
    """What turns windows of the source into structure."""
    depth = find_depth_model(info.models_dir) if look.structure == "depth" else None
    return StructureMaker(look.structure, look.structure_blur, depth)


def depth_given(look: Look) -> Look:
    """The look as a maker of structure is to see it where the frames are depth already: it needs no network."""
    return look.model_copy(update={"structure": "grey"}) if look.structure == "depth" else look


def style_references(look: Look) -> tuple[Frame, ...]:
    """The style image as a reference, if there is one."""
    return (read_image(Path(look.style_image)),) if look.style_image else ()


class RestylePipeline(SourcePipeline):
    """Every window's structure is the control video; the look comes from the prompt and the reference."""

    @classmethod
    def check(cls, request: Any, info: ModelInfo) -> None:
        check_look(request, request, info)

    def plan(self, request: Any) -> Plan:
        return self.follow(request, restyled(self, request, structure_maker(request, self.info)))


def restyled(
    pipeline: VideoPipeline[Any], request: Any, structure: Callable[[Frames], Frames]
) -> Callable[[int, Frames], Conditioning]:
    """What turns each window of a source into a question: its structure as control, its look from words and image."""
    references = style_references(request)

    def condition(_start: int, frames: Frames) -> Conditioning:
        return pipeline.question(
            request,
            num_frames=len(frames),
            video=structure(frames),
            reference_images=references,
            conditioning_scale=request.conditioning_scale,
        )

    return condition
