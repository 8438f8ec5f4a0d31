"""Latents as the studio's decoder gets them, and the frames they should become: what that is taught on.

A decoder that has only seen an encoder's latents draws the edges of their cells into every clip whose latents are a
little wrong, as those of made clips are. So the latents of a drawn clip are lost in noise, some more, some less, and
found again by the transformer with the clip's caption, as in use.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipelines.sampling import denoise
from pipelines.starter.clips import LatentEncoder
from pipelines.starter.crops import PhotoClips, normal
from pipelines.starter.diorama.captions import caption
from pipelines.starter.exercises import awaited, load_exercises
from pipelines.starter.export import Defaults
from pipelines.starter.train_distil import guided_velocity
from pipelines.starter.transformer import StarterModel
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR
from pipelines.vace import pack_mask

MADE = 0.5  # of the clips of the world: their latents are what the transformer makes, the others' the encoder's
ANEW = (1, 5)  # of its eight steps: how many are done again; with more, a clip is another one
OF_LENGTH = {1: 0.25, 17: 0.65, 25: 0.1}  # of what is taken in, where there are such: frames of its clips
AT_FIRST = (17, 1, 25, 17, 17, 17, 17, 1)  # files taken in before the first batch
OF_EACH = 48  # clips taken from one, at most
PHOTOS = 6  # clips of photo-like pictures beside them
TOGETHER = 24  # latent frames encoded, or made, in one go
CAPACITY = 400  # clips of one size and length at hand
SIDES = {6: 0.45, 8: 0.25, 99: 0.3}  # of the batches: latent cells seen of a clip, down and across; 99 are all
CELLS = 720  # in a batch, of all its frames; one clip's at least
WHOLE = 0.6  # of the batches: clips to their ends; the others, beginnings


class Pairs:
    """Latents, normalised, and the frames they should become: clips of the world and of photo-like pictures."""

    def __init__(
        self, folder: Path, model: StarterModel, defaults: Defaults, encoder: LatentEncoder, seed: int
    ) -> None:  # fmt: skip
        self.drawn, self.encoder = folder / "drawn", encoder
        self.model, self.defaults = model, defaults
        self.rng, self.turns = np.random.default_rng(seed), np.random.default_rng(0)
        self.photos = PhotoClips(self.rng, folder / "real")
        self.pools: dict[tuple[int, ...], deque[tuple[Tensor, Tensor]]] = {}
        lengths = list(OF_LENGTH)
        self._lengths = chain(AT_FIRST, iter(lambda: int(self.turns.choice(lengths, p=list(OF_LENGTH.values()))), None))
        for _ in AT_FIRST:
            self.refresh()

    def refresh(self) -> None:
        """Take in a file of clips, of a length whose turn it is in all processes of a training, and some photos."""
        files = awaited(self.drawn)
        length = next(self._lengths)
        some = [path for path in files if path.stem.split("-")[0].endswith(f"x{length}")] or files
        found = load_exercises(some[int(self.rng.integers(len(some)))])
        found = [found[i] for i in self.rng.permutation(len(found))[:OF_EACH]]
        frames, height, width = found[0].frames.shape[:3]
        at_once = max(1, TOGETHER // ((frames - 1) // TEMPORAL_FACTOR + 1))
        for start in range(0, len(found), at_once):
            group = found[start : start + at_once]
            video = torch.from_numpy(np.stack([one.frames for one in group]))
            latents = self.encoder(normal(video).to(self.encoder.device))
            if self.rng.random() < MADE:
                captions = [caption(one.scene, self.rng) if one.scene is not None else "" for one in group]
                latents = made_again(self.model, self.defaults, self.encoder, latents, captions, self.rng)
            self._keep(latents, video)
        self.photos.refresh()
        for _ in range(PHOTOS):
            clip = torch.from_numpy(self.photos.clip(self.rng, frames, height, width))[None]
            self._keep(self.encoder(normal(clip).to(self.encoder.device)), clip)

    def _keep(self, latents: Tensor, video: Tensor) -> None:
        pool = self.pools.setdefault(tuple(latents.shape[2:]), deque(maxlen=CAPACITY))
        pool.extend(zip(latents.half().cpu(), video, strict=True))

    def batch(self, times: int) -> tuple[Tensor, Tensor]:
        """Latents (B, z, T, h, w) and frames (B, F, H, W, 3) uint8 of parts of some clips; `times` as many as a batch
        has on a CPU."""
        rng = self.rng
        sizes = list(self.pools)
        counts = np.array([len(self.pools[size]) for size in sizes])
        whole = sizes[int(rng.choice(len(sizes), p=counts / counts.sum()))]
        side = int(rng.choice(list(SIDES), p=list(SIDES.values())))
        length = whole[0] if rng.random() < WHOLE else int(rng.integers(1, whole[0] + 1))
        part = length, min(side, whole[1]), min(side, whole[2])
        chosen = rng.integers(len(self.pools[whole]), size=times * max(1, CELLS // math.prod(part)))
        latents, frames = zip(*(self._part(self.pools[whole][i], part) for i in chosen), strict=True)
        return torch.stack(latents), torch.stack(frames)

    def _part(self, pair: tuple[Tensor, Tensor], size: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
        """The beginning of a clip, cut to so many latent frames, rows and columns, anywhere in it."""
        (latents, frames), (length, rows, columns) = pair, size
        y, x = (int(self.rng.integers(all_of - n + 1)) for all_of, n in zip(latents.shape[2:], size[1:], strict=True))
        down, across = (slice(SPATIAL_FACTOR * at, SPATIAL_FACTOR * (at + n)) for at, n in ((y, rows), (x, columns)))
        seen = frames[: (length - 1) * TEMPORAL_FACTOR + 1, down, across]
        return latents[:, :length, y : y + rows, x : x + columns], seen


@torch.no_grad()
def made_again(
    model: StarterModel, defaults: Defaults, encoder: LatentEncoder, latents: Tensor, captions: Sequence[str],
    rng: np.random.Generator,
) -> Tensor:  # fmt: skip
    """Clips (B, z, T, h, w) of which nothing is given but their captions, lost in noise and made anew in the last
    steps of a sampling, guided; some of them or nearly all."""
    count, _, length, rows, columns = latents.shape
    shape = ((length - 1) * TEMPORAL_FACTOR + 1, SPATIAL_FACTOR * rows, SPATIAL_FACTOR * columns)
    empty = encoder.empty(*shape).to(latents)
    mask = pack_mask(torch.ones(shape), SPATIAL_FACTOR, TEMPORAL_FACTOR).to(latents)
    control = torch.cat([empty, empty, mask])[None].expand(count, -1, -1, -1, -1)
    tokens = model.tokens(captions), model.tokens([""] * count)
    sampling = defaults.sampling(seed=0)

    def predict(noisy: Tensor, timestep: Tensor, done: float) -> Tensor:
        sigma = (timestep.float() / 1000).to(noisy).expand(count)
        scale = sampling.guidance_scale if sampling.guided(done) else 1.0
        return guided_velocity(model, noisy, sigma, tokens, control, scale)

    strength = int(rng.integers(ANEW[0], ANEW[1] + 1)) / defaults.num_inference_steps
    noise = torch.from_numpy(rng.standard_normal(latents.shape, dtype=np.float32)).to(latents)
    return denoise(predict, noise, sampling, initial=latents, strength=strength)
