"""An adapter changes what is made, as strongly as asked, and leaves no trace on the model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from diffusers import WanVACEPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.adapters import adapters_in, check_adapter
from pipelines.errors import InputError, MediaError
from pipelines.model import LatentVideoModel
from pipelines.sampling import Sampling
from pipelines.settings import Finishing
from pipelines.text_to_video import TextToVideo, TextToVideoRequest
from pipelines.types import Conditioning
from tests.tiny import tiny_info, tiny_model_folder, tiny_pipeline

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="8")
LAYERS = ["to_q", "to_v", "ffn.net.2"]


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA for the tiny model, written by the libraries themselves."""
    folder = tmp_path_factory.mktemp("adapters")
    torch.manual_seed(1)
    transformer = tiny_pipeline().transformer
    transformer.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=LAYERS, init_lora_weights=False))
    layers = get_peft_model_state_dict(transformer)
    WanVACEPipeline.save_lora_weights(folder, transformer_lora_layers=layers, weight_name="look.safetensors")
    return folder / "look.safetensors"


def latents(model: LatentVideoModel, adapter: Path | None = None, weight: float = 1.0) -> Tensor:
    encoded = model.encode(Conditioning(prompt="a red ball", num_frames=5, height=32, width=64))
    with model.adapted(adapter, weight):
        return model.denoise(encoded, Sampling(num_inference_steps=2, guidance_scale=1.0, seed=1, flow_shift=3.0))


def changed(adapter: Path, folder: Path, **tensors: Tensor) -> Path:
    path = folder / "changed.safetensors"
    save_file({**load_file(adapter), **tensors}, path)
    return path


def test_an_adapter_changes_the_clip_and_more_so_the_more_weight_it_has(model: LatentVideoModel, adapter: Path) -> None:
    plain = latents(model)
    distances = [float((latents(model, adapter, weight) - plain).abs().mean()) for weight in (0.0, 0.25, 0.5, 1.0)]
    assert distances[0] == 0
    assert distances == sorted(distances) and distances[1] > 0


def test_the_model_is_bit_for_bit_what_it_was(model: LatentVideoModel, adapter: Path) -> None:
    plain = latents(model)
    latents(model, adapter)
    assert torch.equal(latents(model), plain)
    with pytest.raises(KeyboardInterrupt), model.adapted(adapter, 1.0):
        raise KeyboardInterrupt
    assert torch.equal(latents(model), plain)


def test_both_transformers_of_a_model_that_has_two_are_adapted(adapter: Path) -> None:
    info = dataclasses.replace(INFO, folder=tiny_model_folder(two_transformers=True))
    model = LatentVideoModel(info, "cpu")
    with model.adapted(adapter, 1.0):
        for part in (model._pipeline.transformer, model._pipeline.transformer_2):
            assert any("lora" in name for name, _ in part.named_parameters())
    for part in (model._pipeline.transformer, model._pipeline.transformer_2):
        assert not any("lora" in name for name, _ in part.named_parameters())


def test_a_request_carries_its_adapter_to_the_clip(model: LatentVideoModel, adapter: Path, tmp_path: Path) -> None:
    clips = []
    for given in (None, str(adapter)):
        request = TextToVideoRequest(
            prompt="a red ball", seed=1, adapter=given, finishing=Finishing(upscaler="lanczos")
        )
        made = TextToVideo(model).run(TextToVideo.prepare(request, INFO), tmp_path / str(given)[-4:], lambda _at: None)
        clips.append(made.path.read_bytes())
    assert clips[0] != clips[1]


def test_an_adapter_of_another_model_is_refused_by_name_and_size(adapter: Path, tmp_path: Path) -> None:
    foreign = changed(adapter, tmp_path, **{"transformer.blocks.0.attn1.to_q.lora_A.weight": torch.ones(4, 1536)})
    with pytest.raises(InputError, match=r"changed\.safetensors was made for another model: blocks\.0\.attn1\.to_q is"):
        check_adapter(foreign, INFO)
    deeper = changed(
        adapter,
        tmp_path,
        **{f"transformer.blocks.39.attn1.to_q.lora_{side}.weight": torch.ones(4, 4) for side in "AB"},
    )
    with pytest.raises(InputError, match=r"blocks\.39\.attn1\.to_q, which Tiny does not have"):
        check_adapter(deeper, INFO)
    half = changed(adapter, tmp_path, **{"transformer.blocks.0.attn1.to_out.0.lora_A.weight": torch.ones(4, 24)})
    with pytest.raises(MediaError, match="half of its pair"):
        check_adapter(half, INFO)


def test_whole_weights_are_no_adapter(tmp_path: Path) -> None:
    save_file({"transformer.blocks.0.attn1.to_q.weight": torch.ones(24, 24)}, tmp_path / "whole.safetensors")
    with pytest.raises(MediaError, match="is no adapter"):
        check_adapter(tmp_path / "whole.safetensors", INFO)


def test_weights_that_are_no_numbers_never_reach_the_model(
    model: LatentVideoModel, adapter: Path, tmp_path: Path
) -> None:
    spoilt = {"transformer.blocks.0.attn1.to_q.lora_A.weight": torch.full((4, 24), float("nan"))}
    with pytest.raises(InputError, match="no numbers"), model.adapted(changed(adapter, tmp_path, **spoilt), 1.0):
        pass


def test_what_only_the_library_can_tell_does_not_fit_leaves_the_model_as_it_was(
    model: LatentVideoModel, adapter: Path, tmp_path: Path
) -> None:
    plain = latents(model)
    path = tmp_path / "foreign.safetensors"
    save_file(
        {
            "diffusion_model.blocks.0.self_attn.q.lora_down.weight": torch.ones(4, 99),
            "diffusion_model.blocks.0.self_attn.q.lora_up.weight": torch.ones(99, 4),
        },
        path,
    )
    check_adapter(path, INFO)
    with pytest.raises(InputError, match="does not fit"), model.adapted(path, 1.0):
        pass
    assert torch.equal(latents(model), plain)


def test_adapters_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "adapters").mkdir()
    for name in ("ink.safetensors", "clay.safetensors", "notes.txt"):
        (tmp_path / "adapters" / name).touch()
    assert list(adapters_in(tmp_path)) == ["clay", "ink"]
    assert adapters_in(tmp_path / "nowhere") == {}
