"""A critic beside the decoder in training: it learns to tell decoded clips from true ones, and the decoder to be taken
for one (Goodfellow et al. 2014; patch by patch, Isola et al. 2017). Left to a loss of pixels alone, what a decoder does
not know it blurs."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from pipelines.starter.optim import share_gradients

LEARNING_RATE, BETAS = 4e-4, (0.5, 0.95)


class Critic(nn.Module):
    """(B, 3, F, H, W) in [-1, 1], 16 pixels high and wide or more -> (B, 1, F, h, w): above 0 what looks true, for
    patches an eighth the size, each seen over a few frames."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv3d(3, 32, (1, 4, 4), (1, 2, 2), (0, 1, 1))
        self.second = spectral_norm(nn.Conv3d(32, 64, (3, 4, 4), (1, 2, 2), (1, 1, 1)))
        self.third = spectral_norm(nn.Conv3d(64, 128, (3, 4, 4), (1, 2, 2), (1, 1, 1)))
        self.last = spectral_norm(nn.Conv3d(128, 1, (1, 3, 3), 1, (0, 1, 1)))
        self.optimiser = torch.optim.Adam(self.parameters(), LEARNING_RATE, BETAS)

    def forward(self, video: Tensor) -> Tensor:
        for layer in (self.first, self.second, self.third):
            video = F.leaky_relu(layer(video), 0.2)
        return cast(Tensor, self.last(video))

    def learn(self, true: Tensor, decoded: Tensor) -> float:
        """One lesson (hinge loss); returns the loss, 2 where it cannot tell them apart."""
        self.requires_grad_(True)
        loss = F.relu(1 - self(true)).mean() + F.relu(1 + self(decoded.detach())).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        share_gradients(list(self.parameters()))
        self.optimiser.step()
        return loss.item()

    def wish(self, decoded: Tensor) -> Tensor:
        """The gradient, shaped as `decoded`, of how little that is taken for a true clip."""
        self.requires_grad_(False)
        asked = decoded.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(-self(asked).mean(), asked)
        return gradient
