"""Text to video: a prompt alone becomes a clip. Nothing is given, so everything is to be made.

Unless it goes on from another clip: then that one's last moments are given (continuing.py).
"""

from __future__ import annotations

from typing import ClassVar

from pipelines.continuing import ContinuingPipeline, ContinuingRequest
from pipelines.motion.moved import Moved, way_on
from pipelines.presets import Styled
from pipelines.types import Plan


class TextToVideoRequest(Moved, Styled, ContinuingRequest):
    """A prompt, and how the clip should come out."""

    mode: ClassVar[str] = "text-to-video"


class TextToVideo(ContinuingPipeline[TextToVideoRequest]):
    """The plainest mode: read this one first."""

    mode = TextToVideoRequest.mode
    title = "Text to video"
    summary = "A prompt alone becomes a clip."
    request_type = TextToVideoRequest
    needs_prompt = True

    def plan(self, request: TextToVideoRequest) -> Plan:
        return self.unroll(
            request, self.question(request, onward=way_on(request.camera, request.rate * request.pace, self.info))
        )
