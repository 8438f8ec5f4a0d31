"""Stages to pixels: every card from far to near, in rounds, each round one card of every frame of every clip.

A fragment is a pixel a card may cover. Its ray meets the card's plane, steps to the relief twice, and reads the picture
there; so depth and motion are those of the very point that is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.starter.diorama.fragments import Fragments, Hits, fragments, hits, moved, seen, shown, texels
from pipelines.starter.diorama.skies import Skies, sky_table
from pipelines.starter.diorama.stage import BOX, SHADE, SOLID, VEIL, Stage
from pipelines.starter.diorama.tables import Table, tabulate
from pipelines.starter.diorama.textures import FULL_LIGHT, Textures, at

PLAIN = 172.0 / 255  # the grey of clay under full light, as the render mode's own clay pass has it
SUBJECTS = 2
BLOCK = 6  # frames drawn at once on a CPU, so that what is worked on stays in its caches
PASSES = ("masks", "flow", "clay", "mockup")  # what may be left out; colour and depth are always there


@dataclass(frozen=True, eq=False)
class Drawn:
    """Clips and what is known of them, all (B, C, F, H, W) float32. To read a pass that was not drawn is a LookupError.

    colour  3 channels in 0..1
    depth   1, metres along the view, FAR for the sky
    masks   2, how much of a pixel each of up to two subjects fills, 0..1
    flow    2, pixels right and down that what is seen there moves until the next frame; the last frame's is 0
    clay    1, the untextured pass, 0..1
    mockup  3, boxes and flat cut-outs in plain colours, 0..1
    """

    colour: Tensor
    depth: Tensor
    passes: dict[str, Tensor]

    @property
    def masks(self) -> Tensor:
        return self._drawn("masks")

    @property
    def flow(self) -> Tensor:
        return self._drawn("flow")

    @property
    def clay(self) -> Tensor:
        return self._drawn("clay")

    @property
    def mockup(self) -> Tensor:
        return self._drawn("mockup")

    def frames(self, clip: int) -> Drawn:
        """One clip's, (F, C, H, W)."""
        colour, depth, *rest = (part[clip].transpose(0, 1) for part in (self.colour, self.depth, *self.passes.values()))
        return Drawn(colour, depth, dict(zip(self.passes, rest, strict=True)))

    def _drawn(self, name: str) -> Tensor:
        if name not in self.passes:
            raise LookupError(f"The pass {name} was not drawn. Name it among the passes.")
        return self.passes[name]


@torch.no_grad()
def draw(stages: Sequence[Stage], size: tuple[int, int], textures: Textures, passes: Collection[str] = PASSES) -> Drawn:
    """Draw stages of the same number of frames, `size` (width, height), on the device the textures are on; of PASSES
    only those named."""
    device = textures.texels.device
    table, skies = tabulate(stages, size, textures).to(device), sky_table(stages, size).to(device)
    if "mockup" not in passes:
        table.box[table.role == BOX] = 0
    count = table.order.shape[1]
    step = BLOCK if device.type == "cpu" else count
    blocks = []
    for begin in range(0, count, step):
        canvas = Canvas(skies.part(begin, begin + step), size, textures, passes)
        for cards in table.order[:, begin : begin + step]:
            canvas.draw_round(table, cards)
        blocks.append(canvas.parts())
    shape = (len(stages), stages[0].num_frames, size[1], size[0], -1)
    whole = {
        name: torch.cat([block[name] for block in blocks]).view(shape).permute(0, 4, 1, 2, 3) for name in blocks[0]
    }
    if "flow" in whole:
        whole["flow"][:, :, -1] = 0
    if "clay" in whole:
        whole["clay"].clamp_(0, 1)
    return Drawn(whole.pop("colour").clamp_(0, 1), whole.pop("depth"), whole)


