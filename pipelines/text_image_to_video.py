"""Text and image to video: the picture's scene or subject, doing what the prompt says."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.image import image_aspect, image_frame
from pipelines.media.images import read_image
from pipelines.motion.moved import Moved, way_on
from pipelines.presets import Styled
from pipelines.types import ImageFile, Plan, Request


class TextImageToVideoRequest(Moved, Styled, Request):
    """A picture, a prompt, and what the picture is to the clip."""

    mode: ClassVar[str] = "text-image-to-video"

    image: ImageFile = Field(description="the picture to start from")
    image_role: Literal["first-frame", "reference"] = Field(
        "first-frame",
        description="the clip starts with this very picture, or shows its subject in a new scene",
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
        if request.finishing.aspect_ratio or request.image_role == "reference":
            return super().aspect(request, info)
        return image_aspect(request.image)

    @classmethod
    def check(cls, request: TextImageToVideoRequest, info: ModelInfo) -> None:
        read_image(Path(request.image))

    def plan(self, request: TextImageToVideoRequest) -> Plan:
        onward = way_on(request.camera, request.rate * request.pace, self.info)
        if request.image_role == "reference":
            picture = read_image(Path(request.image))
            return self.unroll(request, self.question(request, reference_images=(picture,), onward=onward))
        first = image_frame(request.image, *request.size)
        return self.unroll(request, self.question(request, onward=onward).beginning_with(first[None]))
