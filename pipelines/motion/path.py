"""The way on from a picture: the frames after it as far as it shows them, and what of them is left to the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from pipelines.motion.brush import Region
from pipelines.motion.camera import Camera
from pipelines.motion.layout import nearness
from pipelines.motion.warp import Floats, View, moved, seen_through, with_unseen_grey
from pipelines.types import NOTHING, Frame, Frames, Mask


@dataclass(frozen=True)
class Motion:
    """What moves from frame to frame.

    rate         frames per second, on the clip's own clock
    models_dir   where a depth network may lie
    regions      what moves by itself, as it lies in the picture it all begins with
    start        seconds of the motion that lie behind when it is asked to go on from a picture
    strength     0..1; how much of the way from noise the moved frames are denoised; 1: all of it, whatever they show
    """

    camera: Camera
    rate: Fraction
    models_dir: Path
    regions: tuple[Region, ...] = ()
    start: float = 0.0
    strength: float = 1.0

    def after(self, picture: Frame, count: int) -> tuple[Frames, Mask]:
        """The `count` frames that follow the picture (H, W, 3): (count, H, W, 3) uint8 grey where it does not show what
        is there, and the mask of that, (count, H, W) uint8, 255 = to be made."""
        height, width = picture.shape[:2]
        travels = any(self.camera.shift(width, height, 0, 1))
        near = nearness(picture, self.models_dir) if travels else np.zeros((height, width), np.float32)
        regions = self.regions
        if self.start:
            now = self._view(near, regions, 0.0, self.start)
            regions = tuple(region.carried(now) for region in regions)
        frames, mask = np.empty((count, height, width, 3), np.uint8), np.empty((count, height, width), np.uint8)
        for index in range(count):
            view = self._view(near, regions, self.start, self.start + float((index + 1) / self.rate))
            frames[index], mask[index] = with_unseen_grey(view, picture, NOTHING)
        return frames, mask

    @staticmethod
    def patched(frames: Frames, mask: Mask) -> Frames:
        """Frames (F, H, W, 3) to start from, their gaps, (F, H, W) above 0, grown over from around them (Telea 2004):
        grey would stay grey where little of the way from noise is gone."""
        around = np.ones((3, 3), np.uint8)  # pixels at the rim of a gap are partly grey
        return np.stack(
            [
                cv2.inpaint(frame, cv2.dilate(gap, around), 3, cv2.INPAINT_TELEA) if gap.any() else frame
                for frame, gap in zip(frames, mask, strict=True)
            ]
        )  # fmt: skip

    def later(self, frames: int) -> Motion:
        """The same motion that many frames on."""
        return replace(self, start=self.start + float(frames / self.rate))

    def _view(self, near: Floats, regions: tuple[Region, ...], since: float, until: float) -> View:
        """What is seen at `until` of a picture taken at `since`. What is painted passes in front of what is not."""
        height, width = near.shape
        turned = self.camera.turned(width, height, since, until)
        way = np.array(self.camera.shift(width, height, since, until), np.float32)
        if not (way.any() or regions):
            return seen_through(turned, width, height)
        shift, order = near[..., None] * way, near
        for number, region in enumerate(regions, 1):
            larger = np.float32(self.camera.magnification(since))
            shift = shift + larger * region.share[..., None] * region.shift(since, until)
            order = np.where(region.share > 0.5, 1 + number, order)
        return moved(shift, order.astype(np.float32), turned)
