"""More heads: a transformer that gets them does what it did, and learns with them."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import WanVACETransformer3DModel
from torch import Tensor

from pipelines.starter import train_transformer as stage
from pipelines.starter.clips import Shard
from pipelines.starter.optim import Trainer
from pipelines.starter.runs import save_whole
from pipelines.starter.text import build_text_encoder
from pipelines.starter.transformer import HEADS, StarterModel, build_transformer
from pipelines.starter.vocabulary import world_tokenizer
from pipelines.starter.widening import widened


def _narrow() -> WanVACETransformer3DModel:
    """One that says something: an untrained one's prediction is zero."""
    torch.manual_seed(0)
    narrow = build_transformer(4, layers=4, heads=2)
    torch.nn.init.normal_(narrow.proj_out.weight, std=0.1)
    return narrow


def _said(transformer: WanVACETransformer3DModel) -> Tensor:
    dice = torch.Generator().manual_seed(1)
    latents, control = (torch.randn(2, size, 2, 8, 8, generator=dice) for size in (4, 72))
    states = torch.randn(2, 5, transformer.config.text_dim, generator=dice)
    steps = torch.tensor([100.0, 900.0])
    said: Tensor = transformer(latents, steps, states, control_hidden_states=control, return_dict=False)[0]
    return said


def test_it_says_what_it_said() -> None:
    narrow = _narrow()
    wide = widened(narrow, 3)
    with torch.no_grad():
        before, after = _said(narrow), _said(wide)
        untrained = _said(widened(build_transformer(4, layers=4, heads=2), 3))
    assert (after - before).std() < 0.15 * before.std()
    assert not untrained.any()


def test_what_is_new_is_learnt_with() -> None:
    wide = widened(_narrow(), 3)
    trainer = Trainer(wide, StarterModel.PLAIN, 0.02, 2e-3)
    old = {name: value.clone() for name, value in wide.state_dict().items()}
    for _ in range(12):
        (_said(wide) - 1).square().mean().backward()
        trainer.step(0.0, warmup=1)
    width = _narrow().config.attention_head_dim * 2
    for name, value in wide.state_dict().items():
        new = (value - old[name]).squeeze()
        if "blocks.1" in name and new.ndim == 2 and new.shape[0] > 6:
            assert new[width:].abs().max() > 1e-3, f"the new rows of {name}"
            assert new[:, width:].abs().max() > 1e-3, f"the new columns of {name}"
            assert (new[width:].std(dim=0) > 1e-5).any(), "and they are not all one"


def test_a_training_on_a_gpu_gives_more_heads_to_what_a_cpu_taught(tmp_path: Path) -> None:
    tokenizer = world_tokenizer()
    taught = StarterModel(build_transformer(4), build_text_encoder(len(tokenizer)), tokenizer)
    for name, part in (("transformer", taught.transformer), ("text_encoder", taught.text), ("tokenizer", tokenizer)):
        part.save_pretrained(tmp_path / "taught" / name)
    (tmp_path / "cache").mkdir()
    save_whole(Shard([], torch.zeros(4, 1, 4, 4)), tmp_path / "cache" / "32x32x1-0-0.pt")
    for device in ("cpu", "cuda"):
        model, reads = stage.beginning(tmp_path, device, tmp_path / "taught")
        assert reads and model.transformer.config.num_attention_heads == HEADS[device]
        assert torch.equal(model.text.shared.weight, taught.text.shared.weight)
        hooks = [len(block._forward_hooks) for block in model.transformer.blocks]
        assert max(hooks) == 1, "what reads an inner layer reads it once"
