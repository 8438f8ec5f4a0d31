"""Training of the transformer and the text encoder on clips of the larger world, all modes at once.

`transformer.pt` in the run's folder (weights, their running average, optimiser state, minutes) is rewritten every few
minutes.
"""

from __future__ import annotations

import copy
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import UMT5EncoderModel

from pipelines.starter.bank import Batch, ClipBank, Feed
from pipelines.starter.clips import LatentEncoder
from pipelines.starter.optim import Trainer
from pipelines.starter.runs import Checkpoint, fast_in_half, half_precision, rank, steps
from pipelines.starter.train_words import teach_reading
from pipelines.starter.transformer import StarterModel, flow_loss, sample_sigma

MATRIX_LR, REST_LR = 0.012, 1.5e-3
EMA = 0.998
READING_STEPS, READING_SIZE = 160, (32, 48)
# A subject fills a tenth of a frame and is most of what is asked for: until late in a run its cells count so much more.
SUBJECT_GAIN = 3.0


@torch.no_grad()
def update_average(average: StarterModel, model: StarterModel, steps: int) -> None:
    """Exponential running average of the weights, short at first."""
    decay = min(EMA, (1 + steps) / (10 + steps))
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, 1 - decay)


def compile_blocks(model: StarterModel) -> None:
    """Compile the repeated blocks in place, for any batch and length."""
    for block in (*model.transformer.blocks, *model.transformer.vace_blocks):
        block.compile(dynamic=True)


def attention(device: str) -> AbstractContextManager[None]:
    """Plain attention in bfloat16 on a CPU: the fused one takes three times as long to train through."""
    return sdpa_kernel(SDPBackend.MATH) if device == "cpu" and fast_in_half(device) else nullcontext()


def train_transformer(
    folder: Path, feed: Feed, encoder: LatentEncoder, minutes: float, compiled: bool = True,
    begin_with: Path | None = None,
) -> None:  # fmt: skip
    """Train for `minutes` in all on what the feed has, on the encoder's device; on a CPU these are of processor time,
    for a shared machine's clock says little. It goes on from `folder/transformer.pt` where that exists, else from the
    saved starter in `begin_with`, else from nothing but the words taught before, in `folder/text_encoder`."""
    seed, device = time.time_ns() % 2**31 + rank(), encoder.device
    torch.manual_seed(0)  # processes of one training start alike where no checkpoint says how
    model = untrained(folder) if begin_with is None else StarterModel.load(begin_with)
    model.to(device)
    average = copy.deepcopy(model).requires_grad_(False)
    trainer = Trainer(model, StarterModel.PLAIN, MATRIX_LR, REST_LR)
    checkpoint = Checkpoint(folder / "transformer.pt", {"model": model, "average": average, "trainer": trainer}, device)
    if checkpoint.minutes == 0:
        teach_reading(model, encoder.empty(1, *READING_SIZE), READING_STEPS, seed=0)
        average.load_state_dict(model.state_dict())
    if compiled:
        compile_blocks(model)
    torch.manual_seed(seed)
    bank = ClipBank(feed, encoder, seed)
    report = Report()
    for progress in steps(checkpoint, folder, minutes, device):
        clips = bank.refresh()
        batch = bank.batch(still=max(0.15, 0.45 - 0.45 * progress), short=0.35)  # shapes and colours first
        losses = _losses(model, batch, progress, device)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        norm = trainer.step(progress, warmup=60)
        update_average(average, model, trainer.steps)
        report.add(batch, losses, f"{trainer.steps} {checkpoint.minutes:.2f}min norm {norm:.2f} of {clips}")


def untrained(folder: Path) -> StarterModel:
    """A model that has learnt nothing but its words, if those."""
    model = StarterModel.build()
    if (folder / "text_encoder").exists():
        model.text = UMT5EncoderModel.from_pretrained(folder / "text_encoder").float()
    return model


def _losses(model: StarterModel, batch: Batch, progress: float, device: str) -> Tensor:
    """(B,) of a batch: what was asked counts more early in a run, how fine it looks late."""
    gain = SUBJECT_GAIN * min(1.0, 4 * (1 - progress))
    sigma = sample_sigma(len(batch.clean), device, 2.0 - progress)
    with half_precision(device), attention(device):
        loss = flow_loss(model, batch.clean, batch.captions, batch.control, sigma, batch.cover, gain)
        return loss + gain * model.readouts.loss(batch.cover, batch.labels, batch.references)


class Report:
    """A line now and then: how far the training is, and the running mean of the loss for every kind of request."""

    EVERY = 20

    def __init__(self) -> None:
        self.steps = self.seen = 0
        self.recent: dict[str, float] = {}

    def add(self, batch: Batch, losses: Tensor, where: str) -> None:
        self.steps += 1
        self.seen += len(batch.clean)
        for kind, loss in zip(batch.kinds, losses.tolist(), strict=True):
            self.recent[kind] = 0.99 * self.recent.get(kind, loss) + 0.01 * loss
        if self.steps % self.EVERY == 0 and rank() == 0:
            text = " ".join(f"{kind}:{value:.3f}" for kind, value in sorted(self.recent.items()))
            print(f"{where} seen {self.seen} {text}", flush=True)
