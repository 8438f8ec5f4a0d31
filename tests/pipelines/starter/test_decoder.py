"""The decoder is taught alone, on what the transformer makes of a clip as well as on what the encoder says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.starter import crops, pairs, train_decoder
from pipelines.starter.critic import Critic
from pipelines.starter.crops import normal
from pipelines.starter.exercises import draw
from pipelines.starter.export import GUIDED
from pipelines.starter.pairs import Pairs, made_again
from pipelines.starter.text import Tokens, build_text_encoder, build_tokenizer, tokenize
from pipelines.starter.train_decoder import asked_of, best_autoencoder
from pipelines.starter.transformer import StarterModel, build_transformer
from tests.pipelines.starter.shooting import small_encoder, small_source

WORDS = build_tokenizer(["a", "red", "ball"])


class Painter(nn.Module):
    """A model whose clips are known: with words all ones, without them zeros."""

    def tokens(self, captions: list[str]) -> Tokens:
        return tokenize(WORDS, captions)

    def forward(self, latents: Tensor, sigma: Tensor, tokens: Tokens, control: Tensor) -> Tensor:
        assert control.shape == (len(latents), 72, *latents.shape[2:]) and (control[:, 8:] == 1).all(), "all is open"
        clip = (tokens.mask.sum(dim=1) > 1).float().view(-1, 1, 1, 1, 1)  # more than the end
        return (latents - clip) / sigma.view(-1, 1, 1, 1, 1)


class Pooling:
    """An encoder whose latents say what every cell shows."""

    device = "cpu"

    def __call__(self, video: Tensor) -> Tensor:
        return F.avg_pool3d(video[:, :, ::4], (1, 8, 8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips and two pictures, drawn."""
    folder = tmp_path_factory.mktemp("training")
    for frames in (1, 17):
        draw(small_source(), folder / "drawn", 0.0, lambda _, frames=frames: ((64, 48), frames), 2)
    return folder


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops, "FEW", 1)
    monkeypatch.setattr(pairs, "AT_FIRST", (17, 1))
    monkeypatch.setattr(pairs, "PHOTOS", 1)
    monkeypatch.setattr(pairs, "CELLS", 60)


def test_what_is_lost_is_made_anew_as_its_caption_says_and_guided() -> None:
    latents, rng = torch.full((2, 4, 2, 4, 4), 7.0), np.random.default_rng(0)
    made = made_again(Painter(), GUIDED, small_encoder(), latents, ["a red ball", ""], rng)
    assert made.shape == latents.shape
    assert torch.allclose(made[1], torch.zeros(1), atol=0.05), "nothing said, nothing to be guided to"
    assert made[0].mean() > 1.3, "guidance goes beyond"


def test_every_part_of_a_clip_comes_with_its_own_latents(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MADE", 0.0)
    monkeypatch.setattr(pairs, "SIDES", {2: 0.5, 99: 0.5})
    found = Pairs(folder, Painter(), GUIDED, Pooling(), seed=1)
    assert {size: len(pool) for size, pool in found.pools.items()} == {(5, 6, 8): 3, (1, 6, 8): 3}
    seen = set()
    for _ in range(40):
        latents, frames = found.batch(times=1)
        assert torch.allclose(Pooling()(normal(frames)), latents.float(), atol=2e-3)
        seen.add(tuple(latents.shape[2:]))
    assert {(1, 2, 2), (1, 6, 8), (5, 2, 2), (5, 6, 8)} <= seen
    assert {length for length, *_ in seen} == {1, 2, 3, 4, 5}, "beginnings, too"


def test_half_of_the_worlds_clips_are_as_the_transformer_makes_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "MADE", 1.0)
    monkeypatch.setattr(pairs, "made_again", lambda model, defaults, encoder, latents, captions, rng: latents + 100)
    found = Pairs(folder, Painter(), GUIDED, Pooling(), seed=1)
    for pool in found.pools.values():
        assert [float(latents.min()) > 50 for latents, _ in pool] == [True, True, False], "a photo has no caption"


def test_the_decoder_learns_and_nothing_else_does_and_it_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = small_encoder()
    encoder.vae.save_pretrained(tmp_path / "vae")
    (tmp_path / "drawn").symlink_to(folder / "drawn")
    model = StarterModel(build_transformer(4, layers=2), build_text_encoder(len(WORDS)), WORDS)
    monkeypatch.setattr(train_decoder, "to_export", lambda folder: (model, GUIDED))
    monkeypatch.setattr(train_decoder, "REFRESHED", 1)
    monkeypatch.setattr(train_decoder, "JOINS", -1.0)
    before = best_autoencoder(tmp_path).state_dict()
    train_decoder.train_decoder(tmp_path, minutes=1e-4)
    first = torch.load(tmp_path / "decoder.pt")
    train_decoder.train_decoder(tmp_path, minutes=first["minutes"] + 1e-4)
    second = torch.load(tmp_path / "decoder.pt")
    assert second["trainer"]["steps"] > first["trainer"]["steps"] >= 1
    changed = {name.split(".")[0] for name, weight in best_autoencoder(tmp_path).state_dict().items()
               if not torch.equal(weight, before[name])}  # fmt: skip
    assert changed == {"decoder", "post_quant_conv"}


def sharp_and_soft() -> tuple[Tensor, Tensor]:
    """Clips of random blocks, and the same blurred."""
    sharp = torch.rand(2, 3, 3, 3, 3).round().mul(2).sub(1)
    sharp = F.interpolate(sharp.flatten(0, 1), scale_factor=8).unflatten(0, (2, 3))
    return sharp, F.avg_pool3d(sharp, (1, 7, 7), stride=1, padding=(0, 3, 3))


def test_a_critic_learns_to_tell_what_is_blurred_and_wishes_that_it_were_not() -> None:
    torch.manual_seed(0)
    critic = Critic()
    lessons = [critic.learn(*sharp_and_soft()) for _ in range(40)]
    assert lessons[0] > 1.5 and np.mean(lessons[-5:]) < 0.6
    sharp, soft = sharp_and_soft()
    assert critic(sharp).shape == (2, 1, 3, 3, 3) and critic(sharp).mean() > critic(soft).mean() + 1
    wish = critic.wish(soft)
    better = soft - 3 * wish / wish.norm()
    assert critic(better).mean() > critic(soft).mean() + 0.1
    assert (better - sharp).norm() < (soft - sharp).norm(), "which is how it was"


def test_a_critic_is_heard_as_much_as_it_should_be_beside_the_pixels() -> None:
    torch.manual_seed(0)
    critic, (sharp, soft) = Critic(), sharp_and_soft()
    pixels, quality = asked_of(soft, sharp, None, 0.0)
    assert quality.endswith("dB") and (soft - 0.01 * pixels.sign() - sharp).abs().mean() < (soft - sharp).abs().mean()
    before = [weight.clone() for weight in critic.parameters()]
    both, quality = asked_of(soft, sharp, critic, 0.4)
    assert "critic" in quality
    assert not all(torch.equal(weight, was) for weight, was in zip(critic.parameters(), before, strict=True))
    assert torch.allclose((both - pixels).norm(), 0.4 * pixels.norm(), rtol=1e-3)
