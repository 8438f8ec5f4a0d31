"""Whom a clip shows when the embedded model is given two pictures, and whether a board keeps its subject.

    pytest -m benchmark -s tests/benchmarks/test_references.py

The judge names frames of true clips rightly (its own accuracy is printed); a picture shows one of its eight subjects
alone on white, and no prompt names it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.checkpoints import STARTER, model_info
from pipelines.model import LatentVideoModel
from pipelines.sampling import Sampling
from pipelines.starter.captions import PLACE_WORDS, plain_caption
from pipelines.starter.judge import Judge, train_judge
from pipelines.starter.render import portrait
from pipelines.starter.world import COLOURS, PLACES, SUBJECTS, Scene, sample_scene
from pipelines.types import Conditioning, Frame

CASES = 20
INFO = model_info(STARTER, Path())


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    judge = train_judge(9, tmp_path_factory.getbasetemp().parent / "judge.pt")
    print("judge", judge.trust(seed=10, clips=100))
    return judge


def scene(rng: np.random.Generator, index: int) -> Scene:
    """A subject by day; subjects and colours take turns, so that two cases in a row differ in both."""
    drawn = sample_scene(rng, place=str(rng.choice(PLACES)), with_subject=True)
    subject, colour = SUBJECTS[index % len(SUBJECTS)], tuple(COLOURS)[(3 * index + 1) % len(COLOURS)]
    return replace(drawn, subject=subject, colour=colour, light="day", camera="static", motion="still")


def clip(model: LatentVideoModel, asked: Conditioning, seed: int) -> NDArray[np.uint8]:
    sampling = Sampling(
        num_inference_steps=INFO.num_inference_steps,
        guidance_scale=INFO.guidance_scale,
        seed=seed,
        flow_shift=INFO.flow_shift,
        guidance_interval=INFO.guidance_interval,
    )
    return np.concatenate(list(model.decode(model.denoise(model.encode(asked), sampling))))


def asked(prompt: str, *references: Frame) -> Conditioning:
    return Conditioning(
        num_frames=INFO.num_frames, height=INFO.height, width=INFO.width, prompt=prompt, reference_images=references
    )


@pytest.mark.benchmark
@pytest.mark.parametrize("words", ["unnamed", "named"])
def test_of_two_references_one_is_seen(model: LatentVideoModel, judge: Judge, words: str) -> None:
    rng, seen = np.random.default_rng(7), Counter[str]()
    for index in range(CASES):
        first, second = scene(rng, index), scene(rng, index + 3)
        pictures = [portrait(each, INFO.width, INFO.height, rng) for each in (first, second)]
        prompt = plain_caption(first, unnamed=True)
        if words == "named":
            both = " and ".join(f"a {each.colour} {each.subject}" for each in (first, second))
            prompt = f"{both} {PLACE_WORDS[first.place][0]}"
        found = judge.name(list(clip(model, asked(prompt, *pictures), index)[4::4]))
        for name, each in (("first", first), ("second", second)):
            seen[f"{name}: subject"] += found["subject"] == each.subject
            seen[f"{name}: colour"] += found["colour"] == each.colour
    print(words, "of", CASES, dict(seen))
    assert seen["first: subject"] + seen["second: subject"] > CASES // 2
