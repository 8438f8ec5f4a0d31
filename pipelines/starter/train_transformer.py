"""Training of the transformer and the text encoder on cached clips, all modes at once.

The encoder is causal, so the first T latent frames of a cached clip are the latents of a shorter clip: single pictures
and short clips, many per second, teach shapes, colours and places; full clips teach motion. `transformer.pt` in the
run's folder (weights, their running average, optimiser state, minutes) is rewritten every few minutes.
"""

from __future__ import annotations

import copy
import time
from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import UMT5EncoderModel

from pipelines.starter.captions import caption
from pipelines.starter.clips import ClipLatents, LatentEncoder, load_shard
from pipelines.starter.optim import Trainer
from pipelines.starter.readouts import scene_labels
from pipelines.starter.runs import Checkpoint, agree, fast_in_half, half_precision, rank, wait_while_paused
from pipelines.starter.train_words import teach_reading
from pipelines.starter.transformer import StarterModel, flow_loss, sample_sigma
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR
from pipelines.vace import control_tensor, pack_mask

MATRIX_LR, REST_LR = 0.012, 1.5e-3
EMA = 0.998
TOKENS_PER_BATCH = 1600
READING_STEPS, READING_SIZE = 160, (32, 48)
DROP_CONTROL = 0.12
DROP_PROMPT, DROP_PROMPT_SHOWN, DROP_PROMPT_BEGUN = 0.12, 0.28, 0.5  # a picture is mostly set in motion without words
REFERENCED, UNNAMED = 0.45, 0.65  # batches with reference pictures; of those, captions that leave the subject to them
# A subject fills a tenth of a frame and is most of what is asked for: until late in a run its cells count so much more.
SUBJECT_GAIN = 3.0


@dataclass(frozen=True)
class Batch:
    """`clean` (B, z, R + T, h, w), `control` (B, 2z + s*s, R + T, h, w), `cover` (B, R + T, h, w): where the subject
    is; a caption, a kind and `labels` (B, 6) of the scene each. The first R frames (0 or 1, as `references` says) are
    reference pictures."""

    clean: Tensor
    control: Tensor
    cover: Tensor
    captions: list[str]
    kinds: list[str]
    labels: Tensor
    references: int


