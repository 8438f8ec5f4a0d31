"""Stages of one length as one table: every card of every frame, with what a fragment of it needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.starter.diorama.stage import Camera, Card, Floats, Stage
from pipelines.starter.diorama.textures import LEVELS, Textures

NEAR = 0.05  # metres; nothing nearer is drawn
COLUMNS = (
    *(f"o{i}" for i in range(3)), *(f"d{i}" for i in range(9)), *(f"q{i}" for i in range(12)),
    "left", "right", "bottom", "top", "wide", "tall", "scroll_x", "scroll_y", "relief", "texel", "steep",
    "light_r", "light_g", "light_b", "tint_r", "tint_g", "tint_b", "tinted", "tone", "opacity",
    "flat_r", "flat_g", "flat_b", "sway", "gait", "next_sway", "next_gait",
)  # fmt: skip
_AT = {name: i for i, name in enumerate(COLUMNS)}


@dataclass(frozen=True, eq=False)
class Table:
    """`values` (len(COLUMNS), N * K) float32; whole numbers (N * K,): `picture`, `role`, `owner`, `repeat` (0: once,
    1: across, 2: both ways), `boxed`;
    `box` (N * K, 4) left, top, width and height in pixels, empty where there is no card; `order` (K, N) which card of
    each frame is drawn when, far ones first. N is all frames of all stages."""

    values: Tensor
    picture: Tensor
    role: Tensor
    owner: Tensor
    repeat: Tensor
    boxed: Tensor
    box: Tensor
    order: Tensor

    def column(self, name: str) -> Tensor:
        """One of `COLUMNS` for every card of every frame."""
        return self.values[_AT[name]]

    def to(self, device: str | torch.device) -> Table:
        """The same on another device."""
        return Table(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def lens(camera: Camera, size: tuple[int, int]) -> Floats:
    """(F, 3, 3) from pixel centres (x, y, 1) to directions in space, 1 long along the view."""
    width, height = size
    focal = camera.focal * width
    zero, one = np.zeros_like(focal), np.ones_like(focal)
    inverse = np.stack([
        np.stack([1 / focal, zero, (0.5 - width / 2) / focal], -1),
        np.stack([zero, -1 / focal, (height / 2 - 0.5) / focal], -1),
        np.stack([zero, zero, one], -1),
    ], axis=1)  # fmt: skip
    return camera.axes.transpose(0, 2, 1) @ inverse


def in_space(
    camera: Camera, to_space: Floats, frame: int, places: NDArray[np.floating[Any]], depth: NDArray[np.floating[Any]]
) -> Floats:
    """(h, w, 3) where in space the pixels at places (h, w, 2), across and down, lie if they are so deep (h, w) in a
    frame; `to_space` is the camera's `lens`."""
    dots = np.dstack([places, np.ones(places.shape[:2])])
    return np.asarray(camera.eye[frame] + (dots @ to_space[frame].T) * depth[..., None])


def in_frame(camera: Camera, to_space: Floats, frame: int, points: Floats) -> tuple[Floats, Floats]:
    """The way back: (h, w, 2) pixels across and down, and (h, w) how deep, of points (h, w, 3) of space in a frame."""
    seen = (points - camera.eye[frame]) @ np.linalg.inv(to_space[frame]).T
    return seen[..., :2] / np.maximum(seen[..., 2:], NEAR), seen[..., 2]


def tabulate(stages: Sequence[Stage], size: tuple[int, int], textures: Textures) -> Table:
    """All stages, of the same number of frames, for frames of `size` (width, height)."""
    frames, most = stages[0].num_frames, max(len(stage.cards) for stage in stages)
    values = np.zeros((len(stages), frames, most, len(COLUMNS)), np.float32)
    whole = np.zeros((len(stages), frames, most, 5), np.int64)
    box = np.zeros((len(stages), frames, most, 4), np.int64)
    depth = np.full((len(stages), frames, most), np.inf)
    widths = textures.width[::LEVELS].cpu().numpy()
    for b, stage in enumerate(stages):
        to_space = lens(stage.camera, size)
        to_pixels = np.asarray(np.linalg.inv(to_space), np.float64)
        for k, card in enumerate(stage.cards):
            values[b, :, k], depth[b, :, k] = _row(card, stage.camera, to_space, to_pixels, widths, size[0])
            box[b, :, k] = _box(card, stage.camera, to_pixels, size)
            whole[b, :, k, 0] = card.picture
            whole[b, :, k, 1:] = card.role, card.owner, _rounds(card), card.boxed
    order = np.argsort(-depth, axis=2, kind="stable").reshape(len(stages) * frames, most)
    order = order + np.arange(len(order))[:, None] * most
    flat = torch.from_numpy(whole.reshape(-1, 5))
    return Table(
        torch.from_numpy(np.ascontiguousarray(values.reshape(-1, len(COLUMNS)).T)),
        flat[:, 0].contiguous(), flat[:, 1].contiguous(), flat[:, 2].contiguous(), flat[:, 3].contiguous(),
        flat[:, 4].contiguous(),
        torch.from_numpy(box.reshape(-1, 4)), torch.from_numpy(np.ascontiguousarray(order.T)),
    )  # fmt: skip


