"""A training run beside what it learns: its precision, its processes, its checkpoint and its pauses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


def fast_in_half(device: str) -> bool:
    """Whether bfloat16 saves time there: on every GPU, and on a CPU that computes with it rather than imitating it (one
    without AVX-512 takes fifty times as long)."""
    return device != "cpu" or torch.cpu.get_capabilities().get("avx512_bf16", False)


def half_precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 where that is fast, else float32 throughout."""
    return torch.autocast(device, torch.bfloat16) if fast_in_half(device) else nullcontext()


def spent(device: str) -> float:
    """Seconds: of this process's work on a CPU, by the clock on a GPU."""
    return time.process_time() if device == "cpu" else time.monotonic()


def summed(tensors: list[Tensor]) -> list[Tensor]:
    """The tensors' sums over all processes of one training."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor).clone() for tensor, part in zip(tensors, parts, strict=True)]


def rank() -> int:
    """The number of this process in its training; 0 where there is only one."""
    return dist.get_rank() if dist.is_initialized() else 0


def agree(value: float) -> float:
    """The value of the first process, in all of them, so that they follow one schedule and stop together."""
    if not dist.is_initialized():
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return shared.item()


def save_whole(kept: object, path: Path) -> None:
    """Write a file for `torch.load`, whole or not at all."""
    torch.save(kept, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").rename(path)


class Stateful(Protocol):
    """What a checkpoint can keep: modules, optimisers, trainers."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state: Any) -> Any: ...


class Checkpoint:
    """The file a stopped training goes on from: the states of its parts, and the minutes spent on it so far."""

    EVERY = 90.0  # seconds

    def __init__(self, path: Path, parts: Mapping[str, Stateful], device: str) -> None:
        self.path, self.parts = path, parts
        self.minutes = 0.0
        if path.exists():
            saved = torch.load(path, map_location=device)
            for name, part in parts.items():
                part.load_state_dict(saved[name])
            self.minutes = saved["minutes"]
        self._saved = time.monotonic()

    def keep(self, over: bool) -> None:
        """Write the file, whole or not at all, from time to time and when all is `over`; one process does."""
        if rank() == 0 and (over or time.monotonic() - self._saved > self.EVERY):
            state = {name: part.state_dict() for name, part in self.parts.items()}
            save_whole({**state, "minutes": self.minutes}, self.path)
            self._saved = time.monotonic()


def mean_of(paths: Sequence[Path], out: Path) -> None:
    """Write a checkpoint whose weights, and their running averages, are the means of those in several others of one
    descent; all else in it is the last one's. Mostly better than any of them (Wortsman et al. 2022, "Model soups")."""
    states = [torch.load(path, map_location="cpu") for path in paths]
    means = {
        part: {name: sum(state[part][name] for state in states) / len(states) for name in states[-1][part]}
        for part in ("model", "vae", "average")
        if part in states[-1]
    }
    save_whole({**states[-1], **means}, out)


def steps(checkpoint: Checkpoint, folder: Path, minutes: float, device: str) -> Iterator[float]:
    """How much of a training is over, in 0..1, before each of its steps, until so many minutes went into them. What is
    done between two counts, pauses do not; the checkpoint is kept along the way."""
    while checkpoint.minutes < minutes:
        wait_while_paused(folder)
        started = spent(device)
        yield checkpoint.minutes / minutes
        checkpoint.minutes = agree(checkpoint.minutes + (spent(device) - started) / 60)
        checkpoint.keep(over=checkpoint.minutes >= minutes)


def ready(batches: Iterator[T]) -> Iterator[T]:
    """The same once the first is there: it may be long in coming, and that is not time a training counts."""
    return chain([next(batches)], batches)


def wait_while_paused(folder: Path) -> None:
    """Return once there is no file `PAUSE` in the folder."""
    while (folder / "PAUSE").exists():
        time.sleep(1)