class Canvas:
    """Some frames while they are drawn; P is all their pixels, and each part has a row for each."""

    def __init__(self, skies: Skies, size: tuple[int, int], textures: Textures, passes: Collection[str]) -> None:
        self.width, self.area = size[0], size[0] * size[1]
        self.skies, self.textures, self.device = skies, textures, textures.texels.device
        seen = skies.draw(size, textures, moving="flow" in passes)
        self.colour, self.depth = seen.colour, seen.depth
        self.flow = seen.flow
        self.mockup = seen.mockup if "mockup" in passes else None
        self.cover = torch.zeros(len(seen.depth), SUBJECTS, device=self.device) if "masks" in passes else None
        self.clay = torch.full_like(self.depth, PLAIN)[:, None] if "clay" in passes else None

    def parts(self) -> dict[str, Tensor]:
        """What `Drawn` has, (P, channels) each."""
        found = {"colour": self.colour, "depth": self.depth[:, None], "masks": self.cover, "flow": self.flow,
                 "clay": self.clay, "mockup": self.mockup}  # fmt: skip
        return {name: part for name, part in found.items() if part is not None}

    def draw_round(self, table: Table, cards: Tensor) -> None:
        """One card (N,) of every frame, over what is drawn already."""
        f = fragments(table, cards)
        if not len(f.x):
            return
        met = hits(f, self.textures)
        pixel = f.frame * self.area + f.y * self.width + f.x
        keep = seen(f, met, at(self.depth, pixel), self.textures)
        f, met, pixel = f.kept(keep), met.kept(keep), at(pixel, keep)
        role = at(f.table.role, f.card)
        if bool((at(table.role, cards) == BOX).any()):
            boxes, drawn = (role == BOX).nonzero()[:, 0], (role != BOX).nonzero()[:, 0]
            if self.mockup is not None:
                self.mockup.index_copy_(0, at(pixel, boxes), f.kept(boxes).vector("flat_r", "flat_g", "flat_b"))
            f, met, pixel, role = f.kept(drawn), met.kept(drawn), at(pixel, drawn), at(role, drawn)
        if len(pixel):
            self._blend(f, met, pixel, role)

    def _blend(self, f: Fragments, met: Hits, pixel: Tensor, role: Tensor) -> None:
        texel = texels(f, met, self.textures)
        alpha = texel[:, 3] / 255 * f["opacity"]
        haze = at(self.skies.haze, f.frame)
        colour = torch.lerp(shown(f, texel), haze[:, :3], 1 - (-met.reach * haze[:, 3]).exp()[:, None])
        dark = role == SHADE
        colour = torch.where(dark[:, None], torch.zeros_like(colour), colour)
        _lay(self.colour, pixel, colour, alpha)
        if self.clay is not None:
            clay = torch.where(dark, torch.zeros_like(alpha), PLAIN * texel[:, 5] / FULL_LIGHT)
            _lay(self.clay, pixel, clay[:, None], torch.where(role == VEIL, torch.zeros_like(alpha), alpha))
        solid = ((role == SOLID) & (alpha > 0)).nonzero()[:, 0]
        if len(solid):
            self._place(f.kept(solid), met.kept(solid), at(pixel, solid), at(alpha, solid))

    def _place(self, f: Fragments, met: Hits, pixel: Tensor, alpha: Tensor) -> None:
        """What else is known of solid fragments."""
        if self.cover is not None:
            owner = at(f.table.owner, f.card)
            mine = (owner[:, None] == torch.arange(SUBJECTS, device=self.device)).float()
            _lay(self.cover, pixel, mine, alpha)
        firm = (alpha > 0.5).nonzero()[:, 0]
        pixel = at(pixel, firm)
        self.depth.index_copy_(0, pixel, at(met.reach, firm))
        if self.flow is None and self.mockup is None:
            return
        f = f.kept(firm)
        if self.flow is not None:
            self.flow.index_copy_(0, pixel, moved(f, met.kept(firm)))
        if self.mockup is not None:
            cut = (~at(f.table.boxed, f.card).bool()).nonzero()[:, 0]
            self.mockup.index_copy_(0, at(pixel, cut), f.kept(cut).vector("flat_r", "flat_g", "flat_b"))


def _lay(below: Tensor, pixel: Tensor, above: Tensor, alpha: Tensor) -> None:
    """Lay (n, C) colours over those pixels (n,) of (P, C), each of which comes once, as thickly as `alpha` (n,)."""
    below.index_copy_(0, pixel, torch.lerp(at(below, pixel), above, alpha[:, None]))
