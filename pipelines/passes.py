"""Render passes other than clay: a depth pass read on one scale for its whole length, a normal pass lit as clay."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.scene.rendering import AMBIENT, BACKGROUND, KEY, LAMP
from pipelines.source import Source
from pipelines.types import Frames

RenderPass = Literal["clay", "depth", "normal"]
PassReader = Callable[[Frames], Frames]

TAILS = (0.5, 99.5)  # percentiles of a depth pass that become black and white
LOOKED_AT, LOOK_SIDE = 48, 128  # frames of it that are measured, and their longer side
LENGTH = (0.6, 1.3)  # of a vector that is a normal; anything else was nothing to the renderer


def pass_reader(source: Source, render_pass: RenderPass, invert_depth: bool) -> PassReader:
    """What turns frames of a pass into frames a structure is made of. Measures a depth pass first. Raises MediaError.

    clay     as they are
    depth    (F, H, W, 3) grey, near bright; the darkest and brightest of the whole clip become black and white
    normal   (F, H, W, 3) grey: shaded as clay is, by the lamp a 3D file gets
    """
    if render_pass == "clay":
        return lambda frames: frames
    if render_pass == "normal":
        return shaded
    levels = depth_levels(source, invert_depth)
    return lambda frames: np.stack([_grey_frame(cv2.LUT(_grey(frame), levels)) for frame in frames])


def depth_levels(source: Source, invert: bool) -> NDArray[np.uint8]:
    """(256,) uint8: what each grey level of a depth pass becomes."""
    scale = LOOK_SIDE / max(source.info.width, source.info.height)
    size = max(16, round(source.info.width * scale)), max(16, round(source.info.height * scale))
    rate = min(source.info.frame_rate, Fraction(LOOKED_AT / source.seconds).limit_denominator(1001))
    seen = [_grey(frame) for chunk in source.read(size, max(rate, Fraction(1, 4))).chunks for frame in chunk]
    low, high = np.percentile(np.stack(seen), TAILS)
    scaled = np.clip((np.arange(256) - low) / max(1.0, high - low), 0, 1)
    return np.rint(255 * (1 - scaled if invert else scaled)).astype(np.uint8)


def shaded(frames: Frames) -> Frames:
    """A normal pass, red to the right, green up and blue towards the camera, under the lamp of a clay pass."""
    normals = frames.astype(np.float32) / 127.5 - 1
    length = np.linalg.norm(normals, axis=-1)
    lamp = np.array(LAMP, np.float32) / np.linalg.norm(LAMP)
    facing = (normals @ lamp) / np.maximum(length, 1e-6)
    sky = 0.75 + 0.25 * normals[..., 1] / np.maximum(length, 1e-6)
    grey = AMBIENT * sky + KEY * np.clip((facing + 0.35) / 1.35, 0, 1)
    grey = np.where((length > LENGTH[0]) & (length < LENGTH[1]), grey, BACKGROUND)
    return _grey_frame(np.clip(np.rint(grey), 0, 255).astype(np.uint8))


def _grey(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)


def _grey_frame(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(np.asarray(plane, np.uint8)[..., None], 3, axis=-1)
