"""Every picture a scene is drawn from, in one row of numbers on one device, and how fragments read it.

A texel is eight bytes, read as one number: red, green, blue, alpha, depth (128 is the card's plane), light, the share
that takes on a colour, and one to spare. Each picture has halved copies of itself for when it is seen small.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Texels = NDArray[np.uint8]  # (H, W, 8)
LEVELS = 5
FULL_LIGHT = 200.0  # the byte that is a light of 1


def at(values: Tensor, index: Tensor) -> Tensor:
    """Rows of `values` at `index` (n,): what `values[index]` says, in a third of its time on a CPU."""
    return values.index_select(0, index)


@dataclass(frozen=True)
class Textures:
    """`texels` (n,) int64; `begin`, `width`, `height` (T * LEVELS,) int64, one row for each halving of each picture."""

    texels: Tensor
    begin: Tensor
    width: Tensor
    height: Tensor

    def to(self, device: str | torch.device) -> Textures:
        """The same on another device."""
        return Textures(*(part.to(device) for part in (self.texels, self.begin, self.width, self.height)))

    def read(self, picture: Tensor, level: Tensor, x: Tensor, y: Tensor, repeat: Tensor) -> Tensor:
        """(n, 8) float32 of 0..255 between texels. `picture`, `level` (n,) int64; `x`, `y` (n,) in parts of a picture,
        y downwards; with `repeat` (n,) 1 x goes round, with 2 y too, else they stop at the rim."""
        row = picture * LEVELS + level
        begin, width, height = at(self.begin, row), at(self.width, row), at(self.height, row)
        x, y = x * width - 0.5, y * height - 0.5
        left, top = x.floor(), y.floor()
        across, down = (x - left)[:, None], (y - top)[:, None]
        columns = [_inside(left.long() + i, width, repeat > 0) for i in (0, 1)]
        rows = [begin + _inside(top.long() + i, height, repeat > 1) * width for i in (0, 1)]
        upper, lower = (
            torch.lerp(self._bytes(start + columns[0]), self._bytes(start + columns[1]), across) for start in rows
        )
        return torch.lerp(upper, lower, down)

    def depth(self, picture: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """(n,) in -1..1, of the nearest texel of the first halving."""
        return ((self._nearest(picture, x, y) >> 32) & 255).float() / 127.5 - 1

    def anything(self, picture: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """(n,) whether there is anything in the nearest texel of the first halving."""
        return ((self._nearest(picture, x % 1, y % 1) >> 24) & 255) > 0

    def _nearest(self, picture: Tensor, x: Tensor, y: Tensor) -> Tensor:
        row = picture * LEVELS + 1
        width, height = at(self.width, row), at(self.height, row)
        column = (x * width).long().clamp_min(0).minimum(width - 1)
        line = (y * height).long().clamp_min(0).minimum(height - 1)
        return at(self.texels, at(self.begin, row) + line * width + column)

    def _bytes(self, index: Tensor) -> Tensor:
        return at(self.texels, index).view(torch.uint8).view(-1, 8).float()


def _inside(value: Tensor, size: Tensor, repeat: Tensor) -> Tensor:
    return torch.where(repeat, value.remainder(size), value.clamp_min(0).minimum(size - 1))


class TextureShelf:
    """Collects pictures; `done` makes them one. A picture's number is its place in the order of adding."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.int64]] = []
        self._sizes: list[tuple[int, int]] = []

    def add(self, texels: Texels) -> int:
        """The number of a new picture (H, W, 8) uint8."""
        level = texels
        for step in range(LEVELS):
            if step and min(level.shape[:2]) >= 4:
                size = (level.shape[1] // 2, level.shape[0] // 2)
                halves = [cv2.resize(level[..., i : i + 4], size, interpolation=cv2.INTER_AREA) for i in (0, 4)]
                level = np.dstack(halves)
            self._parts.append(np.ascontiguousarray(level).view(np.int64).reshape(-1))
            self._sizes.append((level.shape[1], level.shape[0]))
        return len(self._sizes) // LEVELS - 1

    def done(self) -> Textures:
        begin = np.cumsum([0, *(len(part) for part in self._parts[:-1])])
        width, height = np.array(self._sizes, np.int64).T
        return Textures(*(torch.from_numpy(np.ascontiguousarray(a)) for a in
                          (np.concatenate(self._parts), begin, width, height)))  # fmt: skip


def paint(colour: NDArray, alpha: NDArray | float = 1.0, light: NDArray | float = 1.0, tint: float = 0.0) -> Texels:
    """A flat picture's texels from colour (H, W, 3), alpha and light (H, W), all about 0..1."""
    texels = np.zeros((*colour.shape[:2], 8), np.uint8)
    texels[..., :3] = np.clip(np.rint(colour * 255), 0, 255)
    texels[..., 3] = np.clip(np.rint(np.asarray(alpha) * 255), 0, 255)
    texels[..., 4] = 128
    texels[..., 5] = np.clip(np.rint(np.asarray(light) * FULL_LIGHT), 0, 255)
    texels[..., 6] = round(tint * 255)
    return texels


def mean_colour(texels: Texels) -> tuple[float, float, float]:
    """RGB in 0..1 of what is seen of a picture, without its light."""
    weight = texels[..., 3:4].astype(np.float64)
    red, green, blue = (texels[..., :3] * weight).sum(axis=(0, 1)) / max(1.0, float(weight.sum())) / 255
    return float(red), float(green), float(blue)
