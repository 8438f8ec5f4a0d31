"""What stylization, storyboard and render share: the source's structure is kept, its look is made anew.

Words alone leave the look to the model. Where a style is given, small networks redraw the source's frames in it: the
first is held as the clip's first frame and shown as a reference, and all are what denoising starts from, so that
the model need only make one moving picture of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.depth import find_depth_model
from pipelines.errors import InputError
from pipelines.finishing.effect import Effect
from pipelines.finishing.strokes import Strokes
from pipelines.media.images import read_image
from pipelines.presets import PRESETS, Styled, style_named
from pipelines.settings import ImageFile
from pipelines.source import Source, SourcePipeline
from pipelines.structure import StructureMaker
from pipelines.style import Stylist
from pipelines.types import Conditioning, Frame, Frames, Plan, Request

Structure = Literal["grey", "edges", "depth"]

# By structure_blur: how much more of redrawn frames is made anew than must be, in sevenths; and how much of their fine
# strokes is laid over what a model made that is too small to draw them.
LOOSENESS = (0, 1, 1, 2, 3, 4, 5, 6)
STROKES = (1.0, 1.0, 1.0, 0.7, 0.4, 0.0, 0.0, 0.0)


class Look(Styled):
    """The fields a request needs to say what to keep of the source and what it should look like."""

    style_image: ImageFile | None = Field(None, description="a picture whose look is taken")
    style_weight: float = Field(
        1.0, ge=0, le=1, description="how far the look goes from the source's own (0) to the style's (1)"
    )
    structure: Structure = Field("grey", description="what of the source's form is kept")
    structure_blur: int = Field(1, ge=0, le=7, description="0 is glued to the source, 7 follows only its layout")
    conditioning_scale: float = Field(1.0, ge=0, le=2, description="how strongly structure and style steer")


def check_look(request: Request, look: Look, info: ModelInfo) -> None:
    """Raise InputError unless there is a look to make, ModelMissing if its structure needs a network not on disk."""
    if not request.prompt.strip() and look.style_image is None and look.style is None:
        raise InputError(
            "There is neither a prompt nor a style image nor a named style. Give one of them: it decides the new look."
        )
    if look.style_image is not None and look.style is not None:
        raise InputError(
            f"style is {look.style} and there is a style image, too; only one of them can be the look. "
            "Choose no preset, or remove the style image."
        )
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


def with_spoken_style(request: Any, info: ModelInfo) -> Any:
    """The request with the style that its words name, for a model that knows few words and cannot paint by them."""
    if request.style or request.style_image or not info.knows:
        return request
    named = style_named(request.prompt)
    return request.model_copy(update={"style": named[0]}) if named else request


def start_strength(structure_blur: int, least: float) -> float:
    """Part of the steps that are denoised when they start from redrawn frames: the looser, the more is made anew."""
    return least + (1 - least) * LOOSENESS[structure_blur] / 7


def strokes(request: Any, info: ModelInfo) -> tuple[Effect, ...]:
    """The strokes of its style at the source's own size, for a model that is too small to draw them; else nothing."""
    style, share = stylist(request), STROKES[request.structure_blur]
    if style is None or not share or not info.knows:
        return ()
    source = Source.of(request)
    return (Strokes(style, partial(source.read, rate=request.rate), request.size[0] / source.info.width, share),)


def stylist(look: Look) -> Stylist | None:
    """What redraws frames in the style asked for; None where only words say what the look is."""
    if look.style is not None:
        return Stylist(PRESETS[look.style].learned, look.style_weight)
    return Stylist(read_image(Path(look.style_image)), look.style_weight) if look.style_image else None


class RestylePipeline(SourcePipeline):
    """Every window's structure is the control video; the look comes from the prompt or from redrawn frames."""

    @classmethod
    def check(cls, request: Any, info: ModelInfo) -> None:
        check_look(request, request, info)

    def plan(self, request: Any) -> Plan:
        request = with_spoken_style(request, self.info)
        condition = restyled(self, request, self.structure(request))
        return self.follow(request, condition, self.put_back(request))

    def structure(self, request: Any) -> Callable[[Frames], Frames]:
        """What turns windows of the source into structure."""
        return structure_maker(request, self.info)

    def put_back(self, request: Any) -> tuple[Effect, ...]:
        """What is laid over the made frames at the source's own size and rate."""
        return strokes(request, self.info)


def restyled(
    pipeline: VideoPipeline[Any], request: Any, structure: Callable[[Frames], Frames]
) -> Callable[[int, Frames], Conditioning]:
    """What turns each window of a source into a question: its structure as control, its look from words and style."""
    style = stylist(request)
    key_frame: Frame | None = None

    def condition(start: int, frames: Frames) -> Conditioning:
        nonlocal key_frame
        question = pipeline.question(
            request,
            num_frames=len(frames),
            video=structure(frames),
            conditioning_scale=request.conditioning_scale,
        )
        if style is None:
            return question
        drawn = style(frames)
        key_frame = drawn[0] if key_frame is None else key_frame
        led = replace(
            question,
            reference_images=(key_frame,),
            start_from=drawn,
            strength=start_strength(request.structure_blur, pipeline.info.redrawn_strength),
        )
        return led.beginning_with(drawn[:1]) if start == 0 else led

    return condition
