"""Training of the transformer and the text encoder on clips of the world, all modes at once.

`transformer.pt` in the run's folder (weights, their running average, optimiser state, minutes) is rewritten every few
minutes.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import UMT5EncoderModel

from pipelines.errors import InputError
from pipelines.starter.bank import Batches
from pipelines.starter.batch import Batch
from pipelines.starter.clips import frozen_encoder, load_shard
from pipelines.starter.exercises import awaited
from pipelines.starter.likeness import Likeness
from pipelines.starter.lookup import belonging, boxes_of_looks
from pipelines.starter.optim import Trainer
from pipelines.starter.runs import Checkpoint, fast_in_half, half_precision, rank, ready, steps
from pipelines.starter.train_words import teach_reading
from pipelines.starter.transformer import (
    HEADS,
    StarterModel,
    flow_loss,
    reads_the_world,
    sample_sigma,
    saved_parts,
)
from pipelines.starter.vocabulary import world_tokenizer
from pipelines.starter.widening import widened

# In a batch. Telling a GPU what to do takes as long for a small one: with 32,000 tokens it was busy a third of a run.
TOKENS = {"cpu": 1600, "cuda": 64_000}
# Of the batches: single pictures, at first and at last; beginnings of clips, among the others; parts of frames
STILL, STILL_LATE, SHORT, IN_PARTS = 0.6, 0.25, 0.35, 0.1
MATRIX_LR, REST_LR = 0.02, 2e-3
EMA = 0.998
READING_STEPS, READING_SIZE = 160, (4, 6)
COMPILED = 32  # versions of a block there may be; one more would not be compiled at all
# A subject fills a tenth of a frame and is most of what is asked for: until late in a run its cells count so much more.
SUBJECT_GAIN = 3.0
# Of clips: how many have a first frame that is further than the others, so that what comes of it is asked of the words
AHEAD = 0.4


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, steps: int, longest: float = EMA) -> None:
    """Exponential running average of the weights, short at first; `longest` is its decay in the end."""
    decay = min(longest, (1 + steps) / (10 + steps))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)


def compile_blocks(model: StarterModel) -> None:
    """Compile the repeated blocks in place, for any batch and length. Their hooks, which differ, stay outside, so that
    what is compiled for one serves all."""
    torch._dynamo.config.recompile_limit = COMPILED
    for block in (*model.transformer.blocks, *model.transformer.vace_blocks):
        block.forward = partial(_on_no_views, torch.compile(block.forward, dynamic=True))


def _pass_nothing(model: StarterModel, device: str) -> None:
    """One pass that is learnt from and one that is not: so compiling is no part of the time that a training counts."""
    config = model.transformer.config
    latents = torch.zeros(5, config.in_channels, 3, 4, 14, device=device)
    control = torch.zeros(5, config.vace_in_channels, 3, 4, 14, device=device)
    tokens, sigma = model.tokens([""] * len(latents)), torch.ones(len(latents), device=device)
    with half_precision(device), attention(device):
        model(latents, sigma, tokens, control).sum().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            model(latents, sigma, tokens, control)
    model.zero_grad()


def _on_no_views(forward: Callable[..., Any], *parts: Tensor | tuple[Tensor, ...]) -> Any:
    """Called with copies of what are views: the shape of what they are of would count too, and each be compiled for."""

    def plain(part: Tensor) -> Tensor:
        return part.clone(memory_format=torch.contiguous_format) if part._is_view() else part

    return forward(*(plain(part) if isinstance(part, Tensor) else tuple(map(plain, part)) for part in parts))


def attention(device: str) -> AbstractContextManager[None]:
    """Plain attention in bfloat16 on a CPU: the fused one takes three times as long to train through."""
    return sdpa_kernel(SDPBackend.MATH) if device == "cpu" and fast_in_half(device) else nullcontext()


def train_transformer(
    folder: Path, device: str, minutes: float, compiled: bool = True, begin_with: Path | None = None,
    workers: int = 0,
) -> None:  # fmt: skip
    """Train for `minutes` in all on the shards in `folder/cache`; on a CPU these are of processor time, for a shared
    machine's clock says little. So many `workers`, processes, make the batches. It goes on from `folder/transformer.pt`
    where that exists, else from the saved starter in `begin_with`, else from nothing but the words taught before, in
    `folder/text_encoder`."""
    seed = time.time_ns() % 2**31 + rank()
    torch.manual_seed(0)  # processes of one training start alike where no checkpoint says how
    model, reads = beginning(folder, device, begin_with)
    model.to(device)
    average = copy.deepcopy(model).requires_grad_(False)
    trainer = Trainer(model, StarterModel.PLAIN, MATRIX_LR, REST_LR)
    checkpoint = Checkpoint(folder / "transformer.pt", {"model": model, "average": average, "trainer": trainer}, device)
    if checkpoint.minutes == 0 and not reads:
        teach_reading(model, READING_SIZE, READING_STEPS, seed=0)
        average.load_state_dict(model.state_dict())
    if compiled:
        compile_blocks(model)
        _pass_nothing(model, device)
    torch.manual_seed(seed)
    tokens = TOKENS["cpu" if device == "cpu" else "cuda"]
    batches = Batches(folder / "cache", model.tokenizer, tokens, STILL, SHORT, IN_PARTS)
    made, report = ready(batches.on(device, workers)), Report()
    likeness = Likeness(frozen_encoder(folder, device))
    for progress in steps(checkpoint, folder, minutes, device):
        batches.still.fill_(max(STILL_LATE, STILL * (1 - progress) ** 2))  # shapes and colours first
        batch = next(made)
        losses = _losses(model, batch, likeness(batch), progress, device)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        norm = trainer.step(progress, warmup=60)
        update_average(average, model, trainer.steps)
        report.add(batch, losses, f"{trainer.steps} {checkpoint.minutes:.2f}min norm {norm:.2f}")


def beginning(folder: Path, device: str, begin_with: Path | None) -> tuple[StarterModel, bool]:
    """The model a training begins with, and whether it has learnt to read already. One that was stopped is as it was
    then. The saved starter in `begin_with` keeps its own words where they are the present ones; else they are those in
    `folder/text_encoder`; if it has fewer heads than are taught on that device, it gets the others. Raises InputError
    where it needs words and they are not there."""
    if (folder / "transformer.pt").exists():
        return trained(folder), True
    channels, taught = clip_channels(folder), folder / "text_encoder"
    if begin_with is None:
        model = StarterModel.build(channels, HEADS[device])
    else:
        transformer, text, tokenizer = saved_parts(begin_with, channels)
        known = reads_the_world(tokenizer)
        if not (known or taught.exists()):
            raise InputError(f"The model in {begin_with} was taught other words; run the stage words first.")
        # a model hangs its readouts on its transformer, so there is one of it alone
        model = StarterModel(widened(transformer, HEADS[device]), text, tokenizer if known else world_tokenizer())
        if known:
            return model, True
    if taught.exists():
        model.text = UMT5EncoderModel.from_pretrained(taught).float()
    return model, False


def trained(folder: Path) -> StarterModel:
    """The running average of the training in a folder."""
    return StarterModel.of_state(torch.load(folder / "transformer.pt", map_location="cpu")["average"])


def clip_channels(folder: Path) -> int:
    """How many latent channels the clips in `folder/cache` have; waits for the first."""
    return len(load_shard(awaited(folder / "cache")[0]).empty)


def _losses(model: StarterModel, batch: Batch, likeness: Tensor, progress: float, device: str) -> Tensor:
    """(B,) of a batch: what was asked counts more early in a run, how fine it looks late."""
    gain = SUBJECT_GAIN * min(1.0, 4 * (1 - progress))
    sigma = sample_sigma(len(batch.clean), device, 2.0 - progress)
    origins = torch.cat([batch.origins.float(), likeness[:, None]], dim=1)
    with half_precision(device), attention(device):
        loss = flow_loss(model, batch.clean, batch.tokens, batch.control, sigma, batch.cover, gain, frames_ahead(batch))
        belongs = belonging(model.parts[batch.tokens.ids], batch.cover, boxes_of_looks(model.looks))
        asked = model.readouts.loss(batch.cover, batch.labels, belongs, origins, batch.references, batch.whole)
        return loss + gain * asked


def frames_ahead(batch: Batch) -> Tensor:
    """(B, R + T) what part of the noise of the others each frame has: of some clips the first has less of it (compare
    Chen et al. 2024, diffusion forcing). While all is noise a move shows in nothing, and when something shows, it shows
    the move, too; but how a first frame that is there will go on, the words alone tell."""
    ahead = torch.ones(batch.cover.shape[:2], device=batch.clean.device)
    if ahead.shape[1] > batch.references + 1:
        some, part = torch.rand(2, len(ahead), device=ahead.device)
        ahead[:, batch.references] = torch.where(some < AHEAD, part, 1.0)
    return ahead


class Report:
    """A line now and then: how far the training is, and the running mean of the loss for every kind of request."""

    EVERY = 20

    def __init__(self) -> None:
        self.steps = self.seen = 0
        self.recent: dict[str, float] = {}
        self._waiting: list[tuple[list[str], Tensor]] = []

    def add(self, batch: Batch, losses: Tensor, where: str) -> None:
        self.steps += 1
        self.seen += len(batch.clean)
        self._waiting.append((batch.kinds, losses.detach()))  # to read them now would make the device wait for this
        if self.steps % self.EVERY == 0:
            for kinds, found in self._waiting:
                for kind, loss in zip(kinds, found.tolist(), strict=True):
                    self.recent[kind] = 0.99 * self.recent.get(kind, loss) + 0.01 * loss
            self._waiting.clear()
        if self.steps % self.EVERY == 0 and rank() == 0:
            text = " ".join(f"{kind}:{value:.3f}" for kind, value in sorted(self.recent.items()))
            print(f"{where} seen {self.seen} {text}", flush=True)
