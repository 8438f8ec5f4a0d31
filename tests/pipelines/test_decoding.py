"""Latents are never lost to too little memory: decoding goes on in smaller pieces, and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from pipelines.checkpoints import ASSETS
from pipelines.decoding import decode
from pipelines.errors import OutOfMemory
from pipelines.pixels import to_frames
from tests.media_samples import psnr
from tests.tiny import tiny_pipeline

Forward = Callable[..., Tensor]


@pytest.fixture
def tiny_vae() -> Any:
    return tiny_pipeline().vae


def random_latents(channels: int = 4, frames: int = 3, height: int = 12, width: int = 20) -> Tensor:
    return torch.randn(1, channels, frames, height, width, generator=torch.Generator().manual_seed(3))


def decoded(vae: Any, latents: Tensor, **tiling: int) -> np.ndarray:
    return np.concatenate([to_frames(chunk) for chunk in decode(vae, latents, "cpu", **tiling)])


def too_little_memory_for(vae: Any, monkeypatch: pytest.MonkeyPatch, refused: Callable[[int, Tensor], bool]) -> None:
    """Let the decoder run out of memory wherever `refused(number of the call, hidden)`, its work half done."""
    real, calls = vae.decoder.forward, []

    def forward(hidden: Tensor, feat_cache: list[Any], **rest: Any) -> Tensor:
        calls.append(1)
        if refused(len(calls), hidden):
            feat_cache[0] = None
            raise torch.OutOfMemoryError("CUDA out of memory")
        answer: Tensor = real(hidden, feat_cache=feat_cache, **rest)
        return answer

    monkeypatch.setattr(vae.decoder, "forward", forward)


@pytest.mark.parametrize("begins", [1, 2, 3])
def test_pictures_too_large_for_memory_are_decoded_in_tiles_from_there_on(
    tiny_vae: Any, monkeypatch: pytest.MonkeyPatch, begins: int
) -> None:
    latents = random_latents()
    whole = decoded(tiny_vae, latents)
    too_little_memory_for(tiny_vae, monkeypatch, lambda call, hidden: call >= begins and hidden.shape[-1] > 8)
    tiled = decoded(tiny_vae, latents, tile=8, overlap=4)
    before = 0 if begins == 1 else 1 + 4 * (begins - 2)  # frames made while there was room
    assert tiled.shape == whole.shape
    assert np.array_equal(tiled[:before], whole[:before])
    assert not np.array_equal(tiled[before:], whole[before:])


def test_tiles_of_a_real_picture_show_no_seam() -> None:
    vae = AutoencoderKLWan.from_pretrained(ASSETS / "starter" / "vae", dtype=torch.float32)
    rows, columns = np.mgrid[0:192, 0:320]
    picture = np.stack([columns * 0.8, rows, 128 + 60 * np.sin(columns / 17) * np.cos(rows / 23)], -1)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None, :, None].float() / 127.5 - 1
    with torch.inference_mode():
        latents = vae.encode(pixels.repeat(1, 1, 5, 1, 1)).latent_dist.mode()
    whole = decoded(vae, latents)
    with pytest.MonkeyPatch.context() as monkeypatch:
        too_little_memory_for(vae, monkeypatch, lambda _call, hidden: hidden.shape[-1] > 16)
        tiled = decoded(vae, latents, tile=16, overlap=8)
    assert psnr(tiled, whole) > 40
    steps = np.abs(np.diff(tiled.astype(int), axis=2)), np.abs(np.diff(whole.astype(int), axis=2))
    assert steps[0].max() <= steps[1].max() + 3  # a seam would be a step the whole picture does not have


def test_where_not_even_a_tile_fits_the_person_is_told(tiny_vae: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    too_little_memory_for(tiny_vae, monkeypatch, lambda _call, _hidden: True)
    with pytest.raises(OutOfMemory, match="not enough memory"):
        decoded(tiny_vae, random_latents(), tile=8, overlap=4)


def test_a_device_without_room_hands_over_to_main_memory(tiny_vae: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = random_latents(height=4, width=6)
    whole = decoded(tiny_vae, latents)
    moves: list[str] = []
    real_to = tiny_vae.to
    monkeypatch.setattr(tiny_vae, "to", lambda device: moves.append(str(device)) or real_to("cpu"))
    monkeypatch.setattr(Tensor, "to", _staying(Tensor.to))
    too_little_memory_for(tiny_vae, monkeypatch, lambda _call, _hidden: not moves)
    chunks = [to_frames(chunk) for chunk in decode(tiny_vae, latents, "cuda")]
    assert np.array_equal(np.concatenate(chunks), whole)
    assert moves == ["cpu", "cuda"]


def _staying(real: Forward) -> Forward:
    """Tensor.to, where "cuda" is here."""

    def to(tensor: Tensor, *where: Any, **rest: Any) -> Tensor:
        return real(tensor, *("cpu" if place == "cuda" else place for place in where), **rest)

    return to


def test_other_errors_are_not_taken_for_too_little_memory(tiny_vae: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_values: Any, **_more: Any) -> Tensor:
        raise RuntimeError("the shapes do not match")

    monkeypatch.setattr(tiny_vae.decoder, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        decoded(tiny_vae, random_latents())
