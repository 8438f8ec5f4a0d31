"""Where a reference picture shows the parts of a subject."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLWan

from pipelines.checkpoints import ASSETS
from pipelines.pixels import on_white, to_tensor
from pipelines.portrait import alone_on_white
from pipelines.starter.batch import Batch, unknown_origins
from pipelines.starter.clips import LatentEncoder
from pipelines.starter.diorama.scenes import Cast, Scene
from pipelines.starter.exercises import latent_cover
from pipelines.starter.likeness import Likeness, within
from pipelines.starter.readouts import scene_labels
from pipelines.starter.text import Tokens

WIDTH, HEIGHT = 160, 96
BOX = (slice(32, 80), slice(16, 64))  # where the subject is in a frame


@pytest.fixture(scope="module")
def likeness() -> Likeness:
    return Likeness(LatentEncoder(AutoencoderKLWan.from_pretrained(ASSETS / "starter" / "vae")))


def painted() -> tuple[np.ndarray, np.ndarray]:
    """A frame of anything with a red square in it, and where that is."""
    frame = cv2.resize(np.random.default_rng(0).integers(0, 255, (6, 10, 3), np.uint8), (WIDTH, HEIGHT))
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    frame[BOX], mask[BOX] = (200, 30, 30), 255
    return frame, mask


def batch(likeness: Likeness, picture: np.ndarray, cast: int = 1) -> Batch:
    """A single picture with another beside it."""
    frame, mask = painted()
    shown = likeness.encoder(to_tensor(np.stack([on_white(picture, WIDTH, HEIGHT)]))[None])
    clean = torch.cat([shown, likeness.encoder(to_tensor(frame[None])[None])], dim=2)
    cover = torch.cat([torch.zeros(1, 12, 20), latent_cover(np.stack([mask[None], mask[None]])).float()])[None]
    scene = Scene((Cast("cube", "red"), Cast("ball", "blue"))[:cast], "field")
    return Batch(
        clean, torch.zeros(0), cover, Tokens(torch.zeros(0), torch.zeros(0)), [], scene_labels([scene]),
        torch.zeros(1), unknown_origins(1, 2, 12, 20), 1,
    )  # fmt: skip


def test_each_patch_of_a_subject_is_found_in_the_picture_that_shows_it_alone(likeness: Likeness) -> None:
    found = likeness(batch(likeness, alone_on_white(*painted())))
    assert found.shape == (1, 2, 6, 10, 2) and found[0, 0].isnan().all(), "the picture itself is asked for nothing"
    known = ~found[0, 1, :, :, 0].isnan()
    filled = torch.zeros(6, 10, dtype=torch.bool)
    filled[2:5, 1:4] = True
    assert torch.equal(known, filled)
    middle = found[0, 1, 3, 2]  # of the square, and of the picture
    assert torch.allclose(middle, torch.tensor([2.5, 4.5]), atol=0.3)
    # the square is 48 pixels wide in the frame, and two thirds of the picture's height, 64 pixels, there
    assert torch.allclose(found[0, 1, 4, 3] - middle, torch.tensor(64 / 48), atol=0.4)


def test_nothing_is_asked_of_other_pictures_and_of_two_subjects(likeness: Likeness) -> None:
    frame, mask = painted()
    assert likeness(batch(likeness, frame)).isnan().all()
    assert likeness(batch(likeness, alone_on_white(frame, mask), cast=2)).isnan().all()


def test_nothing_is_asked_where_a_subject_may_be_partly_out_of_sight() -> None:
    cover, box = torch.zeros(1, 2, 12, 20), torch.tensor([[6.0, 10.0, 8.0, 8.0]])
    cover[0, 0, 4:8, 0:6] = cover[0, 1, 4:8, 2:8] = 1
    found = within(cover, box)
    assert found[0, 0].isnan().all()
    assert torch.allclose(found[0, 1, 2, 1], (torch.tensor([6 - 2.0, 10 - 8 / 3]) - 1) / 2)
    assert within(cover, torch.zeros(1, 4)).isnan().all()
