"""Where what a clip shows was before: told by its geometry, carried along, found by attention that is asked to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.starter.bank import ClipBank
from pipelines.starter.batch import unknown_origins
from pipelines.starter.clips import ClipLatents, Shard
from pipelines.starter.diorama.scenes import Cast, Scene
from pipelines.starter.diorama.stage import Camera
from pipelines.starter.optim import Trainer
from pipelines.starter.origins import PATCH, origins
from pipelines.starter.text import build_text_encoder
from pipelines.starter.transformer import StarterModel, build_transformer
from pipelines.starter.vocabulary import world_tokenizer
from tests.pipelines.starter.shooting import Kept

FRAMES, HEIGHT, WIDTH = 9, 96, 160
FOCAL, FAR = 1.0, 10.0  # picture widths, metres
GRID = torch.stack(torch.meshgrid(torch.arange(6.0), torch.arange(10.0), indexing="ij"), dim=-1)


def camera(across: float = 0.0, zoom: float = 1.0) -> Camera:
    """One that goes so many metres to the right, and whose lens grows so many times as long, from frame 0 to the
    last."""
    part = np.linspace(0, 1, FRAMES)
    eye = np.stack([across * part, 0 * part, 0 * part], axis=1)
    return Camera(eye, np.broadcast_to(np.eye(3), (FRAMES, 3, 3)), FOCAL * (1 + (zoom - 1) * part))


def wall() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.full((FRAMES, HEIGHT, WIDTH), FAR)


NOBODY = torch.zeros(2, FRAMES, HEIGHT, WIDTH)


def test_a_wall_before_a_travelling_camera_was_further_to_the_right() -> None:
    found = origins(camera(across=2.0), wall(), NOBODY).float()
    assert found.shape == (2, 3, 6, 10, 2) and found[:, 0].isnan().all()
    for which, latent, then, now in ((0, 1, 0, 3), (0, 2, 0, 7), (1, 2, 3, 7)):
        aside = 2.0 * (now - then) / (FRAMES - 1) * FOCAL * WIDTH / FAR / PATCH
        seen = ~found[which, latent, ..., 0].isnan()
        middle = (PATCH // 2 - (PATCH - 1) / 2) / PATCH  # of a patch lies between two pixels
        expected = GRID + middle + torch.tensor([0.0, aside])
        assert torch.allclose(found[which, latent][seen], expected[seen], atol=0.01)
        assert torch.equal(seen, expected[..., 1] * PATCH + (PATCH - 1) / 2 < WIDTH - 0.5), "beyond is not seen"


def test_a_lens_that_grows_longer_saw_all_of_it_nearer_to_the_middle() -> None:
    found = origins(camera(zoom=2.0), wall(), NOBODY).float()
    centre, shrunk = torch.tensor([2.5, 4.5]), 1 / (1 + 7 / 8)
    assert torch.allclose(found[0, 2] - centre, (GRID - centre) * shrunk, atol=0.05)


def test_a_subject_takes_its_patches_with_it_and_what_it_hid_was_not_seen() -> None:
    masks, depth = NOBODY.clone(), wall()
    for frame in range(FRAMES):
        left = 8 + 12 * frame
        masks[0, frame, 24:72, left : left + 48] = 1
        depth[frame, 24:72, left : left + 48] = 4.0
    found = origins(camera(), depth, masks).float()
    now = masks[0, 7, 8::16, 8::16] > 0  # where it is in the middle of patches
    was = masks[0, 0, 8::16, 8::16] > 0
    aside = found[0, 2][now] - GRID[now]
    assert torch.allclose(aside[:, 1], torch.tensor(-12 * 7 / PATCH), atol=0.05) and aside[:, 0].abs().max() < 0.05
    assert found[0, 2][was & ~now].isnan().all() and (was & ~now).any()
    rest = ~was & ~now
    assert torch.allclose(found[0, 2][rest], GRID[rest], atol=0.05)


def clip(known: bool) -> ClipLatents:
    scene, size = Scene((Cast("ball"),), "sea", camera="truck right"), (3, 12, 20)
    seen = origins(camera(across=2.0), wall(), NOBODY) if known else None
    return ClipLatents(scene, "none", torch.randn(4, *size), None, None, None, 0, (), torch.zeros(size), seen)


@pytest.mark.parametrize("known", [True, False])
def test_a_batch_tells_them_where_they_are_known(known: bool) -> None:
    bank = ClipBank(Kept(Shard([clip(known)], torch.zeros(4, 3, 12, 20))), world_tokenizer(), seed=0, tokens=200)
    bank.refresh()
    batch = bank.batch(0.0, 0.0).on("cpu")
    assert batch.origins.shape == (len(batch.clean), 2, 3, 6, 10, 2)
    assert bool((~batch.origins[:, :, 1:].isnan()).any()) == known
    beside = bank.batch(0.0, 1.0).on("cpu")
    assert beside.origins.shape[2] == beside.clean.shape[2] == 2


@pytest.mark.parametrize("known", ["before", "in a picture"])
def test_attention_learns_to_look_where_a_token_was_or_is_shown(known: str) -> None:
    torch.manual_seed(0)
    tokenizer = world_tokenizer()
    model = StarterModel(build_transformer(4, layers=2), build_text_encoder(len(tokenizer)), tokenizer)
    trainer = Trainer(model, StarterModel.PLAIN, 0.02, 2e-3)
    tokens = model.tokens(["the camera trucks right"] * 2)
    latents, control = torch.randn(2, 4, 4, 12, 20), torch.zeros(2, 72, 4, 12, 20)
    seen = torch.stack([origins(camera(across=2.0), wall(), NOBODY), unknown_origins(1, 3, 12, 20)[0]])
    seen = torch.cat([unknown_origins(2, 1, 12, 20), seen], dim=2)  # after a picture beside the clip
    shown = torch.full_like(seen[:, :1], torch.nan)
    if known == "in a picture":
        shown[0, 0, 1:, 2:4, 2:5] = (GRID[2:4, 2:5] / 2 + 1).half()
        seen.fill_(torch.nan)
    seen = torch.cat([seen, shown], dim=1)

    def error() -> torch.Tensor:
        model(latents, torch.ones(2), tokens, control)
        found: torch.Tensor = model.readouts.origin_error(seen, references=1)
        return found

    before = error().detach()
    assert before[0] > 5 and before[1] == 0, "nothing is asked where nothing is known"
    for _ in range(40):
        error().mean().backward()
        trainer.step(0.0, warmup=1)
    assert error()[0] < 0.5 * before[0]
