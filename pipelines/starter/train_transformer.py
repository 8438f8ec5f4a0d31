"""Training of the transformer and the text encoder on cached clips, all modes at once.

The encoder is causal, so the first T latent frames of a cached clip are the latents of a shorter clip: single pictures
and short clips, many per second, teach shapes, colours and places; full clips teach motion. `transformer.pt` in the
run's folder (weights, their running average, optimiser state, minutes) is rewritten every few minutes.
"""

from __future__ import annotations

import copy
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from pipelines.starter.captions import caption
from pipelines.starter.clips import ClipLatents, LatentEncoder, load_shard
from pipelines.starter.optim import Trainer, agree
from pipelines.starter.transformer import StarterModel, flow_loss, sample_sigma
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR
from pipelines.vace import control_tensor, pack_mask

MATRIX_LR, REST_LR = 0.012, 1.5e-3
EMA = 0.998
TOKENS_PER_BATCH = 2800
DROP_CONTROL, DROP_PROMPT, DROP_PROMPT_SHOWN = 0.12, 0.12, 0.28
# A subject fills a tenth of a frame and is most of what is asked for: until late in a run its cells count so much more.
SUBJECT_GAIN = 3.0


@dataclass(frozen=True)
class Batch:
    """`clean` (B, z, R + T, h, w), `control` (B, 2z + s*s, R + T, h, w), `cover` (B, R + T, h, w): where the subject
    is; a caption and a kind each."""

    clean: Tensor
    control: Tensor
    cover: Tensor
    captions: list[str]
    kinds: list[str]


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
        with_reference = bool(rng.random() < 0.35)
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
        return Batch(torch.stack(clean), torch.stack(control), torch.stack(cover), list(captions), list(kinds))

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
        shown = referenced or kind in ("first", "structure")
        if rng.random() < (DROP_PROMPT_SHOWN if shown else DROP_PROMPT):
            return ""
        forget = 0.1
        if referenced and not clip.style and rng.random() < 0.5:
            forget = 0.75
        elif kind == "first":
            forget = 0.3
        return caption(clip.scene, rng, forget)


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


def train_transformer(
    folder: Path, encoder: LatentEncoder, minutes: float, device: str = "cpu", compiled: bool = True,
    begin_with: Path | None = None,
) -> None:  # fmt: skip
    """Train for `minutes` of processor time in all (a shared machine's clock says little) on `folder/cache`, from
    `folder/transformer.pt` where it exists, else from the saved starter in `begin_with`, else from nothing."""
    seed = time.time_ns() % 2**31
    rank = dist.get_rank() if dist.is_initialized() else 0
    torch.manual_seed(0)  # processes of one training start alike where no checkpoint says how
    model = (StarterModel.build() if begin_with is None else StarterModel.load(begin_with)).to(device)
    average = copy.deepcopy(model).requires_grad_(False)
    trainer = Trainer(model, StarterModel.PLAIN, MATRIX_LR, REST_LR)
    checkpoint, spent = folder / "transformer.pt", 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        trainer.load_state_dict(saved["trainer"])
        spent = saved["minutes"]
    if compiled:
        compile_blocks(model)
    torch.manual_seed(seed + rank)
    bank = ClipBank(folder / "cache", encoder, seed + rank)
    while bank.refresh(limit=1000) == 0:
        time.sleep(5)
    recent: dict[str, float] = {}
    last_save, seen = time.monotonic(), 0
    while spent < minutes:
        while (folder / "PAUSE").exists():
            time.sleep(1)
        started = time.process_time()
        progress = min(1.0, spent / minutes)
        batch = bank.batch(still=max(0.2, 0.85 - 0.75 * progress), short=0.4)  # shapes and colours first
        clean, control = batch.clean.to(device), batch.control.to(device)
        gain, sigma = SUBJECT_GAIN * min(1.0, 4 * (1 - progress)), sample_sigma(len(clean), device)
        with torch.autocast(device, torch.bfloat16):
            losses = flow_loss(model, clean, batch.captions, control, sigma, batch.cover.to(device), gain)
        losses.mean().backward()  # type: ignore[no-untyped-call]
        norm = trainer.step(spent / minutes, warmup=60)
        update_average(average, model, trainer.steps)
        seen += len(clean)
        elapsed = time.process_time() - started
        spent = agree(spent + elapsed / 60)
        for kind, loss in zip(batch.kinds, losses.tolist(), strict=True):
            recent[kind] = 0.99 * recent.get(kind, loss) + 0.01 * loss
        if trainer.steps % 20 == 0:
            clips = bank.refresh()
        if trainer.steps % 20 == 0 and rank == 0:
            text = " ".join(f"{kind}:{value:.3f}" for kind, value in sorted(recent.items()))
            print(f"{trainer.steps} {spent:.2f}min {elapsed:.2f}s {seen} of {clips} norm {norm:.2f} {text}", flush=True)
        if rank == 0 and (time.monotonic() - last_save > 90 or spent >= minutes):
            state = {"model": model.state_dict(), "average": average.state_dict(), "trainer": trainer.state_dict(),
                     "minutes": spent}  # fmt: skip
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").rename(checkpoint)
            last_save = time.monotonic()