class ClipBank:
    """Every cached clip, grouped by size and length; picks up shards written while it is in use."""

    def __init__(self, folder: Path, encoder: LatentEncoder, seed: int) -> None:
        self.folder, self.encoder = folder, encoder
        self.rng = np.random.default_rng(seed)
        self.groups: dict[tuple[int, int, int], list[ClipLatents]] = defaultdict(list)
        self._loaded: set[Path] = set()

    def refresh(self, limit: int = 6) -> int:
        """Load up to `limit` shards that are new; returns how many clips are at hand."""
        new = [path for path in sorted(self.folder.glob("*.pt")) if path not in self._loaded]
        for path in new[:limit]:
            for clip in load_shard(path):
                self.groups[(*clip.size, clip.num_frames)].append(clip)
            self._loaded.add(path)
        return sum(len(group) for group in self.groups.values())

    def batch(self, still: float, short: float) -> Batch:
        """A random batch of about TOKENS_PER_BATCH tokens: with chance `still` of single pictures, else of clips, which
        with chance `short` are cut to their first frames."""
        rng = self.rng
        pictures, clips = ([key for key in self.groups if (key[2] == 1) == one] for one in (True, False))
        keys = pictures if pictures and (rng.random() < still or not clips) else clips
        weights = np.array([float(len(self.groups[key])) for key in keys])
        group = self.groups[keys[int(rng.choice(len(keys), p=weights / weights.sum()))]]
        with_reference = bool(rng.random() < REFERENCED)
        if with_reference:
            group = [clip for clip in group if clip.reference is not None] or group
            with_reference = group[0].reference is not None
        full = group[0].clean.shape[1]
        length = full if rng.random() > short else min(3, full)
        per_frame = group[0].clean.shape[2] * group[0].clean.shape[3] // 4
        count = max(4, TOKENS_PER_BATCH // (per_frame * (length + with_reference)))
        picked = [group[i] for i in rng.integers(len(group), size=count)]
        samples = [self._sample(clip, length, with_reference) for clip in picked]
        clean, control, cover, captions, kinds = zip(*samples, strict=True)
        labels = scene_labels([clip.scene for clip in picked], pictures=full == 1)
        return Batch(
            torch.stack(clean), torch.stack(control), torch.stack(cover), list(captions), list(kinds), labels,
            int(with_reference),
        )  # fmt: skip

    def _sample(self, clip: ClipLatents, length: int, with_reference: bool) -> tuple[Tensor, Tensor, Tensor, str, str]:
        rng = self.rng
        frames = (length - 1) * TEMPORAL_FACTOR + 1
        width, height = clip.size
        empty = self.encoder.empty(clip.num_frames, height, width)
        kind, mask, streams = str(clip.kind), clip.pixel_mask(), (clip.inactive, clip.reactive)
        if kind != "none" and rng.random() < DROP_CONTROL:
            kind, mask, streams = "none", torch.ones_like(mask), (None, None)
        inactive, reactive = (empty if s is None else s.float() for s in streams)
        packed = pack_mask(mask[:frames], SPATIAL_FACTOR, TEMPORAL_FACTOR)
        references = [clip.reference.float()] if with_reference and clip.reference is not None else []
        control = control_tensor(inactive[:, :length], reactive[:, :length], packed, references)
        clean = torch.cat([*references, clip.clean[:, :length].float()], dim=1)
        cover = clip.cover[:length].float()
        if references:
            cover = torch.cat([torch.zeros_like(cover[:1]), cover])
        return clean, control, cover, self._caption(clip, kind, bool(references)), kind + ("+ref" if references else "")

    def _caption(self, clip: ClipLatents, kind: str, referenced: bool) -> str:
        """What the pictures shown say already is often left unsaid."""
        rng = self.rng
        shown = referenced or kind == "structure"
        if rng.random() < (DROP_PROMPT_BEGUN if kind == "first" else DROP_PROMPT_SHOWN if shown else DROP_PROMPT):
            return ""
        unnamed = referenced and not clip.style and rng.random() < UNNAMED
        return caption(clip.scene, rng, forget=0.3 if kind == "first" else 0.1, unnamed=bool(unnamed))


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


def _attention(device: str) -> AbstractContextManager[None]:
    """Plain attention in bfloat16 on a CPU: the fused one takes three times as long to train through."""
    return sdpa_kernel(SDPBackend.MATH) if device == "cpu" and fast_in_half(device) else nullcontext()


def train_transformer(
    folder: Path, encoder: LatentEncoder, minutes: float, device: str = "cpu", compiled: bool = True,
    begin_with: Path | None = None,
) -> None:  # fmt: skip
    """Train for `minutes` of processor time in all (a shared machine's clock says little) on `folder/cache`, from
    `folder/transformer.pt` where it exists, else from the saved starter in `begin_with`, else from nothing; with the
    words that were taught before in `folder/text_encoder`, where they were."""
    seed = time.time_ns() % 2**31 + rank()
    torch.manual_seed(0)  # processes of one training start alike where no checkpoint says how
    model = StarterModel.build() if begin_with is None else StarterModel.load(begin_with)
    if (folder / "text_encoder").exists():
        model.text = UMT5EncoderModel.from_pretrained(folder / "text_encoder").float()
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
    bank = ClipBank(folder / "cache", encoder, seed)
    while bank.refresh(limit=1000) == 0:
        time.sleep(5)
    report = _Report(bank)
    while checkpoint.minutes < minutes:
        wait_while_paused(folder)
        started = time.process_time()
        progress = min(1.0, checkpoint.minutes / minutes)
        batch = bank.batch(still=max(0.15, 0.45 - 0.45 * progress), short=0.35)  # shapes and colours first
        losses = _losses(model, batch, progress, device)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        norm = trainer.step(progress, warmup=60)
        update_average(average, model, trainer.steps)
        checkpoint.minutes = agree(checkpoint.minutes + (time.process_time() - started) / 60)
        report.add(batch, losses, f"{trainer.steps} {checkpoint.minutes:.2f}min norm {norm:.2f}")
        checkpoint.keep(over=checkpoint.minutes >= minutes)


def _losses(model: StarterModel, batch: Batch, progress: float, device: str) -> Tensor:
    """(B,) of a batch: what was asked counts more early in a run, how fine it looks late."""
    gain = SUBJECT_GAIN * min(1.0, 4 * (1 - progress))
    sigma = sample_sigma(len(batch.clean), device, 2.0 - progress)
    clean, control, cover = batch.clean.to(device), batch.control.to(device), batch.cover.to(device)
    with half_precision(device), _attention(device):
        loss = flow_loss(model, clean, batch.captions, control, sigma, cover, gain)
        return loss + gain * model.readouts.loss(cover, batch.labels.to(device), batch.references)


class _Report:
    """A line now and then: how far the training is, and the running mean of the loss for every kind of request."""

    EVERY = 20

    def __init__(self, bank: ClipBank) -> None:
        self.bank = bank
        self.steps = self.seen = 0
        self.recent: dict[str, float] = {}

    def add(self, batch: Batch, losses: Tensor, where: str) -> None:
        self.steps += 1
        self.seen += len(batch.clean)
        for kind, loss in zip(batch.kinds, losses.tolist(), strict=True):
            self.recent[kind] = 0.99 * self.recent.get(kind, loss) + 0.01 * loss
        if self.steps % self.EVERY == 0:
            clips = self.bank.refresh()
            if rank() == 0:
                text = " ".join(f"{kind}:{value:.3f}" for kind, value in sorted(self.recent.items()))
                print(f"{where} {self.seen} of {clips} {text}", flush=True)
