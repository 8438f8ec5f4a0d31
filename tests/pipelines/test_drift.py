"""A clip of the embedded model, gone on from four times: it may not fade, tint or blur on the way."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.checkpoints import STARTER, model_info
from pipelines.media.read import read_video
from pipelines.model import LatentVideoModel
from pipelines.settings import Finishing
from pipelines.text_to_video import TextToVideo, TextToVideoRequest
from pipelines.types import Frame
from tests.media_samples import collect

pytestmark = pytest.mark.slow

TIMES = 4
PLAIN = Finishing(upscale=1, frame_rate="8", quality="master")  # what the model made, and nothing else


def measured(frame: Frame) -> np.ndarray:
    """Mean lightness and tints, spread of lightness, and how much fine detail there is."""
    lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(float)
    detail = np.abs(cv2.Laplacian(lab[..., 0], cv2.CV_64F)).mean()
    return np.array([*lab.mean((0, 1)), lab[..., 0].std(), detail])


def test_four_extensions_keep_colour_and_sharpness(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    info = model_info(STARTER, tmp_path)
    pipeline = TextToVideo(LatentVideoModel(info, "cpu"))
    request = TextToVideoRequest(prompt="a blue fish at sea", seed=1, finishing=PLAIN)
    clip = pipeline.run(TextToVideo.prepare(request, info), tmp_path / "0", lambda _progress: None).path
    first = np.stack([measured(frame) for frame in collect(read_video(clip))])
    for number in range(1, TIMES + 1):
        longer = request.model_copy(update={"continues": str(clip), "seed": number})
        clip = pipeline.run(TextToVideo.prepare(longer, info), tmp_path / f"{number}", lambda _progress: None).path
    frames = collect(read_video(clip))
    every = np.stack([measured(frame) for frame in frames])
    assert len(frames) == 17 + TIMES * 12
    steps = np.abs(np.diff(frames.astype(int), axis=0)).mean((1, 2, 3))
    joins = steps[[15 + 12 * index for index in range(1, TIMES)]]
    with capsys.disabled():
        print("\n            lightness  green-red  blue-yellow  contrast  detail")
        for name, values in (
            ("first clip", first),
            *((f"extension {n}", every[17 + 12 * (n - 1) :][:12]) for n in range(1, 5)),
        ):
            print(f"{name:12}", *(f"{value:9.2f}" for value in values.mean(0)))
        print(f"step from frame to frame: {steps.mean():.2f}, at most {joins.max():.2f} where a new part begins")
    low, high = first.min(0), first.max(0)
    room = np.array([3, 2, 3, 3, 0.15 * first[:, 4].mean()])  # levels of 255; a moving subject changes the mean
    last = every[-12:].mean(0)
    assert (last > low - room).all() and (last < high + room).all(), (low, last, high)
    assert joins.max() < 2 * np.percentile(steps, 90)
