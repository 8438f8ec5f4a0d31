"""The pixels one round of cards may cover: where their rays meet the cards, and what is seen there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.starter.diorama.stage import BOX
from pipelines.starter.diorama.tables import NEAR, Table
from pipelines.starter.diorama.textures import FULL_LIGHT, LEVELS, Textures, at

STEPS = 2  # towards the relief; a third changes no pixel by more than a few parts of 255
HIP = 0.42  # of a card's height; what is below swings when it walks
_PALE, _BRIGHT = 0.25, 1.3  # how dark and light a tinted part may be, in parts of its colour
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, eq=False)
class Fragments:
    """n fragments: which `frame` and `card` row of the table, their pixel `x`, `y`, and the numbers of `Table`; all are
    of the rows `drawn` (N,)."""

    table: Table
    frame: Tensor
    card: Tensor
    x: Tensor
    y: Tensor
    drawn: Tensor

    def any(self, *columns: str) -> bool:
        """Whether one of these numbers is not zero for one of the cards drawn now."""
        return any(bool(at(self.table.column(column), self.drawn).any()) for column in columns)

    def __getitem__(self, column: str) -> Tensor:
        return at(self.table.column(column), self.card)

    def vector(self, *columns: str) -> Tensor:
        """(n, len(columns))."""
        return torch.stack([self[column] for column in columns], dim=1)

    def kept(self, keep: Tensor) -> Fragments:
        """Those at the given places."""
        frame, card, x, y = (at(part, keep) for part in (self.frame, self.card, self.x, self.y))
        return Fragments(self.table, frame, card, x, y, self.drawn)


def fragments(table: Table, cards: Tensor) -> Fragments:
    """All pixels in the boxes of one card (N,) of each frame."""
    left, top, wide, tall = at(table.box, cards).unbind(1)
    counts = wide * tall
    frame = torch.repeat_interleave(torch.arange(len(cards), device=cards.device), counts)
    inside = torch.arange(len(frame), device=cards.device) - at(counts.cumsum(0) - counts, frame)
    wide = at(wide, frame)
    line = inside // wide
    return Fragments(
        table, frame, at(cards, frame), at(left, frame) + inside - line * wide, at(top, frame) + line, cards
    )


@dataclass(frozen=True, eq=False)
class Hits:
    """Where fragments meet their cards: (n,) metres along the view, the point on the card (across, up, towards the
    front), where across it was before it was bent, and the place in its picture, in parts of it."""

    reach: Tensor
    across: Tensor
    up: Tensor
    level: Tensor
    place: Tensor
    u: Tensor
    v: Tensor

    def kept(self, keep: Tensor) -> Hits:
        """Those at the given places."""
        return Hits(*(at(getattr(self, name), keep) for name in self.__dataclass_fields__))


def hits(f: Fragments, textures: Textures) -> Hits:
    """Each fragment's ray, met with its card's plane and then with its relief."""
    x, y = f.x.float(), f.y.float()
    way = [f[f"d{i}"] * x + f[f"d{i + 1}"] * y + f[f"d{i + 2}"] for i in (0, 3, 6)]
    towards = torch.where(way[2].abs() < 1e-6, torch.full_like(way[2], 1e-6), way[2])
    start = [f[f"o{i}"] for i in range(3)]
    left, wide, top, tall = (f[name] for name in ("left", "wide", "top", "tall"))
    scroll_x, scroll_y = f["scroll_x"], f["scroll_y"]
    bends = (f["sway"], f["gait"]) if f.any("sway", "gait") else None

    def meet(level: Tensor) -> Hits:
        reach = (level - start[2]) / towards
        across, up = start[0] + reach * way[0], start[1] + reach * way[1]
        place = across - bend(*bends, across, up, top) if bends else across
        return Hits(reach, across, up, level, place, (place - left) * wide + scroll_x, (top - up) * tall + scroll_y)

    met = meet(torch.zeros_like(x))
    if f.any("relief"):
        relief, picture = f["relief"], at(f.table.picture, f.card)
        for _ in range(STEPS):
            met = meet(textures.depth(picture, met.u, met.v) * relief)
    return met


def bend(sway: Tensor, gait: Tensor, across: Tensor, up: Tensor, top: Tensor) -> Tensor:
    """How far a point of a card is moved sideways: its top by wind, its feet by walking, each side the other way."""
    height = (up / top.clamp_min(1e-3)).clamp(0, 1.5)
    return sway * height.square() + gait * (1 - height / HIP).clamp_min(0) * torch.tanh(across * 16)


def seen(f: Fragments, met: Hits, depth: Tensor, textures: Textures) -> Tensor:
    """The places of those fragments that lie on their cards, where their pictures are not empty, and before what is
    drawn already, at `depth` (n,)."""
    inside = (met.place >= f["left"]) & (met.place <= f["right"]) & (met.up >= f["bottom"]) & (met.up <= f["top"])
    maybe = (inside & (met.reach > NEAR) & (met.reach < depth + 0.03)).nonzero()[:, 0]
    card = at(f.card, maybe)
    picture, role = at(f.table.picture, card), at(f.table.role, card)
    there = textures.anything(picture, at(met.u, maybe), at(met.v, maybe)) | (role == BOX)
    return maybe[there]


def texels(f: Fragments, met: Hits, textures: Textures) -> Tensor:
    """(n, 8) what the pictures show there, from the halving that fits how small they are seen."""
    size = f["texel"] * met.reach
    if f.any("steep"):
        slope = (f["d6"] * f.x + f["d7"] * f.y + f["d8"]).abs().clamp_min(0.01)
        size = size * torch.where(f["steep"] > 0, slope.pow(-0.75), torch.ones_like(slope))
    level = (size.clamp_min(1e-6).log2() + 0.4).floor().clamp(0, LEVELS - 1).long()
    return textures.read(at(f.table.picture, f.card), level, met.u, met.v, at(f.table.repeat, f.card))


def shown(f: Fragments, texel: Tensor) -> Tensor:
    """(n, 3) the colour of texels in their card's tint and light."""
    colour = texel[:, :3] / 255
    if f.any("tinted"):
        share = (texel[:, 6] / 255 * f["tinted"])[:, None]
        shade = (colour @ colour.new_tensor(_LUMA) / f["tone"]).clamp(_PALE, _BRIGHT)[:, None]
        tint = f.vector("tint_r", "tint_g", "tint_b") * shade.clamp_max(1)
        colour = torch.lerp(colour, tint + (1 - tint) * (shade - 1).clamp_min(0), share)
    return colour * (texel[:, 5] / FULL_LIGHT)[:, None] * f.vector("light_r", "light_g", "light_b")


def moved(f: Fragments, met: Hits) -> Tensor:
    """(n, 2) pixels right and down that the points seen move until the next frame."""
    top = f["top"]
    across = met.across
    if f.any("sway", "gait", "next_sway", "next_gait"):
        now = bend(f["sway"], f["gait"], across, met.up, top)
        across = across - now + bend(f["next_sway"], f["next_gait"], across, met.up, top)
    x, y, far = (
        f[f"q{i}"] * across + f[f"q{i + 1}"] * met.up + f[f"q{i + 2}"] * met.level + f[f"q{i + 3}"] for i in (0, 4, 8)
    )
    far = far.clamp_min(NEAR)
    return torch.stack([x / far - f.x, y / far - f.y], dim=1)
