"""The committed weights: an ordinary folder that obeys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline, WanVACEPipeline

from pipelines.starter.evaluate import Sampler

FOLDER = Path(__file__).parents[3] / "assets" / "starter"
pytestmark = pytest.mark.skipif(not (FOLDER / "model_index.json").exists(), reason="no weights in this checkout")


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


@pytest.mark.slow
def test_the_prompt_decides_the_place() -> None:
    """What these weights have learned so far; subjects and their colours are still a blur (see their card)."""
    sampler = Sampler(FOLDER)
    prompts = ("a white star in space", "a red ball moving left in the desert", "a blue fish moving right at sea")
    space, desert, sea = (
        sampler(prompt, 5)[:, 64:].mean((0, 1, 2)) for prompt in prompts
    )  # the ground's red, green, blue
    assert space.mean() < 60 < min(desert.mean(), sea.mean())
    assert desert[0] > desert[2] + 40
    assert sea[2] > sea[0] + 40
