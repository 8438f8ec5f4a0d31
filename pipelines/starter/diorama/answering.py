"""Who answers the questions: a saved model as it is in use, and what stands beside it in the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pipelines.checkpoints import ModelInfo, model_info
from pipelines.model import LatentVideoModel
from pipelines.starter.diorama.cases import Case
from pipelines.starter.photos import Frames
from pipelines.types import NOTHING

TRUE = "true renders"
Answering = Callable[[Case], Frames]


class Model:
    """A saved model with its recommended settings; nothing is put back over what it decodes."""

    def __init__(self, info: ModelInfo, device: str) -> None:
        self.info, self.model = info, LatentVideoModel(info, device)

    def __call__(self, case: Case) -> Frames:
        latents = self.model.denoise(self.model.encode(case.asked), self.model.own_sampling(case.seed))
        return np.concatenate(list(self.model.decode(latents)))


def untrained(info: ModelInfo, device: str) -> Answering:
    """The model with its transformer's weights drawn at random; the autoencoder as it is."""
    answering = Model(info, device)
    scramble(answering.model._any_transformer)
    return answering


@torch.no_grad()
def scramble(network: nn.Module, seed: int = 0) -> None:
    """Draw all weights anew, each as widely spread as it was."""
    drawing = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        if parameter.numel() > 1:
            drawn = torch.randn(parameter.shape, generator=drawing).to(parameter)
            parameter.copy_(drawn * parameter.std() + parameter.mean())


def copied(case: Case) -> Frames:
    """What was given, or grey."""
    shape = (case.asked.num_frames, case.asked.height, case.asked.width, 3)
    return np.full(shape, NOTHING, np.uint8) if case.given is None else case.given


def true(case: Case) -> Frames:
    """What the world shows: how well the questions can be answered, and judged, at all."""
    return case.truth


def answering(name: str, info: ModelInfo, device: str) -> Answering:
    """What a column of the table is called: one of BASELINES, or a saved model's folder. Raises ModelMissing."""
    if name in BASELINES:
        return BASELINES[name](info, device)
    return Model(model_info(name, Path(name).parent), device)


BASELINES: dict[str, Callable[[ModelInfo, str], Answering]] = {
    "random weights": untrained,
    "copy of the input": lambda info, device: copied,
    TRUE: lambda info, device: true,
}
