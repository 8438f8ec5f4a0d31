"""What is cut out to be recognised: the subject, whole, however large and wherever it is."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.starter.diorama.lessons import ASKED, CELL, SIZE
from pipelines.starter.diorama.recogniser import RECOGNISED, SIDE, Recogniser, cut_out, squares

CELLS = (SIZE[1] // CELL, SIZE[0] // CELL)


def filled(top: int, left: int, high: int, wide: int) -> Tensor:
    """(1, 1, h, w): a subject that fills these cells."""
    where = torch.zeros(1, 1, *CELLS)
    where[:, :, top : top + high, left : left + wide] = 1
    return where


def seen(where: Tensor) -> Tensor:
    """White where it is, grey elsewhere."""
    return (0.5 + 0.5 * F.interpolate(where, scale_factor=CELL)).expand(-1, 3, -1, -1)


@pytest.mark.parametrize("box", [(2, 3, 3, 3), (0, 0, 2, 2), (1, 2, 2, 9), (2, 6, 6, 2), (3, 12, 4, 2)])
def test_all_of_a_subject_fills_what_is_cut_out(box: tuple[int, int, int, int]) -> None:
    where = filled(*box)
    cut = cut_out(seen(where), where)
    assert cut.shape == (1, 4, SIDE, SIDE)
    shown = float((cut[:, :3] > 0.9).float().mean()) * SIDE**2  # pixels of the cut-out that show it
    _, half = squares(where)
    scale = SIDE / (float(half[0, 0]) * SIZE[0])
    assert shown == pytest.approx(box[2] * box[3] * CELL**2 * scale**2, rel=0.15)
    assert float((cut[:, 3] > 0.5).float().sum()) == pytest.approx(shown, rel=0.2)


def test_a_cut_out_is_square_on_the_picture() -> None:
    _, half = squares(filled(1, 2, 2, 5))
    assert float(half[0, 0]) * SIZE[0] == pytest.approx(float(half[0, 1]) * SIZE[1])


def test_faint_cells_elsewhere_do_not_widen_it() -> None:
    where = filled(2, 3, 3, 3)
    faint = where.clone()
    faint[:, :, 7, 13] = 0.1
    assert torch.equal(torch.cat(squares(where)), torch.cat(squares(faint)))


def test_nothing_found_is_still_a_picture() -> None:
    assert cut_out(torch.rand(2, 3, SIZE[1], SIZE[0]), torch.zeros(2, 1, *CELLS)).isfinite().all()


def test_what_is_learnt_from_is_cut_loosely_and_mirrored_by_chance() -> None:
    where = filled(2, 3, 3, 4).expand(64, -1, -1, -1)
    frames = seen(where).clone()
    frames[:, 0, :, : int(5 * CELL)] = 0  # its left half, and all beside it, without red
    cuts = cut_out(frames, where, torch.Generator().manual_seed(1))
    left = cuts[:, 0, :, : SIDE // 2].mean(dim=(1, 2)) < cuts[:, 0, :, SIDE // 2 :].mean(dim=(1, 2))
    assert 16 < int(left.sum()) < 48
    assert float(cuts[:, 3].mean(dim=(1, 2)).std()) > 0.01
    assert float((cuts[:, 3] > 0.5).float().sum(dim=(1, 2)).min()) > 0.75 * float(
        (cut_out(frames[:1], where[:1])[:, 3] > 0.5).float().sum()
    )


def test_it_answers_what_it_is_asked() -> None:
    answers = Recogniser(4).eval()(torch.rand(2, 4, SIDE, SIDE))
    assert {name: row.shape for name, row in answers.items()} == {name: (2, len(ASKED[name])) for name in RECOGNISED}