def _rounds(card: Card) -> int:
    """0: its picture is there once; 1: again and again across; 2: upwards too."""
    if card.repeat is None:
        return 0
    return 2 if card.repeat[1] < (card.rect[3] - card.rect[2]) * 0.999 else 1


def _row(
    card: Card, camera: Camera, to_space: Floats, to_pixels: Floats, widths: NDArray[np.int64], width: int
) -> tuple[NDArray[np.float32], Floats]:
    """(F, columns) and how far away (F,) the card counts as when cards are put in order."""
    count = len(camera.focal)
    later = np.minimum(np.arange(count) + 1, count - 1)
    into = np.linalg.inv(card.axes.transpose(0, 2, 1))
    rows = np.zeros((count, len(COLUMNS)))
    rows[:, 0:3] = (into @ (camera.eye - card.middle)[..., None])[..., 0]
    rows[:, 3:12] = (into @ to_space).reshape(count, 9)
    axes = card.axes[later] if card.later is None else card.later
    turn = to_pixels[later]
    rows[:, 12:24] = np.concatenate(
        [turn @ axes.transpose(0, 2, 1), turn @ (card.middle - camera.eye)[later][..., None]], axis=2
    ).reshape(count, 12)
    left, right, bottom, top = card.rect
    across, up = card.repeat or (right - left, top - bottom)
    texel = widths[card.picture] / across
    scale = np.linalg.norm(card.axes[:, 0], axis=1)
    slope = np.abs(card.axes[:, 2, 1]) / np.maximum(np.linalg.norm(card.axes[:, 2], axis=1), 1e-9)
    scroll = np.zeros((count, 2)) if card.scroll is None else card.scroll
    sway = np.zeros(count) if card.sway is None else card.sway
    gait = np.zeros(count) if card.gait is None else card.gait
    flicker = np.ones(count) if card.flicker is None else card.flicker
    rows[:, 24:] = np.stack(np.broadcast_arrays(
        left, right, bottom, top, 1 / across, 1 / up, scroll[:, 0], scroll[:, 1], card.relief,
        texel / (camera.focal * width * scale), slope > 0.9,
        *(part * flicker for part in card.light), *card.tint, card.tinted, card.tone, card.opacity, *card.flat,
        sway, gait, sway[later], gait[later],
    ), axis=1)  # fmt: skip
    away = ((card.middle - camera.eye)[:, None] @ camera.axes[:, 2, :, None])[:, 0, 0]
    return rows.astype(np.float32), away + card.layer * 1e4


def _box(card: Card, camera: Camera, to_pixels: Floats, size: tuple[int, int]) -> NDArray[np.int64]:
    """(F, 4) the pixels a card may cover: those its corners span, cut where it passes behind the eye."""
    left, right, bottom, top = card.rect
    bend = 0.0 if card.sway is None and card.gait is None else 0.12 * (right - left)
    sides = (-card.relief, card.relief) if card.relief else (0.0,)
    corners = np.array([(a, b, c) for a in (left - bend, right + bend) for b in (bottom, top) for c in sides])
    points = card.middle[:, None] + corners @ card.axes - camera.eye[:, None]
    seen = (to_pixels[:, None] @ points[..., None])[..., 0]
    if len(sides) == 1:
        seen = np.concatenate([seen, _cut(seen)], axis=1)
    before = seen[..., 2] >= NEAR - 1e-9
    away = np.maximum(seen[..., 2:], NEAR)
    x_y = seen[..., :2] / away
    low = np.where(before[..., None], x_y, np.inf).min(axis=1)
    high = np.where(before[..., None], x_y, -np.inf).max(axis=1)
    if len(sides) == 2:
        partly = before.any(axis=1) & ~before.all(axis=1)
        low[partly], high[partly] = 0, size
    low, high = np.clip(np.floor(low), 0, size), np.clip(np.ceil(high) + 1, 0, size)
    return np.concatenate([low, np.maximum(high - low, 0)], axis=1).astype(np.int64)


def _cut(seen: Floats) -> Floats:
    """(F, 4, 3) where the sides of a flat card pass the plane just before the eye; far behind it where they do not."""
    start, end = seen[:, [0, 1, 3, 2]], seen[:, [1, 3, 2, 0]]
    rise = end[..., 2] - start[..., 2]
    share = (NEAR - start[..., 2]) / np.where(np.abs(rise) < 1e-12, 1e-12, rise)
    point = start + share[..., None] * (end - start)
    point[(share < 0) | (share > 1)] = (0, 0, -1)
    return point
