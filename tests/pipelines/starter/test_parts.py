"""A part of a clip is that part of everything that is known of it, and the subject is mostly in it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pipelines.starter.batch import Batch, Picked
from pipelines.starter.parts import ELSEWHERE, SIDE, in_parts, part_side
from pipelines.starter.text import Tokens

COUNT, CHANNELS, LENGTH, HEIGHT, WIDTH = 400, 2, 2, 12, 20
FRAMES = 5


def numbered() -> Tensor:
    """(h, w): every cell's own number, small enough for a byte."""
    return torch.arange(HEIGHT * WIDTH).view(HEIGHT, WIDTH).float()


def picked(cover: Tensor) -> Picked:
    """Clips in which every plane holds its cells' numbers, and `cover` (h, w) says where the subject is."""
    plane = numbered().expand(COUNT, CHANNELS, LENGTH, HEIGHT, WIDTH)
    mask = numbered().byte().repeat_interleave(8, dim=0).expand(COUNT, FRAMES, 8 * HEIGHT, WIDTH)
    tokens = Tokens(torch.zeros(COUNT, 3, dtype=torch.long), torch.ones(COUNT, 3))
    return Picked(
        plane, plane + 0.25, plane + 0.5, mask, plane[:, :, :0], cover.expand(COUNT, LENGTH, HEIGHT, WIDTH), tokens,
        [""] * COUNT, ["none"] * COUNT, torch.zeros(COUNT, 1), torch.zeros(COUNT, dtype=torch.long),
        torch.zeros(COUNT, 2, LENGTH, HEIGHT // 2, WIDTH // 2, 2),
    )  # fmt: skip


def test_every_plane_is_cut_alike() -> None:
    cover = torch.zeros(HEIGHT, WIDTH)
    cover[2:6, 11:15] = 1
    whole = picked(cover)
    part = in_parts(whole, np.random.default_rng(0))
    assert whole.whole and not part.whole
    assert part.clean.shape == (COUNT, CHANNELS, LENGTH, SIDE, SIDE) and part.mask.shape == (COUNT, FRAMES, 64, SIDE)
    assert torch.equal(part.inactive - 0.25, part.clean) and torch.equal(part.reactive - 0.5, part.clean)
    cells = part.clean[:, 0, 0]
    assert torch.equal(part.mask[:, 0, ::8].float(), cells) and torch.equal(part.mask[:, -1, 7::8].float(), cells)
    rows, columns = cells // WIDTH, cells % WIDTH
    assert torch.equal(part.cover[:, 1], ((rows >= 2) & (rows < 6) & (columns >= 11) & (columns < 15)).float())
    assert torch.equal(rows - rows[:, :1, :1], torch.arange(SIDE).view(-1, 1).expand(COUNT, -1, SIDE).float())
    batch = part.on("cpu")
    assert isinstance(batch, Batch) and not batch.whole
    assert batch.control.shape == (COUNT, 2 * CHANNELS + 64, LENGTH, SIDE, SIDE)
    assert batch.origins.shape == (COUNT, 2, LENGTH, SIDE // 2, SIDE // 2, 2) and batch.origins.isnan().all()


def test_most_parts_show_the_subject_and_some_lie_anywhere() -> None:
    cover = torch.zeros(HEIGHT, WIDTH)
    cover[9:11, 2:4] = 1
    seen = in_parts(picked(cover), np.random.default_rng(1)).cover[:, 0].sum(dim=(1, 2)) / 4
    assert 1 - ELSEWHERE - 0.1 < float((seen == 1).float().mean()) < 1
    assert float((seen == 0).float().mean()) > ELSEWHERE / 4


def test_where_nothing_stands_a_part_lies_anywhere() -> None:
    corners = in_parts(picked(torch.zeros(HEIGHT, WIDTH)), np.random.default_rng(2)).clean[:, 0, 0, 0, 0]
    assert {int(corner) // WIDTH for corner in corners} == set(range(HEIGHT - SIDE + 1))
    assert {int(corner) % WIDTH for corner in corners} == set(range(WIDTH - SIDE + 1))


def test_a_part_is_never_larger_than_the_frame() -> None:
    assert [part_side(12, 20), part_side(4, 20), part_side(12, 6)] == [SIDE, 4, 6]
