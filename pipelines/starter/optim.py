"""The optimiser of both trainings: Muon for weight matrices, AdamW for the rest, one learning-rate schedule.

Muon (Jordan et al., 2024) moves a matrix along the nearest orthogonal matrix to its momentum. On two CPU cores, where
samples are the scarce thing, it needs markedly fewer of them than AdamW alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from pipelines.starter.runs import fast_in_half, rank, summed


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Roughly the orthogonal factors of matrices (G, M, N), by the quintic Newton-Schulz iteration of the Muon
    paper."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    if fast_in_half(matrices.device.type):
        x = x.bfloat16()
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised per weight matrix; convolution kernels are flattened to (out, in * taps)."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95):
        super().__init__(list(params), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            moving = [parameter for parameter in group["params"] if parameter.grad is not None]
            if moving:
                torch._foreach_add_(moving, self._moves(moving, group["lr"], group["momentum"]))

    def _moves(self, moving: list[Tensor], lr: float, momentum: float) -> list[Tensor]:
        """What to add to each parameter; those of one shape are orthogonalised in one go, for a GPU spends longer on
        being told than on doing it. The processes of one training share that work."""
        gradients, buffers = [], []
        for parameter in moving:
            assert parameter.grad is not None
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
            buffers.append(state["momentum"])
        torch._foreach_lerp_(buffers, gradients, 1 - momentum)
        processes = dist.get_world_size() if dist.is_initialized() else 1
        alike: dict[tuple[int, int], list[int]] = defaultdict(list)
        for i, parameter in enumerate(moving):
            if i % processes == rank():
                alike[parameter.shape[0], parameter[0].numel()].append(i)
        found: dict[int, Tensor] = {}
        for (rows, columns), members in alike.items():
            ahead = torch.stack([gradients[i].lerp(buffers[i], momentum).flatten(1) for i in members])
            moves = orthogonalise(ahead).mul_(-lr * math.sqrt(max(1.0, rows / columns)))
            found |= {i: move.view_as(moving[i]) for i, move in zip(members, moves, strict=True)}
        if processes == 1:
            return [found[i] for i in range(len(moving))]
        return summed([found[i] if i in found else torch.zeros_like(part) for i, part in enumerate(moving)])


def share_gradients(parameters: Sequence[Tensor]) -> None:
    """Give every process of one training the means of all: a parameter without a gradient counts as zero."""
    if dist.is_initialized():
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        for parameter, total in zip(parameters, summed(gradients), strict=True):
            parameter.grad = total / dist.get_world_size()


class Trainer:
    """Two optimisers stepped as one, with warm-up, cosine decay over `progress` in 0..1, and gradient clipping."""

    def __init__(self, model: nn.Module, plain: tuple[str, ...], matrix_lr: float, rest_lr: float):
        """`plain` names the parts (substrings of parameter names) whose matrices AdamW should move: the first and last
        layers and the embeddings, whose rows do not mix as a hidden matrix's do."""
        matrices: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                hidden = parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) > 1
                (matrices if hidden and not any(p in name for p in plain) else rest).append(parameter)
        self.parameters = matrices + rest
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=matrix_lr),
            torch.optim.AdamW(rest, lr=rest_lr, betas=(0.9, 0.99), weight_decay=0.0),
        ]
        self.base = [matrix_lr, rest_lr]
        self.steps = 0

    def step(self, progress: float, warmup: int = 40) -> float:
        """Apply the gradients at hand and clear them; returns their norm before clipping."""
        scale = min(1.0, (self.steps + 1) / warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))
        share_gradients(self.parameters)
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, 1.0))
        for optimiser, base in zip(self.optimisers, self.base, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = base * scale
            if math.isfinite(norm):
                optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.steps += 1
        return norm

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps, "optimisers": [o.state_dict() for o in self.optimisers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
