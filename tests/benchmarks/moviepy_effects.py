"""The same effects as a moviepy user writes them: one function per frame, given to `transform` or the library's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from moviepy import CompositeVideoClip, VideoClip, vfx

from pipelines.types import Frame, Frames, Mask


def clip_of(frames: Frames, rate: float) -> VideoClip:
    """Frames in memory as a clip."""
    last = len(frames) - 1
    return VideoClip(lambda time: frames[min(last, int(time * rate + 0.5))], duration=len(frames) / rate)


def run(clip: VideoClip, rate: float) -> int:
    """Make every frame; how many there were."""
    return sum(1 for _ in clip.iter_frames(fps=rate))


def coloured(clip: VideoClip, change: np.ndarray) -> VideoClip:
    """A 3x4 colour map on every frame, in floating point as moviepy's own colour effects are."""

    def apply(frame: Frame) -> Frame:
        return np.clip(1.0 * frame @ change[:, :3].T + change[:, 3], 0, 255).astype("uint8")

    return clip.image_transform(apply)


def interpolated(clip: VideoClip, rate: float) -> VideoClip:
    """Frames in between by optical flow in both directions, on the same settings, occlusions weighed alike."""
    final = round(clip.duration * rate) - 1

    def apply(get_frame: Callable[[float], Frame], time: float) -> Frame:
        index, part = divmod(time * rate + 1e-6, 1)
        first, second = get_frame(min(index, final) / rate), get_frame(min(index + 1, final) / rate)
        return _between(first, second, part)

    return clip.transform(apply)


def _between(first: Frame, second: Frame, part: float) -> Frame:
    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    there, back = search.calc(greys[0], greys[1], None), search.calc(greys[1], greys[0], None)
    height, width = greys[0].shape
    grid = np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)

    def moved(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
        return cv2.remap(
            image, (grid + flow).astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    lost = np.clip((np.linalg.norm(there + moved(back, there), axis=2) - 0.5) / 2, 0, 1)
    new = np.clip((np.linalg.norm(back + moved(there, back), axis=2) - 0.5) / 2, 0, 1)
    rest = 1 - part
    to_first = -rest * part * there + part * part * back
    to_second = rest * rest * there - part * rest * back
    one = rest * (1 + 3 * moved(lost.astype(np.float32), to_first))[..., None]
    other = part * (1 + 3 * moved(new.astype(np.float32), to_second))[..., None]
    mixed = (one * moved(first, to_first) + other * moved(second, to_second)) / (one + other)
    return np.rint(mixed).astype("uint8")


def resized(clip: VideoClip, width: int, height: int) -> VideoClip:
    """moviepy's own resize."""
    return clip.with_effects([vfx.Resize((width, height))])


def composited(source: VideoClip, made: VideoClip, masks: Mask, rate: float) -> VideoClip:
    """moviepy's own composite of a masked clip over another."""
    last = len(masks) - 1
    mask = VideoClip(
        lambda time: masks[min(last, int(time * rate + 0.5))] / 255.0, is_mask=True, duration=made.duration
    )
    return CompositeVideoClip([source, made.with_mask(mask)])
