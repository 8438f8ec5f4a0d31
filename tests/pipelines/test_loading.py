"""Too little memory for the weights, or for the pixels on the device: less goes there, and then the person is told."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from pipelines import loading
from pipelines.encoding import encode
from pipelines.errors import OutOfMemory
from pipelines.loading import load_within_memory
from pipelines.model import LatentVideoModel
from pipelines.placement import Placement
from tests.tiny import tiny_info, tiny_pipeline

GPU = Placement("cuda", "cuda", torch.bfloat16)


def too_small(monkeypatch: pytest.MonkeyPatch, fits: Any) -> list[tuple[str, bool]]:
    """A device on which only placements that satisfy `fits` find room; the list of those tried."""
    tried: list[tuple[str, bool]] = []

    def put(_pipeline: Any, placement: Placement) -> None:
        tried.append((placement.text_device, placement.streamed))
        if not fits(placement):
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loading, "_read", lambda _info, _placement: object())
    monkeypatch.setattr(loading, "place", put)
    return tried


def test_what_does_not_fit_is_loaded_with_less_and_less_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = too_small(monkeypatch, lambda placement: placement.streamed)
    placement, _ = load_within_memory(tiny_info(), GPU)
    assert tried == [("cuda", False), ("cpu", False), ("cpu", True)]
    assert placement == Placement("cuda", "cpu", torch.bfloat16, streamed=True)


def test_a_model_that_never_fits_is_said_to_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    too_small(monkeypatch, lambda _placement: False)
    with pytest.raises(OutOfMemory, match=r"Tiny does not fit.*\(cuda\).*choose a smaller model"):
        load_within_memory(tiny_info(), GPU)


def test_main_memory_has_nothing_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_values: Any, **_more: Any) -> Any:
        raise MemoryError

    assert Placement("cpu", "cpu", torch.float32).smaller() is None
    monkeypatch.setattr("pipelines.loading.WanVACEPipeline.from_pretrained", refused)
    with pytest.raises(OutOfMemory, match="does not fit"):
        LatentVideoModel(tiny_info(), "cpu")


def test_other_errors_while_loading_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_values: Any) -> Any:
        raise RuntimeError("weights are of the wrong shape")

    monkeypatch.setattr(loading, "_read", broken)
    with pytest.raises(RuntimeError, match="wrong shape"):
        load_within_memory(tiny_info(), GPU)


def test_a_model_moves_off_a_device_that_ran_out_and_says_when_nothing_is_left_to_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = LatentVideoModel(tiny_info(), "cpu")
    assert not model.shrink()
    moved: list[Placement] = []
    monkeypatch.setattr("pipelines.model.place", lambda _pipeline, placement: moved.append(placement))
    model.placement = GPU
    assert model.shrink()
    assert model.shrink()
    assert not model.shrink()
    assert [(placement.text_device, placement.streamed) for placement in moved] == [("cpu", False), ("cpu", True)]


def test_pixels_the_device_has_no_room_for_are_encoded_in_main_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    vae = tiny_pipeline().vae
    pixels = torch.rand(1, 3, 5, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        wanted = vae.encode(pixels).latent_dist.mode()
    places: list[str] = []
    real = vae.encode

    def small(given: Tensor) -> Any:
        if given.is_meta:
            raise torch.OutOfMemoryError("out of memory")
        answer = real(given)
        assert torch.equal(answer.latent_dist.mode(), wanted)
        return answer

    monkeypatch.setattr(vae, "encode", small)
    monkeypatch.setattr(vae, "to", places.append)
    with torch.inference_mode():
        assert encode(vae, pixels, "meta").is_meta  # stands for a device: what comes back is there
    assert places == ["cpu", "meta"]


def test_pixels_that_fit_nowhere_are_said_to_be_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    vae = tiny_pipeline().vae

    def refused(_pixels: Tensor) -> Any:
        raise MemoryError

    monkeypatch.setattr(vae, "encode", refused)
    with pytest.raises(OutOfMemory, match="smaller size or fewer frames"):
        encode(vae, torch.zeros(1, 3, 1, 32, 48), "cpu")
