"""The folded convolutions compute what the autoencoder's own do."""

import copy

import pytest
import torch

from pipelines.convolution import fold_time
from tests.tiny import tiny_pipeline


@pytest.mark.parametrize("frames", [1, 5, 9, 17])
def test_folding_time_changes_no_result(frames):
    stock = tiny_pipeline().vae
    folded = copy.deepcopy(stock)
    fold_time(folded)
    video = torch.randn(1, 3, frames, 32, 48, generator=torch.Generator().manual_seed(frames))
    with torch.inference_mode():
        latents = stock.encode(video).latent_dist.mode()
        assert torch.allclose(folded.encode(video).latent_dist.mode(), latents, atol=1e-5)
        assert torch.allclose(folded.decode(latents).sample, stock.decode(latents).sample, atol=1e-4)


def test_several_clips_at_once_go_the_usual_way():
    stock = tiny_pipeline().vae
    folded = copy.deepcopy(stock)
    fold_time(folded)
    video = torch.randn(2, 3, 5, 32, 32)
    with torch.inference_mode():
        assert torch.equal(folded.encode(video).latent_dist.mode(), stock.encode(video).latent_dist.mode())
