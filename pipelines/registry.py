"""The seven pipelines, in the order the page shows them. Everything that lists modes derives from this registry.

`SERVICES` is what the job desk can be asked: the modes, and finishing on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.base import VideoPipeline
from pipelines.finish import FinishRequest, FinishVideo
from pipelines.image_to_video import ImageToVideo
from pipelines.mask import MaskEdit
from pipelines.render import Render
from pipelines.storyboard import Storyboard
from pipelines.stylization import Stylization
from pipelines.text_image_to_video import TextImageToVideo
from pipelines.text_to_video import TextToVideo
from pipelines.types import Request

if TYPE_CHECKING:
    from pipelines.checkpoints import ModelInfo
    from pipelines.model import LatentVideoModel

PIPELINES: dict[str, type[VideoPipeline[Any]]] = {
    pipeline.mode: pipeline
    for pipeline in (
        TextToVideo,
        TextImageToVideo,
        ImageToVideo,
        Stylization,
        Storyboard,
        MaskEdit,
        Render,
    )
}

SERVICES: dict[str, type[VideoPipeline[Any]] | type[FinishVideo]] = {**PIPELINES, FinishVideo.mode: FinishVideo}

Order = Request | FinishRequest  # a request to the desk


def load_model(info: ModelInfo, device: str = "auto") -> LatentVideoModel:
    """Load the one resident model. Imports torch, so only a worker calls it. Raises ModelMissing."""
    from pipelines.model import LatentVideoModel

    return LatentVideoModel(info, device)
