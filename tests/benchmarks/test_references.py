"""Whom a clip shows when the embedded model is given two pictures, and whether a board keeps its subject.

    pytest -m benchmark -s tests/benchmarks/test_references.py

The judge names true clips rightly (its own accuracy is printed); a picture shows one of the things of our own making
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
from pipelines.portrait import alone_on_white
from pipelines.starter.atlas.catalogue import entries
from pipelines.starter.atlas.keeping import keep
from pipelines.starter.atlas.making import Workshop, make_part
from pipelines.starter.diorama.captions import plain_caption
from pipelines.starter.diorama.cases import Set
from pipelines.starter.diorama.judge import Judge
from pipelines.starter.diorama.judging import JUDGE, load_judge, trust
from pipelines.starter.diorama.library import open_library
from pipelines.starter.diorama.prompts import AMOUNT
from pipelines.starter.diorama.scenes import PLACES, Cast, Scene
from pipelines.starter.diorama.subjects import COLOURS
from pipelines.storyboard import Storyboard, StoryboardRequest
from pipelines.types import Conditioning, Frame

CASES, BOARDS = 20, 6
SUBJECTS = ("ball", "cube", "cone", "rocket", "balloon", "robot", "apple", "heart")
INFO = model_info(STARTER, Path())


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Set:
    """Where things are drawn of which nothing has to be fetched."""
    folder = tmp_path_factory.mktemp("things")
    for entry in entries():
        if entry.source == "form":
            make_part(entry, folder, Workshop(folder))
    keep(((path.name, path.read_bytes()) for path in sorted(folder.iterdir())), folder / "own.zip")
    return Set(open_library(folder / "own.zip"), (INFO.width, INFO.height), INFO.num_frames)


@pytest.fixture(scope="module")
def judge(where: Set) -> Judge:
    judge = load_judge(JUDGE)
    print("judge", trust(judge, where.library, 100))
    return judge


def scene(rng: np.random.Generator, index: int) -> Scene:
    """A subject at rest; subjects and colours take turns, so that two cases in a row differ in both."""
    cast = Cast(SUBJECTS[index % len(SUBJECTS)], tuple(COLOURS)[(3 * index + 1) % len(COLOURS)], "still", AMOUNT)
    return in_place(Scene((cast,), "field", "day", "static", AMOUNT, "photo", index), str(rng.choice(PLACES)))


def in_place(scene: Scene, place: str) -> Scene:
    """The scene elsewhere; in space it is always night."""
    return replace(scene, place=place, light="night" if place == "space" else "day")


def portrait(where: Set, scene: Scene) -> Frame:
    """Its subject alone on white."""
    shot = where.shot(in_place(scene, "field"), 1)
    return alone_on_white(shot.frames[0], shot.mask[0])


def clip(model: LatentVideoModel, asked: Conditioning, seed: int) -> NDArray[np.uint8]:
    return np.concatenate(list(model.decode(model.denoise(model.encode(asked), model.own_sampling(seed)))))


def asked(prompt: str, *references: Frame) -> Conditioning:
    return Conditioning(
        num_frames=INFO.num_frames, height=INFO.height, width=INFO.width, prompt=prompt, reference_images=references
    )


def count(seen: Counter[str], name: str, found: dict[str, str], scene: Scene) -> None:
    """Whether what is found is what the scene shows."""
    seen[f"{name}: subject"] += found["subject"] == scene.cast[0].subject
    seen[f"{name}: colour"] += found["colour"] == scene.cast[0].colour


@pytest.mark.benchmark
@pytest.mark.parametrize("words", ["unnamed", "named"])
def test_of_two_references_one_is_seen(model: LatentVideoModel, where: Set, judge: Judge, words: str) -> None:
    rng, seen = np.random.default_rng(7), Counter[str]()
    for index in range(CASES):
        first, second = scene(rng, index), scene(rng, index + 3)
        pictures = [portrait(where, each) for each in (first, second)]
        both = replace(first, cast=(*first.cast, *second.cast))
        prompt = plain_caption(both) if words == "named" else plain_caption(first, unnamed={0})
        found = judge.name(clip(model, asked(prompt, *pictures), index))
        for name, each in (("first", first), ("second", second)):
            count(seen, name, found, each)
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
        words += [plain_caption(in_place(first, str(place)), unnamed={0}) for place in rng.choice(PLACES, 2)]
        panels = [{"prompt": each, "seconds": INFO.num_frames / INFO.frame_rate} for each in words]
        fields = {"panels": panels, "seed": 100 * index, "keep_subject": kept, "finishing": {"upscale": 1}}
        request = Storyboard.prepare(StoryboardRequest.model_validate_json(json.dumps(fields)), INFO)
        for shot, frames in enumerate(shots_of(model, request, tmp_path)):
            count(seen, f"shot {shot + 1}", judge.name(frames), first)
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
