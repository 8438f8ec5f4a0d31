"""Septet against the stock pipeline, from request to file: the same weights, steps, size and seed, in one process."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import pytest
import torch
from diffusers import WanVACEPipeline
from diffusers.utils import export_to_video

from pipelines import PIPELINES, load_model
from pipelines.checkpoints import ASSETS, ModelInfo, model_info
from pipelines.model import LatentVideoModel
from pipelines.settings import Finishing
from pipelines.types import Request
from tests.media_samples import make_video, moving_square, picture

PROMPT = "a red ball moving right over the sea"
ROUNDS = 3


def timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


@pytest.fixture(scope="module")
def info() -> ModelInfo:
    return model_info("starter", Path("."))


@pytest.fixture(scope="module")
def model(info: ModelInfo) -> LatentVideoModel:
    return load_model(info, "cpu")


def plain(info: ModelInfo) -> Finishing:
    return Finishing(upscale=1, frame_rate=str(round(info.frame_rate)))


def make(model: LatentVideoModel, request: Request, folder: Path) -> None:
    pipeline = PIPELINES[request.mode]
    pipeline(model).run(pipeline.prepare(request, model.info), folder, lambda _: None)


@pytest.mark.benchmark
def test_text_to_video_against_the_stock_pipeline(model, info, tmp_path, capsys):
    stock = WanVACEPipeline.from_pretrained(ASSETS / "starter", dtype=torch.float32)
    stock.set_progress_bar_config(disable=True)

    def theirs(seed: int) -> None:
        frames = stock(
            prompt=PROMPT,
            height=info.height,
            width=info.width,
            num_frames=info.num_frames,
            num_inference_steps=info.num_inference_steps,
            guidance_scale=info.guidance_scale,
            generator=torch.Generator().manual_seed(seed),
            max_sequence_length=model.max_prompt_tokens,
        ).frames[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export_to_video(list(frames), str(tmp_path / "stock.mp4"), fps=round(info.frame_rate))

    def ours(seed: int, pipeline_model: LatentVideoModel = model) -> None:
        request = PIPELINES["text-to-video"].request_type(prompt=PROMPT, seed=seed, finishing=plain(info))
        make(pipeline_model, request, tmp_path / "ours")

    always_guided = load_model(dataclasses.replace(info, guidance_interval=(0.0, 1.0)), "cpu")
    for seed in range(2):  # warm-up
        theirs(seed), ours(seed), ours(seed, always_guided)
    ways = (theirs, ours, lambda seed: ours(seed, always_guided))
    rounds = [[timed(partial(way, seed)) for way in ways] for seed in range(2, 2 + ROUNDS)]
    stock_seconds, our_seconds, guided_seconds = (median(column) for column in zip(*rounds, strict=True))
    with capsys.disabled():
        print(
            f"\ntext-to-video {info.width}x{info.height}, {info.num_frames} frames, {info.num_inference_steps} steps, "
            f"request to file, finishing off, median of {ROUNDS}:"
            f"\n  stock WanVACEPipeline + export_to_video {stock_seconds:.2f} s"
            f"\n  Septet {our_seconds:.2f} s, ratio {our_seconds / stock_seconds:.2f} (aim: 0.50)"
            f"\n  Septet, guidance on in every step as in stock {guided_seconds:.2f} s, "
            f"ratio {guided_seconds / stock_seconds:.2f}"
        )


@pytest.mark.benchmark
def test_every_mode_a_second_seed_and_changing_mode(model, info, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "photo.png"), picture(320, 192))
    make_video(tmp_path / "source.mp4", moving_square(48, 320, 192, 4.0), 24)
    inputs = {
        "text-image-to-video": {"image": str(tmp_path / "photo.png")},
        "image-to-video": {"image": str(tmp_path / "photo.png")},
    }
    lines = []
    for mode, pipeline in PIPELINES.items():
        given = {} if mode == "text-to-video" else inputs.get(mode, {"video": str(tmp_path / "source.mp4")})

        def run(seed: int, given=given, pipeline=pipeline) -> None:
            make(model, pipeline.request_type(prompt=PROMPT, seed=seed, **given), tmp_path / "clip")

        before = model.encoder_calls
        first = timed(lambda: run(1))
        encoded = model.encoder_calls - before
        second = timed(lambda: run(2))
        lines.append(
            f"  {mode:20} first {first:6.2f} s, second seed on the same inputs {second:6.2f} s, "
            f"encoder calls {encoded} then {model.encoder_calls - before - encoded}"
        )
    changes = [timed(lambda: [pipeline(model) for pipeline in PIPELINES.values()]) for _ in range(5)]
    with capsys.disabled():
        print(
            "\nevery mode on its defaults, finishing included (sources: 2 s of 320x192 at 24 frames/s):\n"
            + "\n".join(lines)
            + f"\nchanging through all seven modes: {1000 * median(changes):.2f} ms"
        )
