"""The starter's transformer: its shape, and the model of words and latents that is trained as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from diffusers import WanVACETransformer3DModel
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from pipelines.errors import InputError
from pipelines.starter.concepts import PARTS
from pipelines.starter.readouts import Readouts
from pipelines.starter.text import TEXT_DIM, Tokens, build_text_encoder, encode_text, part_tokens, tokenize
from pipelines.starter.vae import LATENT_CHANNELS, SPATIAL_FACTOR
from pipelines.starter.vocabulary import world_tokenizer

HEAD_WIDTH = 48
HEADS = {"cpu": 4, "cuda": 5}  # as many as hours of a CPU, or minutes of a GPU, can teach


def build_transformer(
    latent_channels: int = LATENT_CHANNELS, layers: int = 7, heads: int = HEADS["cpu"]
) -> WanVACETransformer3DModel:
    """An untrained transformer whose first prediction is zero; the control branch joins at layers 0 and 3."""
    transformer = WanVACETransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=heads,
        attention_head_dim=HEAD_WIDTH,
        in_channels=latent_channels,
        out_channels=latent_channels,
        text_dim=TEXT_DIM,
        freq_dim=128,
        ffn_dim=4 * heads * HEAD_WIDTH,
        num_layers=layers,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=64,
        vace_layers=[0, 3] if layers > 3 else [0],
        vace_in_channels=2 * latent_channels + SPATIAL_FACTOR**2,
    )
    nn.init.zeros_(transformer.proj_out.weight)
    nn.init.zeros_(transformer.proj_out.bias)
    return transformer


def saved_parts(
    folder: Path, latent_channels: int
) -> tuple[WanVACETransformer3DModel, UMT5EncoderModel, PreTrainedTokenizerFast]:
    """The parts of a saved starter that are trained here, float32; InputError where it has not so many latent
    channels."""
    transformer = WanVACETransformer3DModel.from_pretrained(folder / "transformer").float()
    if (channels := transformer.config.in_channels) != latent_channels:
        raise InputError(
            f"The model in {folder} has {channels} latent channels, the clips to learn from have {latent_channels}."
            " Begin without it, or encode clips with its own autoencoder."
        )
    text = UMT5EncoderModel.from_pretrained(folder / "text_encoder").float()
    return transformer, text, PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")


def reads_the_world(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether its tokens are those of the present words."""
    return bool(tokenizer.get_vocab() == world_tokenizer().get_vocab())


class StarterModel(nn.Module):
    """Tokens of captions, noisy latents and control in; velocity out. The `readouts` serve training alone."""

    parts: Tensor  # (vocabulary,) as `part_tokens` says
    _part_rows: Tensor
    # Layers whose rows are not a hidden space: AdamW moves them, Muon the rest.
    PLAIN = ("patch_embedding", "transformer.proj_out", "text.shared", "scale_shift_table", "readouts")

    def __init__(
        self, transformer: WanVACETransformer3DModel, text: UMT5EncoderModel, tokenizer: PreTrainedTokenizerFast
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.text = text
        self.tokenizer = tokenizer
        self.readouts = Readouts(transformer)
        parts = part_tokens(tokenizer)
        self.register_buffer("parts", parts, persistent=False)
        # found once: a GPU would have to be waited for
        self.register_buffer("_part_rows", parts.nonzero()[:, 0], persistent=False)

    @classmethod
    def build(cls, latent_channels: int, heads: int) -> StarterModel:
        """An untrained one."""
        tokenizer = world_tokenizer()
        transformer = build_transformer(latent_channels, heads=heads)
        return cls(transformer, build_text_encoder(len(tokenizer)), tokenizer)

    @classmethod
    def of_state(cls, state: Mapping[str, Tensor]) -> StarterModel:
        """The one that has this `state_dict`."""
        width, channels = state["transformer.patch_embedding.weight"].shape[:2]
        model = cls.build(channels, width // HEAD_WIDTH)
        model.load_state_dict(state)
        return model

    @classmethod
    def load(cls, folder: Path, latent_channels: int) -> StarterModel:
        """The one of a saved starter; raises InputError as `saved_parts` does."""
        return cls(*saved_parts(folder, latent_channels))

    @property
    def looks(self) -> Tensor:
        """(kinds, PARTS, 4z) how subjects look, as the words say it."""
        vectors = self.text.shared.weight.detach()[self._part_rows].unflatten(0, (-1, PARTS))
        return vectors[:, :, : 4 * self.transformer.config.in_channels]

    def tokens(self, captions: Sequence[str]) -> Tokens:
        """What `forward` reads."""
        return tokenize(self.tokenizer, captions)

    def forward(self, latents: Tensor, sigma: Tensor, tokens: Tokens, control: Tensor) -> Tensor:
        """`latents` (B, z, T, h, w), `control` (B, 2z + s*s, T, h, w), `sigma` (B,) in 0..1 -> velocity, as latents."""
        states = encode_text(self.text, tokens)
        velocity: Tensor = self.transformer(
            hidden_states=latents,
            timestep=1000 * sigma,
            encoder_hidden_states=states,
            control_hidden_states=control,
            return_dict=False,
        )[0]
        return velocity


def flow_loss(
    model: StarterModel, clean: Tensor, tokens: Tokens, control: Tensor, sigma: Tensor,
    cover: Tensor | None = None, gain: float = 0.0, ahead: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Rectified flow (Liu et al. 2022): the squared error of the velocity at x = (1 - sigma) clean + sigma noise,
    per sample (B,). The cells of `cover` (B, T, h, w) in 0..1, where the subject is, count 1 + `gain` times. Frames
    that are `ahead` (B, T), 1 for those that are not, have that part of the noise level, and are asked for nothing."""
    noise = torch.randn_like(clean)
    level = sigma.view(-1, 1, 1, 1, 1)
    if ahead is not None:
        level = level * ahead[:, None, :, None, None]
    predicted = model((1 - level) * clean + level * noise, sigma, tokens, control)
    error = (predicted.float() - (noise - clean)).square().mean(dim=1)
    if ahead is not None:
        error = error * (ahead == 1)[:, :, None, None]
    return (error if cover is None else error * (1 + gain * cover)).mean(dim=(1, 2, 3))


def sample_sigma(count: int, device: str, centre: float = 1.6) -> Tensor:
    """(B,) noise levels in (0, 1), logit-normal around sigmoid(`centre`).

    The latents of a clip are many and alike, so a subject's kind and way can be read off them through very much noise:
    only where nearly all is noise (above 0.9) is a caption the one that knows, and is learned."""
    return torch.sigmoid(centre + 1.3 * torch.randn(count)).to(device)
