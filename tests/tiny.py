"""A tiny real WanVACE folder (0.1 M parameters, every component genuine), made in code for tests.

Its weights are random: it makes noise, not pictures. What it proves is the path, never the meaning.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanVACEPipeline, WanVACETransformer3DModel
from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

from pipelines.checkpoints import ModelInfo, model_info

WORDS = "a the red blue ball cube star moving left right over sea desert city night".split()


@functools.cache
def tiny_model_folder(two_transformers: bool = False) -> Path:
    """Build the folder once per process; 32x48 pixels and 9 frames is a good size for it."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-wanvace-"))
    tiny_pipeline(two_transformers).save_pretrained(folder)
    return folder


def tiny_info() -> ModelInfo:
    """What the catalogue would say of the tiny folder, with small defaults so that a clip takes a second."""
    import dataclasses

    return dataclasses.replace(
        model_info(str(tiny_model_folder()), Path("/nonexistent")),
        title="Tiny",
        width=64,
        height=32,
        num_frames=9,
        frame_rate=8.0,
        num_inference_steps=2,
        guidance_scale=2.0,
        max_prompt_tokens=16,
    )


def tiny_pipeline(two_transformers: bool = False) -> WanVACEPipeline:
    torch.manual_seed(0)
    z = 4
    vae = AutoencoderKLWan(
        base_dim=4,
        z_dim=z,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1] * z,
        latents_std=[1.5] * z,
    )
    # torch's own initialisation lets the signal die on the way: every clip would be the same grey, give or take a pixel
    for module in vae.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d):
            torch.nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
    vocab = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", -9.0),
        ("▁", -3.0),
        *[("▁" + word, -4.0) for word in WORDS],
    ]
    vocab += [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    tokenizer = T5Tokenizer(vocab=vocab, extra_ids=0, model_max_length=16)
    text = UMT5Config(vocab_size=len(vocab), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    pipeline = WanVACEPipeline(
        tokenizer=tokenizer,
        text_encoder=UMT5EncoderModel(text).eval(),
        vae=vae.eval(),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=_transformer(z),
        transformer_2=_transformer(z) if two_transformers else None,
        boundary_ratio=0.875 if two_transformers else None,
    )
    return pipeline


def _transformer(z: int) -> WanVACETransformer3DModel:
    transformer = WanVACETransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=z,
        out_channels=z,
        text_dim=32,
        freq_dim=64,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=64,
        vace_layers=[0, 1],
        vace_in_channels=2 * z + 64,
    ).eval()
    # zero-initialised outputs would hide the control branch and the timestep from every test
    for parameter in transformer.parameters():
        if parameter.dim() > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return transformer
