"""Text and image to video: the picture's scene or subject, doing what the prompt says."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.image import image_aspect, image_frame
from pipelines.media.images import read_image
from pipelines.motion.moved import Moved, way_on
from pipelines.motion.told import told_way
from pipelines.presets import Styled
from pipelines.references import MAX_REFERENCES, Reference, check_references, in_words, pictures_of
from pipelines.settings import ImageFile
from pipelines.types import Plan, Request


class TextImageToVideoRequest(Moved, Styled, Request):
    """A prompt and a picture, or pictures the prompt calls by name, or both."""

    mode: ClassVar[str] = "text-image-to-video"

    image: ImageFile | None = Field(None, description="the picture to start from; needed unless there are references")
    image_role: Literal["first-frame", "reference"] = Field(
        "first-frame",
        description="the clip starts with this very picture, or shows its subject in a new scene",
    )
    references: tuple[Reference, ...] = Field(
        (), max_length=MAX_REFERENCES, description="pictures of what the prompt calls by @name"
    )


class TextImageToVideo(VideoPipeline[TextImageToVideoRequest]):
    """The picture is either frame 0, held exactly, or a reference that frees the scene."""

    mode = TextImageToVideoRequest.mode
    title = "Text + image to video"
    summary = "An image's scene or subject does what the prompt says."
    request_type = TextImageToVideoRequest
    needs_prompt = True

    @classmethod
    def aspect(cls, request: TextImageToVideoRequest, info: ModelInfo) -> float:
        if request.finishing.aspect_ratio or request.image is None or request.image_role == "reference":
            return super().aspect(request, info)
        return image_aspect(request.image)

    @classmethod
    def check(cls, request: TextImageToVideoRequest, info: ModelInfo) -> None:
        if request.image is None and not request.references:
            raise InputError("The image is missing. Give the picture to start from, or references with a name.")
        if request.image is not None:
            read_image(Path(request.image))
            if request.image_role == "reference" and len(request.references) == MAX_REFERENCES:
                raise InputError(
                    f"The image is a reference beside {MAX_REFERENCES} others; {MAX_REFERENCES} in all are the most. "
                    "Leave one out, or make the image the first frame."
                )
        check_references(request.references, request.prompt)

    @classmethod
    def prompts(cls, request: TextImageToVideoRequest, info: ModelInfo) -> dict[str, str]:
        return super().prompts(_in_words(request), info)

    def plan(self, request: TextImageToVideoRequest) -> Plan:
        request = _in_words(request)
        onward = way_on(request.camera, request.rate * request.pace, self.info)
        shown = pictures_of(request.references)
        first = None
        if request.image is not None and request.image_role == "reference":
            shown = (read_image(Path(request.image)), *shown)
        elif request.image is not None:
            first = image_frame(request.image, *request.size)
            onward = onward or told_way(request.prompt, first, request.rate, self.info)
        asked = self.question(request, reference_images=shown, onward=onward)
        return self.unroll(request, asked if first is None else asked.beginning_with(first[None]))


def _in_words(request: TextImageToVideoRequest) -> TextImageToVideoRequest:
    """The request as the model reads it: no names, their words instead."""
    return request.model_copy(update={"prompt": in_words(request.prompt, request.references)})
