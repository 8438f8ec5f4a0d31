"""Clips at hand, and random batches of them for the transformer's training and its distillation.

The encoder is causal, so the first T latent frames of a clip are the latents of a shorter clip: single pictures and
short clips, many per second, teach shapes, colours and places; full clips teach motion.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import PreTrainedTokenizerFast

from pipelines.starter.batch import Batch, Picked, unknown_origins
from pipelines.starter.clips import ClipLatents, Shard, load_shard
from pipelines.starter.diorama.captions import caption
from pipelines.starter.orders import is_calm
from pipelines.starter.parts import in_parts, part_side
from pipelines.starter.readouts import scene_labels
from pipelines.starter.runs import rank
from pipelines.starter.text import tokenize
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR

CAPACITY = 24_000  # clips of one size and length; after that new ones take the place of the oldest
DROP_CONTROL = 0.12
DROP_PROMPT, DROP_PROMPT_SHOWN = 0.12, 0.28
# Of clips that begin with a picture: calm ones, and those in which something is done, which is for words to say. So
# what a picture without words becomes is known, and is not the mean of all that it might
DROP_PROMPT_CALM, DROP_PROMPT_BEGUN = 0.85, 0.12
REFERENCED = (0.44, 0.38, 0.12, 0.06)  # batches with none to three reference pictures
UNNAMED = 0.65  # captions that leave to a reference what it tells
BEGUN = ("given", "warped")
# How much more often clips are picked whose camera moves: in one of fourteen ways, which takes long to learn; those of
# these kinds; those that go on from several frames
MOVING, OFTEN, GOING_ON = 2.0, {"given": 1.8, "warped": 1.7}, 1.6
LOOK_AGAIN = 10.0  # seconds between two looks for new shards
CAPTION = 16  # tokens that a batch holds less for every caption, which takes time to write and to read, too
AT_A_TIME = 8  # shards read before the next batch is made


class Feed(Protocol):
    """Where a bank's clips come from."""

    def fresh(self) -> list[Shard]:
        """Those that are new; none is a good answer, too, but not to the first question."""
        ...


