"""What is behind everything: skies and photographed surroundings, wound around the eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipelines.starter.diorama.stage import GROUND, Stage
from pipelines.starter.diorama.tables import NEAR, lens
from pipelines.starter.diorama.textures import Textures, at

FAR = 1000.0  # metres; the depth of the sky
LEVEL = -0.02  # how far below the horizon a sky still shows where there is a ground


@dataclass(frozen=True, eq=False)
class Behind:
    """What is seen before any card is drawn: (P, 3) colour, (P,) depth, (P, 2) flow, if asked for, and (P, 3)
    mock-up."""

    colour: Tensor
    depth: Tensor
    flow: Tensor | None
    mockup: Tensor


@dataclass(frozen=True, eq=False)
class Skies:
    """Every frame's sky. `ways` (N, 3, 3) from pixels to directions, `pixels` (N, 3, 3) from directions to the next
    frame's pixels, `eye` and `step` (N, 3) where the eye is and how far it moves, `turn` (N, 2) the sky's drift and
    how much it grows, `picture` (N,), `light` and `flat` (N, 3), `haze` (N, 4) its colour and thickness, `hidden`,
    `dome` and `ground` (N,) how much haze hides of the sky, how high the eye of a photograph was, and whether cards
    hide what is below the horizon."""

    ways: Tensor
    pixels: Tensor
    eye: Tensor
    step: Tensor
    turn: Tensor
    picture: Tensor
    light: Tensor
    flat: Tensor
    haze: Tensor
    hidden: Tensor
    dome: Tensor
    ground: Tensor

    def to(self, device: str | torch.device) -> Skies:
        """The same on another device."""
        return Skies(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))

    def part(self, begin: int, end: int) -> Skies:
        """Those frames."""
        return Skies(*(getattr(self, name)[begin:end] for name in self.__dataclass_fields__))

    def draw(self, size: tuple[int, int], textures: Textures, moving: bool) -> Behind:
        """All frames, with their flow where they are `moving`; where a ground will hide it the sky is left in the
        colour of the haze."""
        area, device = size[0] * size[1], self.ways.device
        y, x = torch.meshgrid(
            *(torch.arange(side, device=device).float() for side in (size[1], size[0])), indexing="ij"
        )
        dots = torch.stack([x.flatten(), y.flatten(), torch.ones(area, device=device)])
        rays = self.ways @ dots  # (N, 3, H * W)
        low = (rays[:, 1] < -1e-3) & (self.dome > 0)[:, None]
        reach = torch.where(low, self.eye[:, 1:2] / rays[:, 1].neg().clamp_min(1e-3), FAR).clamp_max(FAR)
        colour = self.haze[:, None, :3].expand(-1, area, 3).clone().view(-1, 3)
        shown = ((rays[:, 1] > LEVEL) | (self.ground == 0)[:, None]).view(-1).nonzero()[:, 0]
        frame = shown // area
        ray = at(rays.transpose(1, 2).reshape(-1, 3), shown)
        spot = torch.where(
            at(low.view(-1, 1), shown), ray * at(reach.view(-1, 1), shown) + self._above(frame), ray
        )  # from where the photograph was taken
        seen = self._read(textures, frame, spot)
        colour.index_copy_(0, shown, torch.lerp(seen, at(colour, shown), at(self.hidden, frame)[:, None]))
        flow = (self._moved(rays, low, reach) - dots[:2]).transpose(1, 2).reshape(-1, 2) if moving else None
        mockup = self.flat[:, None].expand(-1, area, 3).reshape(-1, 3).clone()
        return Behind(colour, reach.view(-1), flow, mockup)

    def _above(self, frame: Tensor) -> Tensor:
        lowered = self.eye.clone()
        lowered[:, 1] -= self.dome
        return at(lowered, frame)

    def _read(self, textures: Textures, frame: Tensor, spot: Tensor) -> Tensor:
        azimuth = torch.atan2(spot[:, 0], spot[:, 2]) + at(self.turn, frame)[:, 0]
        height = torch.atan2(spot[:, 1], torch.hypot(spot[:, 0], spot[:, 2]))
        texel = textures.read(
            at(self.picture, frame), torch.zeros_like(frame), (azimuth / (2 * torch.pi) + 0.5) % 1,
            0.5 - height / torch.pi, torch.ones_like(frame),
        )  # fmt: skip
        return texel[:, :3] / 255 * at(self.light, frame)

    def _moved(self, rays: Tensor, low: Tensor, reach: Tensor) -> Tensor:
        """(N, 2, H * W) where the next frame shows what each ray meets."""
        cosine, sine = self.turn[:, 1:].cos(), self.turn[:, 1:].sin()
        x, y, z = rays.unbind(1)
        turned = torch.stack([x * cosine - z * sine, y, x * sine + z * cosine], dim=1)
        if bool(low.any()):
            turned = torch.where(low[:, None], rays * reach[:, None] - self.step[..., None], turned)
        next_pixels = self.pixels @ turned
        return next_pixels[:, :2] / next_pixels[:, 2:].clamp_min(NEAR)


def sky_table(stages: Sequence[Stage], size: tuple[int, int]) -> Skies:
    """The skies of stages of the same number of frames."""
    frames = stages[0].num_frames
    later = np.minimum(np.arange(frames) + 1, frames - 1)
    lenses = [lens(stage.camera, size) for stage in stages]

    def joined(parts: Sequence[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.concatenate(parts)).float()

    def repeated(rows: Sequence[object]) -> Tensor:
        return torch.from_numpy(np.repeat(np.array(rows), frames, axis=0)).float()

    return Skies(
        ways=joined(lenses),
        pixels=joined([np.linalg.inv(each)[later] for each in lenses]),
        eye=joined([stage.camera.eye for stage in stages]),
        step=joined([stage.camera.eye[later] - stage.camera.eye for stage in stages]),
        turn=joined([np.stack([s.sky.drift, s.sky.drift[later] - s.sky.drift], 1) for s in stages]),
        picture=repeated([stage.sky.picture for stage in stages]).long(),
        light=repeated([stage.sky.light for stage in stages]),
        flat=repeated([stage.sky.flat for stage in stages]),
        haze=repeated([(*stage.haze, stage.thickness) for stage in stages]),
        hidden=repeated([stage.sky.haze for stage in stages]),
        dome=repeated([stage.sky.dome for stage in stages]),
        ground=repeated([any(card.layer == GROUND for card in stage.cards) for stage in stages]),
    )
