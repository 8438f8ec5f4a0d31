"""Three small networks that say what a clip of the world shows, learnt from renders with seeds of their own.

One looks at frames: place, light, look and where the subject is. One is shown what is there, cut out: subject and
colour (`recogniser.py`). One looks at how points move from moment to moment, by dense inverse search (Kroeger et al.
2016): what the subject does and what the camera does. How far their answers can be trusted is measured on scenes they
never saw and printed with every table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.starter.diorama.lessons import ASKED, MOMENTS, SIZE
from pipelines.starter.diorama.recogniser import Block, Recogniser, cut_out
from pipelines.starter.photos import Frames

LOOKED_AT, WATCHED = ("place", "light", "look"), ("motion", "camera")
WHERE = "where"
GRID = (28, 16)  # cells in which motion is told
PER_CELL = 8.0  # pixels of motion that count as one


class Looker(nn.Module):
    """(B, 3, h, w) frames in 0..1 -> a row of scores per question of LOOKED_AT, and WHERE: logits (B, 1, h / CELL,
    w / CELL) of how much of each cell the subject fills."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.stages = nn.ModuleList(Block(inner * width, outer * width, 2) for inner, outer in ((1, 2), (2, 4), (4, 8)))
        self.where = nn.Conv2d(12 * width, 1, 1)
        self.heads = nn.ModuleDict({name: nn.Linear(16 * width, len(ASKED[name])) for name in LOOKED_AT})

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        fine = self.stages[1](self.stages[0](self.stem(frames * 2 - 1)))
        coarse = self.stages[2](fine)
        cells = torch.cat([fine, F.interpolate(coarse, size=fine.shape[2:], mode="bilinear")], dim=1)
        pooled = torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1)
        return {WHERE: self.where(cells)} | {name: head(pooled) for name, head in self.heads.items()}

    def texture(self, frames: Tensor) -> Tensor:
        """(B, D) means and spreads of what the first layers see, wherever it is: how frames are drawn rather than what
        they show (compare Huang and Belongie 2017)."""
        x = self.stem(frames * 2 - 1)
        deeper = self.stages[0](x)
        return torch.cat([part for y in (x, deeper) for part in (y.mean(dim=(2, 3)), y.std(dim=(2, 3)))], dim=1)


class Watcher(nn.Module):
    """(B, 17, 16, 28) of `motion_of` -> a row of scores per question of WATCHED."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = 3 * (MOMENTS - 1) + MOMENTS + 2
        self.body = nn.Sequential(
            Block(channels, 2 * width, 1), Block(2 * width, 3 * width, 2), Block(3 * width, 4 * width, 2),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * width * (GRID[0] // 4) * (GRID[1] // 4), 8 * width), nn.ReLU(),
            nn.Dropout(0.3),
        )  # fmt: skip
        self.heads = nn.ModuleDict({name: nn.Linear(8 * width, len(ASKED[name])) for name in WATCHED})

    def forward(self, motion: Tensor) -> dict[str, Tensor]:
        y, x = (torch.linspace(-1, 1, n, device=motion.device) for n in motion.shape[2:])
        where = torch.stack(torch.meshgrid(y, x, indexing="ij")).expand(len(motion), -1, -1, -1)
        features = self.body(torch.cat([motion, where], dim=1))
        return {name: head(features) for name, head in self.heads.items()}


class Judge(nn.Module):
    """All three networks. `width` 24 suits a CPU, 64 a GPU."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.width = width
        self.looker, self.recogniser, self.watcher = Looker(width), Recogniser(width), Watcher(2 * width // 3)

    @torch.inference_mode()
    def name(self, frames: Frames) -> dict[str, str]:
        """The most likely answer to each of ASKED for one clip, (F, H, W, 3) uint8 of any size and length. The first
        frame, which may have been given, does not say what is seen."""
        seen = at_moments(frames)
        device = next(self.parameters()).device
        self.eval()
        pictures = torch.from_numpy(seen[1:]).permute(0, 3, 1, 2).to(device).float() / 255
        looked = self.looker(pictures)
        recognised = self.recogniser(cut_out(pictures, looked.pop(WHERE).sigmoid()))
        watched = self.watcher(torch.from_numpy(motion_of(seen))[None].to(device))
        likely = {name: found.softmax(1).mean(0) for name, found in {**recognised, **looked, **watched}.items()}
        return {name: ASKED[name][int(found.argmax())] for name, found in likely.items()}

    @torch.inference_mode()
    def texture(self, frames: Frames) -> NDArray[np.float32]:
        """(D,) how frames (F, H, W, 3) uint8 are drawn, each number as widely spread as any other."""
        pictures = torch.from_numpy(shrunk(frames)).permute(0, 3, 1, 2).float() / 255
        texture = self.eval().looker.texture(pictures.to(next(self.parameters()).device)).mean(0)
        return np.asarray(texture.cpu().numpy(), np.float32)


def at_moments(frames: Frames) -> Frames:
    """(F, H, W, 3) uint8 -> (MOMENTS, h, w, 3), evenly over the clip."""
    return shrunk(frames[np.linspace(0, len(frames) - 1, MOMENTS).round().astype(int)])


def shrunk(frames: Sequence[NDArray[np.uint8]] | Frames) -> Frames:
    """Frames of any size to the judge's."""
    return np.stack([cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA) for frame in frames])


def motion_of(frames: Frames) -> NDArray[np.float32]:
    """(3 * (MOMENTS - 1) + MOMENTS, 16, 28) how far points move between moments, right and down and how much of a
    change that leaves unexplained, and how light each moment is, of (MOMENTS, h, w, 3) uint8 frames."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    planes: list[NDArray[np.float32]] = []
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
    for before, after in pairwise(grey):
        flow = search.calc(before, after, None)
        came = cv2.remap(after, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        rest = cv2.absdiff(came, before).astype(np.float32) / 64
        planes += [flow[..., 0] / PER_CELL, flow[..., 1] / PER_CELL, rest]
    planes += [plane.astype(np.float32) / 128 - 1 for plane in grey]
    return np.stack([cv2.resize(plane, GRID, interpolation=cv2.INTER_AREA) for plane in planes])
