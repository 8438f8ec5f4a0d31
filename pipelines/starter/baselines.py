"""What stands beside the starter in its table, so that a score can be weighed: its like untrained and a mere copier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipelines.starter.photos import Frame, Frames
from pipelines.starter.sampler import FRAMES, HEIGHT, WIDTH, Sampler
from pipelines.types import NOTHING


def untrained(folder: Path, seed: int = 0) -> Sampler:
    """The saved model with its transformer's weights drawn at random, each as widely spread as the trained one's; the
    autoencoder as it is."""
    sampler = Sampler(folder)
    scramble(sampler.pipeline.transformer, seed)
    return sampler


@torch.no_grad()
def scramble(network: nn.Module, seed: int = 0) -> None:
    """Draw all weights anew, each as widely spread as it was."""
    drawing = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        if parameter.numel() > 1:
            drawn = torch.randn(parameter.shape, generator=drawing).to(parameter)
            parameter.copy_(drawn * parameter.std() + parameter.mean())


class Copier(Sampler):
    """Hands back what it is given: the source, or else the reference or the given frame for the whole clip."""

    def __call__(
        self, prompt: str, seed: int, video: Frames | None = None, mask: NDArray[np.uint8] | None = None,
        reference: Frame | None = None, held: int = 0,
    ) -> Frames:  # fmt: skip
        if held and video is not None:
            return np.repeat(video[:1], FRAMES, axis=0)
        if video is not None:
            return video
        grey = np.full((HEIGHT, WIDTH, 3), NOTHING, np.uint8)
        return np.repeat((grey if reference is None else reference)[None], FRAMES, axis=0)
