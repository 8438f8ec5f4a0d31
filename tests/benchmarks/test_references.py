"""Whom a clip shows when the embedded model is given two pictures, and whether a board keeps its subject.

    pytest -m benchmark -s tests/benchmarks/test_references.py

The judge names frames of true clips rightly (its own accuracy is printed); a picture shows one of its eight subjects
alone on white, and no prompt names it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.torch import load_file

from pipelines.checkpoints import STARTER, model_info
from pipelines.model import LatentVideoModel
from pipelines.sampling import Sampling
from pipelines.starter.captions import PLACE_WORDS, plain_caption
from pipelines.starter.judge import Judge, train_judge
from pipelines.starter.render import portrait
from pipelines.starter.world import COLOURS, PLACES, SUBJECTS, Scene, sample_scene
from pipelines.storyboard import Storyboard, StoryboardRequest
from pipelines.types import Conditioning, Frame

CASES, BOARDS = 20, 6
INFO = model_info(STARTER, Path())


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    judge = train_judge(9, tmp_path_factory.getbasetemp().parent / "judge.pt", examples=4000, epochs=6)
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


@pytest.mark.benchmark
@pytest.mark.parametrize("kept", [False, True])
def test_a_kept_subject_is_recognised_in_every_shot(
    model: LatentVideoModel, judge: Judge, tmp_path: Path, kept: bool
) -> None:
    """The first shot names its subject, the two others only say "an object": with and without the option."""
    rng, seen = np.random.default_rng(11), Counter[str]()
    for index in range(BOARDS):
        first = scene(rng, index)
        words = [plain_caption(first)]
        words += [plain_caption(replace(first, place=str(place)), unnamed=True) for place in rng.choice(PLACES, 2)]
        panels = [{"prompt": each, "seconds": INFO.num_frames / INFO.frame_rate} for each in words]
        fields = {"panels": panels, "seed": 100 * index, "keep_subject": kept, "finishing": {"upscale": 1}}
        request = Storyboard.prepare(StoryboardRequest.model_validate_json(json.dumps(fields)), INFO)
        for shot, frames in enumerate(shots_of(model, request, tmp_path)):
            found = judge.name(list(frames[4::4]))
            seen[f"shot {shot + 1}: subject"] += found["subject"] == first.subject
            seen[f"shot {shot + 1}: colour"] += found["colour"] == first.colour
    print("kept" if kept else "not kept", "of", BOARDS, dict(seen))
    assert seen["shot 1: subject"] > BOARDS // 2


def shots_of(model: LatentVideoModel, request: StoryboardRequest, folder: Path) -> list[NDArray[np.uint8]]:
    """The frames of every shot as they were decoded, from the latents that are kept with the film."""
    Storyboard(model).run(request, folder, lambda _progress: None)
    files = sorted(folder.glob("latents-*.safetensors"))
    shots = [np.concatenate(list(model.decode(load_file(file)["latents"]))) for file in files]
    for file in files:
        file.unlink()
    return shots
