"""What the modes that set a picture in motion ask of a request, and the way on that they read from it."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field

from pipelines.checkpoints import ModelInfo
from pipelines.motion.brush import Region
from pipelines.motion.camera import Camera
from pipelines.motion.path import Motion
from pipelines.settings import Settings


class Moved(Settings):
    """The fields that say how the picture moves."""

    camera: Camera = Camera()
    motion_amount: float | None = Field(
        None, ge=1, le=10, description="how much moves: 5 is the model's own, 10 twice as fast, 1 a fifth"
    )

    @property
    def pace(self) -> Fraction:
        """How fast the model's time runs in the clip.

        It is asked for the very frames it would make anyway, and for more of them past 5; they are shown slower or
        faster at the clip's own rate, with frames put between them or left out. So every pixel's way from frame to
        frame grows with the amount whatever the checkpoint makes of a prompt, and the same seed stays the same clip.
        A camera move is not bent with it. Past 5 it costs as many times the work.
        """
        return Fraction(1 if self.motion_amount is None else self.motion_amount / 5).limit_denominator(1000)


def way_on(camera: Camera, rate: Fraction, info: ModelInfo, regions: tuple[Region, ...] = ()) -> Motion | None:
    """How frames, `rate` a second of the clip, follow from the one they begin with; None: that is left to the model."""
    if camera.is_still and not regions:
        return None
    return Motion(camera, rate, info.models_dir, regions, strength=info.moved_strength)
