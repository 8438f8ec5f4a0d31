"""Stages to pixels: every card from far to near, in rounds, each round one card of every frame of every clip.

A fragment is a pixel a card may cover. Its ray meets the card's plane, steps to the relief twice, and reads the picture
there; so depth and motion are those of the very point that is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.starter.diorama.fragments import Fragments, Hits, fragments, hits, moved, seen, shown, texels
from pipelines.starter.diorama.skies import Skies, sky_table
from pipelines.starter.diorama.stage import BOX, SHADE, SOLID, VEIL, Stage
from pipelines.starter.diorama.tables import Table, tabulate
from pipelines.starter.diorama.textures import FULL_LIGHT, Textures

PLAIN = 172.0 / 255  # the grey of clay under full light, as the render mode's own clay pass has it
SUBJECTS = 2
BLOCK = 6  # frames drawn at once on a CPU, so that what is worked on stays in its caches


@dataclass(frozen=True, eq=False)
class Drawn:
    """Clips and what is known of them, all (B, C, F, H, W) float32.

    colour  3 channels in 0..1
    depth   1, metres along the view, FAR for the sky
    masks   2, how much of a pixel each of up to two subjects fills, 0..1
    flow    2, pixels right and down that what is seen there moves until the next frame; the last frame's is 0
    clay    1, the untextured pass, 0..1
    mockup  3, boxes and flat cut-outs in plain colours, 0..1
    """

    colour: Tensor
    depth: Tensor
    masks: Tensor
    flow: Tensor
    clay: Tensor
    mockup: Tensor


@torch.no_grad()
def draw(stages: Sequence[Stage], size: tuple[int, int], textures: Textures) -> Drawn:
    """Draw stages of the same number of frames, `size` (width, height), on the device the textures are on."""
    device = textures.texels.device
    table, skies = tabulate(stages, size, textures).to(device), sky_table(stages, size).to(device)
    count = table.order.shape[1]
    step = BLOCK if device.type == "cpu" else count
    blocks = []
    for begin in range(0, count, step):
        canvas = Canvas(skies.part(begin, begin + step), size, textures)
        for cards in table.order[:, begin : begin + step]:
            canvas.draw_round(table, cards)
        blocks.append(canvas.parts())
    shape = (len(stages), stages[0].num_frames, size[1], size[0], -1)
    colour, depth, cover, flow, clay, mockup = (
        torch.cat(part).view(shape).permute(0, 4, 1, 2, 3) for part in zip(*blocks, strict=True)
    )
    flow[:, :, -1] = 0
    return Drawn(colour.clamp_(0, 1), depth, cover, flow, clay.clamp_(0, 1), mockup)


class Canvas:
    """Some frames while they are drawn; P is all their pixels, and each part has a row for each."""

    def __init__(self, skies: Skies, size: tuple[int, int], textures: Textures) -> None:
        self.width, self.area = size[0], size[0] * size[1]
        self.skies, self.textures, self.device = skies, textures, textures.texels.device
        seen = skies.draw(size, textures)
        self.colour, self.depth, self.flow, self.mockup = seen.colour, seen.depth, seen.flow, seen.mockup
        self.cover = torch.zeros(len(seen.depth), SUBJECTS, device=self.device)
        self.clay = torch.full_like(self.depth, PLAIN)

    def parts(self) -> tuple[Tensor, ...]:
        """What `Drawn` has, (P, channels) each."""
        return self.colour, self.depth[:, None], self.cover, self.flow, self.clay[:, None], self.mockup

    def draw_round(self, table: Table, cards: Tensor) -> None:
        """One card (N,) of every frame, over what is drawn already."""
        f = fragments(table, cards)
        if not len(f.x):
            return
        met = hits(f, self.textures)
        pixel = f.frame * self.area + f.y * self.width + f.x
        keep = seen(f, met, self.depth[pixel], self.textures)
        f, met, pixel = f.kept(keep), met.kept(keep), pixel[keep]
        role = f.table.role[f.card]
        boxes, drawn = (role == BOX).nonzero()[:, 0], (role != BOX).nonzero()[:, 0]
        if len(boxes):
            self.mockup[pixel[boxes]] = f.kept(boxes).vector("flat_r", "flat_g", "flat_b")
        if len(drawn) < len(pixel):
            f, met, pixel, role = f.kept(drawn), met.kept(drawn), pixel[drawn], role[drawn]
        if len(pixel):
            self._blend(f, met, pixel, role)

    def _blend(self, f: Fragments, met: Hits, pixel: Tensor, role: Tensor) -> None:
        texel = texels(f, met, self.textures)
        alpha = texel[:, 3] / 255 * f["opacity"]
        haze = self.skies.haze[f.frame]
        colour = torch.lerp(shown(f, texel), haze[:, :3], 1 - (-met.reach * haze[:, 3]).exp()[:, None])
        dark = role == SHADE
        colour = torch.where(dark[:, None], torch.zeros_like(colour), colour)
        self.colour[pixel] = _over(self.colour[pixel], colour, alpha[:, None])
        clay = torch.where(dark, torch.zeros_like(alpha), PLAIN * texel[:, 5] / FULL_LIGHT)
        self.clay[pixel] = _over(self.clay[pixel], clay, torch.where(role == VEIL, torch.zeros_like(alpha), alpha))
        solid = ((role == SOLID) & (alpha > 0)).nonzero()[:, 0]
        if len(solid):
            self._place(f.kept(solid), met.kept(solid), pixel[solid], alpha[solid])

    def _place(self, f: Fragments, met: Hits, pixel: Tensor, alpha: Tensor) -> None:
        """What else is known of solid fragments."""
        owner = f.table.owner[f.card]
        mine = (owner[:, None] == torch.arange(SUBJECTS, device=self.device)).float()
        self.cover[pixel] = _over(self.cover[pixel], mine, alpha[:, None])
        firm = (alpha > 0.5).nonzero()[:, 0]
        f, met, pixel = f.kept(firm), met.kept(firm), pixel[firm]
        self.depth[pixel] = met.reach
        self.flow[pixel] = moved(f, met)
        cut = (~f.table.boxed[f.card].bool()).nonzero()[:, 0]
        self.mockup[pixel[cut]] = f.kept(cut).vector("flat_r", "flat_g", "flat_b")


def _over(below: Tensor, above: Tensor, alpha: Tensor) -> Tensor:
    return below + alpha * (above - below)
