"""Clips at hand, and batches of them: what a step of the transformer's training, or of its distillation, sees.

The encoder is causal, so the first T latent frames of a clip are the latents of a shorter clip: single pictures and
short clips, many per second, teach shapes, colours and places; full clips teach motion.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from pipelines.starter.clips import ClipLatents, LatentEncoder, load_shard, make_clips, sample_shape, unpacked_bits
from pipelines.starter.diorama.captions import caption
from pipelines.starter.readouts import scene_labels
from pipelines.starter.shots import ShotSource
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR
from pipelines.vace import pack_mask

TOKENS = {"cpu": 1600, "cuda": 48_000}  # in a batch
CAPACITY = 4000  # clips of one size and length; after that new ones take the place of the oldest
DROP_CONTROL = 0.12
DROP_PROMPT, DROP_PROMPT_SHOWN, DROP_PROMPT_BEGUN = 0.12, 0.28, 0.5  # a picture is mostly set in motion without words
REFERENCED = (0.56, 0.29, 0.1, 0.05)  # batches with none to three reference pictures
UNNAMED = 0.65  # captions that leave to a reference what it tells
BEGUN = ("given", "warped")
LOOK_AGAIN = 10.0  # seconds between two looks for new shards
DRAWN_AT_ONCE = 64
DRAWING = 0.5  # of the time, while a training makes its clips itself


@dataclass(frozen=True, eq=False)
class Batch:
    """`clean` (B, z, R + T, h, w), `control` (B, 2z + s*s, R + T, h, w), `cover` (B, R + T, h, w): where the subjects
    are; a caption and a kind each; `labels` of the scenes, as `scene_labels` gives them; `held` (B,) latent frames held
    in place after the first R, which are reference pictures."""

    clean: Tensor
    control: Tensor
    cover: Tensor
    captions: list[str]
    kinds: list[str]
    labels: Tensor
    held: Tensor
    references: int


class Feed(Protocol):
    """Where a bank's clips come from."""

    def fresh(self) -> list[ClipLatents]:
        """Those that are new; none is a good answer, too, but not to the first question."""
        ...


