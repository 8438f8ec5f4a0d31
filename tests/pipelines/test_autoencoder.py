"""The ways that suit a CPU compute what the autoencoder's own do."""

import copy

import pytest
import torch

from pipelines.autoencoder import optimise_for_cpu
from tests.tiny import tiny_pipeline


@pytest.mark.parametrize("frames", [1, 5, 9, 17])
def test_on_a_cpu_the_results_are_the_same(frames):
    stock = tiny_pipeline().vae
    fast = copy.deepcopy(stock)
    optimise_for_cpu(fast)
    video = torch.randn(1, 3, frames, 32, 48, generator=torch.Generator().manual_seed(frames))
    with torch.inference_mode():
        latents = stock.encode(video).latent_dist.mode()
        assert torch.allclose(fast.encode(video).latent_dist.mode(), latents, atol=1e-5)
        assert torch.allclose(fast.decode(latents).sample, stock.decode(latents).sample, atol=1e-4)


def test_several_clips_at_once_are_the_same_too():
    stock = tiny_pipeline().vae
    fast = copy.deepcopy(stock)
    optimise_for_cpu(fast)
    video = torch.randn(2, 3, 5, 32, 32)
    with torch.inference_mode():
        latents = stock.encode(video).latent_dist.mode()
        assert torch.allclose(fast.encode(video).latent_dist.mode(), latents, atol=1e-5)
