"""A batch of clips: as a step of a training sees it, and as it is handed on by the process that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from pipelines.starter.clips import unpacked_bits
from pipelines.starter.text import Tokens
from pipelines.starter.vae import SPATIAL_FACTOR, TEMPORAL_FACTOR
from pipelines.vace import pack_mask


@dataclass(frozen=True, eq=False)
class Batch:
    """`clean` (B, z, R + T, h, w), `control` (B, 2z + s*s, R + T, h, w), `cover` (B, R + T, h, w): where the subjects
    are; the tokens of a caption and a kind each; `labels` of the scenes, as `scene_labels` gives them; `held` (B,)
    latent frames held in place after the first R, which are reference pictures; `origins`
    (B, 2, R + T, h / 2, w / 2, 2) as `origins.origins` says, NaN where nobody knows; not `whole`: parts of frames."""

    clean: Tensor
    control: Tensor
    cover: Tensor
    tokens: Tokens
    kinds: list[str]
    labels: Tensor
    held: Tensor
    origins: Tensor
    references: int
    whole: bool = True


@dataclass(frozen=True, eq=False)
class Picked:
    """A batch as it is cheapest to hand on: halves, masks as bits (B, F, H, W / 8), and `beside` (B, z, R, h, w) the
    reference pictures; all else as in `Batch`, of the clips alone."""

    clean: Tensor
    inactive: Tensor
    reactive: Tensor
    mask: Tensor
    beside: Tensor
    cover: Tensor
    tokens: Tokens
    captions: list[str]
    kinds: list[str]
    labels: Tensor
    held: Tensor
    origins: Tensor
    whole: bool = True

    def pin_memory(self) -> Picked:
        """The same where a GPU reads it at full speed; what `DataLoader` asks for."""
        return self._each(Tensor.pin_memory)

    def on(self, device: str) -> Batch:
        """The batch, built on that device: references first, as `control_tensor` does for one clip."""
        here = self._each(lambda part: part.to(device, non_blocking=True))
        count, references = len(here.clean), here.beside.shape[2]
        control = torch.cat([here.inactive.float(), here.reactive.float(), here._masks()], dim=1)
        beside = here.beside.float()
        nothing = control.new_zeros(count, control.shape[1] - beside.shape[1], *beside.shape[2:])
        cover = here.cover.float()
        return Batch(
            torch.cat([beside, here.clean.float()], dim=2),
            torch.cat([torch.cat([beside, nothing], dim=1), control], dim=2),
            torch.cat([cover.new_zeros(count, references, *cover.shape[2:]), cover], dim=1),
            here.tokens, here.kinds, here.labels, here.held,
            torch.cat([unknown_origins(count, references, *cover.shape[2:]).to(device), here.origins], dim=2),
            references, here.whole,
        )  # fmt: skip

    def _each(self, change: Callable[[Tensor], Tensor]) -> Picked:
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {name: change(part) for name, part in parts.items() if isinstance(part, Tensor)}
        return replace(self, **changed, tokens=Tokens(*map(change, self.tokens)))

    def _masks(self) -> Tensor:
        """(B, s*s, T, h, w): the packed masks, made of all clips one below the other in one call."""
        count, frames, height, width = self.mask.shape
        column = self.mask.transpose(0, 1).reshape(frames, count * height, width)
        packed = pack_mask(unpacked_bits(column), SPATIAL_FACTOR, TEMPORAL_FACTOR)
        return packed.unflatten(2, (count, height // SPATIAL_FACTOR)).permute(2, 0, 1, 3, 4)


def unknown_origins(count: int, frames: int, height: int, width: int) -> Tensor:
    """(count, 2, frames, height / 2, width / 2, 2) NaN, of latent frames of that size."""
    return torch.full((count, 2, frames, height // 2, width // 2, 2), torch.nan, dtype=torch.float16)
