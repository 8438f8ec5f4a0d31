"""The committed weights: an ordinary folder that obeys."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, WanVACEPipeline

from pipelines.starter.render import render
from pipelines.starter.sampler import FRAMES, HEIGHT, WIDTH, Sampler, psnr
from pipelines.starter.tracking import colour_track, moved
from pipelines.starter.world import COLOURS, SUBJECTS, Scene
from pipelines.structure import structure_frames
from pipelines.types import NOTHING

FOLDER = Path(__file__).parents[3] / "assets" / "starter"


def test_the_folder_is_small_and_says_what_it_is() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 26_000_000
    facts = json.loads((FOLDER / "septet.json").read_text())
    assert facts["native_size"] == [160, 96]
    index = json.loads((FOLDER / "vae" / "config.json").read_text())
    assert len(facts["preview"]["weight"]) == index["z_dim"] == len(index["latents_std"])


def test_the_folder_loads_as_the_stock_pipeline() -> None:
    pipeline = DiffusionPipeline.from_pretrained(str(FOLDER), dtype=torch.float32)
    assert type(pipeline) is WanVACEPipeline
    for part in (pipeline.transformer, pipeline.text_encoder, pipeline.vae):
        assert all(torch.isfinite(parameter).all() for parameter in part.parameters())


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler(FOLDER)


def _colour_named(frames: np.ndarray) -> str:
    """The colour that fills most of the last frames, after the words of the world."""
    areas = {name: np.nanmean(np.append(colour_track(frames[-6:], name)[:, 2], 0)) for name in COLOURS}
    return max(areas, key=lambda name: areas[name])


@pytest.mark.slow
def test_the_prompt_decides_the_place(sampler: Sampler) -> None:
    prompts = ("a white star in space", "a red ball moving left in the desert", "a blue fish moving right at sea")
    space, desert, sea = (
        sampler(prompt, 5)[:, 64:].mean((0, 1, 2)) for prompt in prompts
    )  # the ground's red, green, blue
    assert space.mean() < 60 < min(desert.mean(), sea.mean())
    assert desert[0] > desert[2] + 40
    assert sea[2] > sea[0] + 40


@pytest.mark.slow
def test_the_prompt_decides_the_colour(sampler: Sampler) -> None:
    colours = ("red", "orange", "yellow", "green", "blue", "purple")
    named = [_colour_named(sampler(f"a {colour} ball in space", seed)) for seed, colour in enumerate(colours)]
    assert sum(map(str.__eq__, colours, named)) >= 5, named


@pytest.mark.slow
def test_the_prompt_decides_the_subject(sampler: Sampler) -> None:
    asked = ("ball", "cone", "star", "ring", "rocket", "cube")
    drawn = {
        subject: [_outline(render(_at_rest(subject, detail), WIDTH, HEIGHT, FRAMES).frames) for detail in range(4)]
        for subject in SUBJECTS
    }
    named = []
    for seed, subject in enumerate(asked):
        made = _outline(sampler(f"a red {subject} standing still in a studio", seed))
        likeness = {
            name: np.mean([(made & true).sum() / (made | true).sum() for true in each]) for name, each in drawn.items()
        }
        named.append(max(likeness, key=lambda name: likeness[name]))
    assert sum(map(str.__eq__, asked, named)) >= 4, named


def _at_rest(subject: str, detail: int) -> Scene:
    return Scene(subject, "red", "studio", "day", "still", "static", detail)


def _outline(frames: np.ndarray) -> np.ndarray:
    """(H, W) bool: where the clip is red for most of its time."""
    red, green, blue = np.median(frames.astype(int), axis=0).transpose(2, 0, 1)
    return np.asarray(red - np.maximum(green, blue) > 50)


@pytest.mark.slow
def test_the_prompt_decides_the_direction(sampler: Sampler) -> None:
    asked = {"left": "moving left", "right": "moving right", "up": "rising", "down": "falling"}
    obeyed = [moved(sampler(f"a red ball {way} in space", 3), "red", motion) for motion, way in asked.items()]
    assert sum(obeyed) >= 3, obeyed


@pytest.mark.slow
def test_a_given_first_frame_and_a_given_structure_are_kept(sampler: Sampler) -> None:
    clip = render(Scene("star", "yellow", "meadow", "day", "right", "static", 7), WIDTH, HEIGHT, FRAMES)
    video, mask = np.full_like(clip.frames, NOTHING), np.full(clip.mask.shape, 255, np.uint8)
    video[0], mask[0] = clip.frames[0], 0
    assert psnr(sampler("", 1, video, mask, held=1)[0], clip.frames[0]) > 24
    grey = structure_frames(clip.frames, "grey", 0)
    # of another colour but as bright: a darker one would rightly change the grey picture
    made = sampler("an orange star in a meadow", 1, grey, np.full(clip.mask.shape, 255, np.uint8))
    assert np.corrcoef(structure_frames(made, "grey", 0).ravel(), grey.ravel())[0, 1] > 0.8