class Shards:
    """The files that `clips.produce` writes, also while it is in use; at first it waits for one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: set[Path] = set()
        self._looked = -LOOK_AGAIN

    def fresh(self) -> list[ClipLatents]:
        if self._loaded and time.monotonic() - self._looked < LOOK_AGAIN:
            return []
        while True:
            self._looked = time.monotonic()
            new = [path for path in sorted(self.folder.glob("*.pt")) if path not in self._loaded]
            if new or self._loaded:
                break
            time.sleep(1)
        self._loaded.update(new)
        return [clip for path in new for clip in load_shard(path)]


class Drawing:
    """Clips drawn and encoded when they are asked for, on the device that learns: no more than a share of the time."""

    def __init__(self, source: ShotSource, encoder: LatentEncoder, at_once: int = DRAWN_AT_ONCE) -> None:
        self.source, self.encoder, self.at_once = source, encoder, at_once
        self._begun = time.monotonic()
        self._spent = 0.0

    def fresh(self) -> list[ClipLatents]:
        started = time.monotonic()
        if self._spent > DRAWING * (started - self._begun):
            return []
        clips = make_clips(self.source, self.encoder, sample_shape(self.source.rng), self.at_once)
        self._spent += time.monotonic() - started
        return clips


class ClipBank:
    """The clips at hand, grouped by size and length."""

    def __init__(self, feed: Feed, encoder: LatentEncoder, seed: int, tokens: int | None = None) -> None:
        self.feed, self.encoder = feed, encoder
        self.tokens = tokens or TOKENS["cpu" if encoder.device == "cpu" else "cuda"]
        self.rng = np.random.default_rng(seed)
        self.groups: dict[tuple[int, int, int], deque[ClipLatents]] = defaultdict(lambda: deque(maxlen=CAPACITY))

    def refresh(self) -> int:
        """Take in what is new; returns how many clips are at hand."""
        for clip in self.feed.fresh():
            self.groups[clip.latent_size].append(clip.to(self.encoder.device))
        return sum(len(group) for group in self.groups.values())

    def batch(self, still: float, short: float) -> Batch:
        """A random batch: with chance `still` of single pictures, else of clips, which with chance `short` are cut to
        their first frames, two latent ones or more."""
        rng = self.rng
        key = self._shape(still)
        references = int(rng.choice(len(REFERENCED), p=REFERENCED))
        group = list(self.groups[key])
        while references and not any(len(clip.references) >= references for clip in group):
            references -= 1
        group = [clip for clip in group if len(clip.references) >= references]
        full, height, width = key
        length = full if full < 3 or rng.random() > short else int(rng.integers(2, full))
        count = max(4, self.tokens // (height * width // 4 * (length + references)))
        picked = [group[i] for i in rng.integers(len(group), size=count)]
        shown = [sorted(rng.permutation(len(clip.references))[:references]) for clip in picked]
        free = rng.random(count) < DROP_CONTROL
        kinds = ["none" if drop else clip.kind for clip, drop in zip(picked, free, strict=True)]
        captions = [
            self._caption(clip, kind, [clip.references[i][0] for i in which])
            for clip, kind, which in zip(picked, kinds, shown, strict=True)
        ]
        clean, control = self._tensors(picked, free, length, shown)
        cover = torch.stack([clip.cover[:length] for clip in picked]).float()
        held = [0 if drop or not clip.hold else (clip.hold - 1) // TEMPORAL_FACTOR + 1
                for clip, drop in zip(picked, free, strict=True)]  # fmt: skip
        return Batch(
            clean, control, torch.cat([cover.new_zeros(count, references, height, width), cover], dim=1), captions,
            [kind + (f"+{references}" if references else "") for kind in kinds],
            scene_labels([clip.scene for clip in picked], pictures=full == 1).to(clean.device),
            torch.tensor(held, device=clean.device).clamp_max(length), references,
        )  # fmt: skip

    def _shape(self, still: float) -> tuple[int, int, int]:
        pictures, clips = ([key for key in self.groups if (key[0] == 1) == one] for one in (True, False))
        keys = pictures if pictures and (self.rng.random() < still or not clips) else clips
        weights = np.array([float(len(self.groups[key])) for key in keys])
        return keys[int(self.rng.choice(len(keys), p=weights / weights.sum()))]

    def _tensors(
        self, picked: list[ClipLatents], free: np.ndarray, length: int, shown: list[list[int]]
    ) -> tuple[Tensor, Tensor]:
        """Clean latents and control of a batch, references first: what `control_tensor` builds, for all clips at once.
        Where `free`, nothing is given."""
        full, height, width = picked[0].latent_size
        frames = (full - 1) * TEMPORAL_FACTOR + 1
        empty = self.encoder.empty(frames, SPATIAL_FACTOR * height, SPATIAL_FACTOR * width)

        def stacked(part: Callable[[ClipLatents], Tensor | None]) -> Tensor:
            streams = [None if drop else part(clip) for clip, drop in zip(picked, free, strict=True)]
            return torch.stack([empty[:, :length] if s is None else s[:, :length].float() for s in streams])

        clean = torch.stack([clip.clean[:, :length] for clip in picked]).float()
        clip_control = torch.cat(
            [stacked(lambda c: c.inactive), stacked(lambda c: c.reactive), self._masks(picked, free, length)], dim=1
        )
        pictures = [
            torch.cat([clip.references[i][1] for i in which], dim=1) for clip, which in zip(picked, shown, strict=True)
            if which
        ]  # fmt: skip
        if not pictures:
            return clean, clip_control
        beside = torch.stack(pictures).float()
        nothing = clip_control.new_zeros(len(picked), clip_control.shape[1] - beside.shape[1], *beside.shape[2:])
        return torch.cat([beside, clean], dim=2), torch.cat([torch.cat([beside, nothing], dim=1), clip_control], dim=2)

    def _masks(self, picked: list[ClipLatents], free: np.ndarray, length: int) -> Tensor:
        """(B, s*s, T, h, w): the packed masks of the clips' first frames, one below the other in one call."""
        _, height, width = picked[0].latent_size
        frames = (length - 1) * TEMPORAL_FACTOR + 1
        made = torch.full((frames, height * SPATIAL_FACTOR, width), 255, dtype=torch.uint8, device=self.encoder.device)
        bits = [made if drop or clip.mask is None else clip.mask[:frames]
                for clip, drop in zip(picked, free, strict=True)]  # fmt: skip
        packed = pack_mask(unpacked_bits(torch.cat(bits, dim=1)), SPATIAL_FACTOR, TEMPORAL_FACTOR)
        return packed.unflatten(2, (len(picked), height)).permute(2, 0, 1, 3, 4)

    def _caption(self, clip: ClipLatents, kind: str, told: list[int]) -> str:
        """What the pictures shown say already is often left unsaid."""
        rng = self.rng
        drop = DROP_PROMPT_BEGUN if kind in BEGUN else DROP_PROMPT_SHOWN if told or kind == "structure" else DROP_PROMPT
        if clip.scene is None or rng.random() < drop:
            return ""
        unnamed = {tells for tells in told if rng.random() < UNNAMED}
        return caption(clip.scene, rng, forget=0.3 if kind in BEGUN else 0.1, unnamed=unnamed)
