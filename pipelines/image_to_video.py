"""Image to video: the picture alone is set in motion. Frame 0 is the picture."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from pipelines.base import VideoPipeline
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.image import image_aspect, image_frame
from pipelines.media.images import read_image
from pipelines.motion.brush import MAX_BRUSHES, MotionBrush, check_brushes, regions_of
from pipelines.motion.moved import Moved, way_on
from pipelines.motion.told import told_way
from pipelines.settings import ImageFile
from pipelines.types import Plan, Request


class ImageToVideoRequest(Moved, Request):
    """A picture to begin with; one to end with and a few words are welcome, not needed."""

    mode: ClassVar[str] = "image-to-video"

    image: ImageFile = Field(description="the picture that becomes frame 0")
    last_image: ImageFile | None = Field(None, description="a picture to end on")
    brushes: tuple[MotionBrush, ...] = Field(
        (), max_length=MAX_BRUSHES, description="what is painted over the picture, and how it moves"
    )


class ImageToVideo(VideoPipeline[ImageToVideoRequest]):
    """Its latents are known, so they are held in place while everything after them forms."""

    mode = ImageToVideoRequest.mode
    title = "Image to video"
    summary = "A picture is set in motion; frame 0 is the picture."
    request_type = ImageToVideoRequest

    @classmethod
    def aspect(cls, request: ImageToVideoRequest, info: ModelInfo) -> float:
        if request.finishing.aspect_ratio:
            return super().aspect(request, info)
        return image_aspect(request.image)

    @classmethod
    def check(cls, request: ImageToVideoRequest, info: ModelInfo) -> None:
        led = not request.camera.is_still or request.brushes or request.motion_amount is not None
        if request.last_image is not None and led:
            raise InputError(
                "last_image says where the clip ends; camera, brushes and motion_amount lead elsewhere. Leave it out, "
                "or leave those out."
            )
        for picture in (request.image, request.last_image):
            if picture is not None:
                read_image(Path(picture))
        check_brushes(request.brushes, Path(request.image))

    def plan(self, request: ImageToVideoRequest) -> Plan:
        first = image_frame(request.image, *request.size)
        last = image_frame(request.last_image, *request.size) if request.last_image else None
        regions = regions_of(request.brushes, *request.size)
        onward = way_on(request.camera, request.rate * request.pace, self.info, regions)
        if last is None:
            onward = onward or told_way(request.prompt, first, request.rate, self.info)
        return self.unroll(request, self.question(request, onward=onward).beginning_with(first[None]), last)