class Shards:
    """The files that `clips.encode_drawn` writes, also while it is in use; at first it waits for one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: set[Path] = set()
        self._unread: list[Path] = []
        self._looked = -LOOK_AGAIN

    def fresh(self) -> list[Shard]:
        while not self._unread and time.monotonic() - self._looked > LOOK_AGAIN:
            self._looked = time.monotonic()
            self._unread = [path for path in self.folder.glob("*.pt") if path not in self._known]
            random.shuffle(self._unread)
            self._known.update(self._unread)
            if not self._known:
                time.sleep(1)
                self._looked = -LOOK_AGAIN
        now, self._unread = self._unread[:AT_A_TIME], self._unread[AT_A_TIME:]
        return [load_shard(path) for path in now]


class ClipBank:
    """The clips at hand, grouped by size and length; `tokens` of the transformer make a batch."""

    def __init__(self, feed: Feed, tokenizer: PreTrainedTokenizerFast, seed: int, tokens: int) -> None:
        self.feed, self.tokenizer, self.tokens = feed, tokenizer, tokens
        self.rng = np.random.default_rng(seed)
        self.groups: dict[tuple[int, int, int], deque[ClipLatents]] = defaultdict(lambda: deque(maxlen=CAPACITY))
        self.empty: dict[tuple[int, int, int], Tensor] = {}
        self._choices: dict[tuple[tuple[int, int, int], int], tuple[list[ClipLatents], NDArray[np.float64]]] = {}

    def refresh(self) -> int:
        """Take in what is new; returns how many clips are at hand."""
        for shard in self.feed.fresh():
            self._choices.clear()
            frames, height, width = shard.empty.shape[1:]
            self.empty[frames, height, width] = shard.empty
            self.groups[frames, height, width].extend(shard.clips)
        return sum(len(group) for group in self.groups.values())

    def batch(self, still: float, short: float, parts: float = 0.0) -> Picked:
        """A random batch: with chance `still` of single pictures, else of clips, which with chance `short` are cut to
        their first frames, two latent ones or more; with chance `parts` of parts of them, without references."""
        rng = self.rng
        key = self._shape(still)
        partly = rng.random() < parts
        references = 0 if partly else int(rng.choice(len(REFERENCED), p=REFERENCED))
        while references and not self._with(key, references)[0]:
            references -= 1
        group, chances = self._with(key, references)
        full, height, width = key
        length = full if full < 3 or rng.random() > short else int(rng.integers(2, full))
        area = part_side(height, width) ** 2 if partly else height * width
        count = max(4, self.tokens // (area // 4 * (length + references) + CAPTION))
        picked = [group[i] for i in rng.choice(len(group), size=count, p=chances)]
        shown = [sorted(rng.permutation(len(clip.references))[:references]) for clip in picked]
        free = rng.random(count) < DROP_CONTROL
        kinds = ["none" if drop else clip.kind for clip, drop in zip(picked, free, strict=True)]
        captions = [
            self._caption(clip, kind, [clip.references[i][0] for i in which])
            for clip, kind, which in zip(picked, kinds, shown, strict=True)
        ]
        given = [None if drop else clip for clip, drop in zip(picked, free, strict=True)]
        clean, inactive, reactive, mask = self._streams(picked, given, key, length)
        beside = [torch.cat([clean[0, :, :0], *(clip.references[i][1] for i in which)], dim=1)
                  for clip, which in zip(picked, shown, strict=True)]  # fmt: skip
        held = [0 if clip is None or not clip.hold else (clip.hold - 1) // TEMPORAL_FACTOR + 1 for clip in given]
        whole = Picked(
            clean, inactive, reactive, mask, torch.stack(beside),
            torch.stack([clip.cover[:length] for clip in picked]),
            tokenize(self.tokenizer, captions), captions,
            [kind + (f"+{references}" if references else " in part" if partly else "") for kind in kinds],
            scene_labels([clip.scene for clip in picked], pictures=full == 1),
            torch.tensor(held).clamp_max(length), self._origins(picked, (length, height, width)),
        )  # fmt: skip
        return in_parts(whole, rng) if partly else whole

    def _with(self, key: tuple[int, int, int], references: int) -> tuple[list[ClipLatents], NDArray[np.float64]]:
        """The clips of that size and length with so many reference pictures or more, and how likely each is picked;
        found anew when clips have come in."""
        if (key, references) not in self._choices:
            group = [clip for clip in self.groups[key] if len(clip.references) >= references]
            self._choices[key, references] = group, _chances(group)
        return self._choices[key, references]

    def _streams(
        self, picked: Sequence[ClipLatents], given: Sequence[ClipLatents | None], key: tuple[int, int, int], length: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The first `length` latent frames of clips, what is given of them in both streams, and its masks; None where
        nothing is."""
        empty = self.empty[key][:, :length]
        frames = (length - 1) * TEMPORAL_FACTOR + 1
        all_open = torch.full((frames, key[1] * SPATIAL_FACTOR, key[2]), 255, dtype=torch.uint8)

        def first(parts: Iterable[Tensor | None]) -> Tensor:
            return torch.stack([empty if part is None else part[:, :length] for part in parts])

        return (
            first(clip.clean for clip in picked), first(None if clip is None else clip.inactive for clip in given),
            first(None if clip is None else clip.reactive for clip in given),
            torch.stack([all_open if clip is None or clip.mask is None else clip.mask[:frames] for clip in given]),
        )  # fmt: skip

    def _origins(self, picked: Sequence[ClipLatents], size: tuple[int, int, int]) -> Tensor:
        """As in `Picked`, of the first latent frames of clips; unknown where the clip says nothing of it."""
        unknown = unknown_origins(1, *size)[0]
        return torch.stack([unknown if clip.origins is None else clip.origins[:, : size[0]] for clip in picked])

    def _shape(self, still: float) -> tuple[int, int, int]:
        pictures, clips = ([key for key in self.groups if (key[0] == 1) == one] for one in (True, False))
        keys = pictures if pictures and (self.rng.random() < still or not clips) else clips
        weights = np.array([float(len(self.groups[key])) for key in keys])
        return keys[int(self.rng.choice(len(keys), p=weights / weights.sum()))]

    def _caption(self, clip: ClipLatents, kind: str, told: list[int]) -> str:
        """What the pictures shown say already is often left unsaid."""
        rng = self.rng
        if clip.scene is None:
            return ""
        drop = DROP_PROMPT_SHOWN if told or kind == "structure" else DROP_PROMPT
        if kind in BEGUN:
            drop = DROP_PROMPT_CALM if is_calm(clip.scene) else DROP_PROMPT_BEGUN
        if rng.random() < drop:
            return ""
        unnamed = {tells for tells in told if rng.random() < UNNAMED}
        return caption(clip.scene, rng, forget=0.3 if kind in BEGUN else 0.1, unnamed=unnamed)


def _chances(group: Sequence[ClipLatents]) -> NDArray[np.float64]:
    """How likely each of them is picked."""
    moving = np.array([clip.scene is not None and clip.scene.camera != "static" for clip in group])
    going_on = np.array([clip.hold > 1 for clip in group])
    often = np.array([OFTEN.get(clip.kind, 1.0) for clip in group])
    chances = np.where(moving, MOVING, 1.0) * np.where(going_on, GOING_ON, 1.0) * often
    return chances / chances.sum()


class Batches(IterableDataset[Picked]):
    """Endless batches of the shards in a folder; `still`, as in `ClipBank.batch`, may be changed while they are made by
    other processes."""

    def __init__(
        self, folder: Path, tokenizer: PreTrainedTokenizerFast, tokens: int,
        still: float, short: float, parts: float = 0.0,
    ) -> None:  # fmt: skip
        self.folder, self.tokenizer, self.tokens = folder, tokenizer, tokens
        self.still, self.short, self.parts = torch.tensor(still).share_memory_(), short, parts
        self.seed = time.time_ns() % 2**31 + rank()

    def __iter__(self) -> Iterator[Picked]:
        worker = get_worker_info()
        bank = ClipBank(Shards(self.folder), self.tokenizer, self.seed + (worker.id if worker else 0), self.tokens)
        while True:
            bank.refresh()
            yield bank.batch(float(self.still), self.short, self.parts)

    def on(self, device: str, workers: int) -> Iterator[Batch]:
        """The batches on a device; so many processes make them ahead, or, 0, this one makes each when its turn
        comes."""
        loader = DataLoader(self, batch_size=None, num_workers=workers, pin_memory=device != "cpu")
        for picked in loader:
            yield picked.on(device)
