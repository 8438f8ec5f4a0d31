"""What a clip looks like and how well it keeps to its source, in numbers; and clips of the starter to measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines import PIPELINES
from pipelines.checkpoints import ASSETS, model_info
from pipelines.model import LatentVideoModel
from pipelines.style import style_vector
from pipelines.types import Conditioning, Frame, Frames, Request

EXAMPLES = ASSETS / "examples"
INFO = model_info("starter", Path("/nonexistent"))


def prepared(mode: str, video: str, **fields: Any) -> Request:
    """A request of the starter about an example, its style image named likewise."""
    if "style_image" in fields:
        fields["style_image"] = str(EXAMPLES / fields["style_image"])
    asked = PIPELINES[mode].request_type(video=str(EXAMPLES / video), seed=3, **fields)
    request: Request = PIPELINES[mode].prepare(asked, INFO)
    return request


def first_question(model: LatentVideoModel, request: Request) -> Conditioning:
    """What the model is asked about the clip's first window."""
    return next(iter(PIPELINES[request.mode](model).plan(request).conditionings))


def answer(model: LatentVideoModel, question: Conditioning) -> Frames:
    """The model's answer as it decodes it, before any finishing."""
    return np.concatenate(list(model.decode(model.denoise(model.encode(question), model.own_sampling(seed=3)))))


def style_distance(frames: Frames, style: Frame) -> float:
    """How far the frames' style lies from a picture's, in the style network's own hundred numbers; 0 is the same."""
    wanted = style_vector(style)
    return float(np.mean([np.linalg.norm(style_vector(frame) - wanted) for frame in frames[1::4]]))


def colour_distance(frames: Frames, style: Frame) -> float:
    """How far colours are from a picture's: the earth mover's distance of L, a and b apart, in levels of 0..255."""
    wanted = _shares(style[None])
    return float(np.mean([np.abs(_shares(frame[None]) - wanted).sum(1).mean() for frame in frames[1::2]]))


def edge_agreement(frames: Frames, source: Frames) -> float:
    """How well outlines lie where the source has them: mean correlation of gradient strength, 1 is the same."""
    pairs = list(zip(frames, source, strict=True))[1:]
    return float(np.mean([np.corrcoef(_outlines(a).ravel(), _outlines(b).ravel())[0, 1] for a, b in pairs]))


def _shares(frames: Frames) -> np.ndarray:
    """(3, 256): the share of pixels up to each level of L, a and b."""
    lab = cv2.cvtColor(frames.reshape(-1, 1, 3), cv2.COLOR_RGB2LAB).reshape(-1, 3)
    return np.stack([np.cumsum(np.bincount(plane, minlength=256)) / len(plane) for plane in lab.T])


def _outlines(frame: Frame) -> np.ndarray:
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
