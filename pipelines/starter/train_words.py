"""The text encoder's own lesson, before the transformer's: the state of every word tells what the caption says.

Left to the flow's loss alone, each of the many ways to say "left" would have to be found to matter by itself. After
this lesson, a minute of one core, they are one direction of the states of all words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from pipelines.starter.diorama.captions import caption
from pipelines.starter.diorama.scenes import Scene, sample_scene
from pipelines.starter.looks import as_vectors, looks_of
from pipelines.starter.optim import Trainer
from pipelines.starter.readouts import scene_error, scene_head, scene_labels
from pipelines.starter.text import Tokens, encode_text, part_tokens, tokenize
from pipelines.starter.transformer import StarterModel
from pipelines.starter.vae import SPATIAL_FACTOR
from pipelines.starter.vocabulary import OTHER_WORDS
from pipelines.vace import control_tensor

MATRIX_LR, REST_LR, READING_LR = 0.02, 0.01, 0.012
STRAY_WORDS = 0.15  # the share of captions with a word beside the point


class WordsTeacher(nn.Module):
    """A text encoder, and one linear reading of the scene off the state of each of a caption's words."""

    parts: Tensor  # (vocabulary,) as `part_tokens` says
    PLAIN = ("shared", "scene", "relative_attention_bias")

    def __init__(self, text: UMT5EncoderModel, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self.text, self.tokenizer = text, tokenizer
        self.scene = scene_head(text.config.d_model)
        self.register_buffer("parts", part_tokens(tokenizer), persistent=False)

    def forward(self, captions: list[str], scenes: list[Scene]) -> Tensor:
        """The mean cross-entropy of all questions over all words, in nats."""
        tokens = tokenize(self.tokenizer, captions)
        longest = int(tokens.mask.sum(dim=1).max())
        tokens = Tokens(*(part[:, :longest].to(self.text.device) for part in tokens))
        states = encode_text(self.text, tokens)
        said = (tokens.mask > 0) & (self.parts[tokens.ids] == 0)
        labels = scene_labels(scenes).to(states.device)
        errors = scene_error(self.scene(states)[said][:, None], labels.repeat_interleave(said.sum(dim=1), dim=0))
        return errors.mean()


def teach_looks(
    text: UMT5EncoderModel, tokenizer: PreTrainedTokenizerFast, scenes: Sequence[Scene], latents: Tensor
) -> None:
    """Write into the encoder how every subject looks in pictures (B, z, h, w) of scenes with one subject or none."""
    looks = as_vectors(looks_of(scenes, latents), text.config.d_model)
    with torch.no_grad():
        text.shared.weight[part_tokens(tokenizer) > 0] = looks.flatten(0, 1).to(text.device)


def teach_words(
    text: UMT5EncoderModel, tokenizer: PreTrainedTokenizerFast, steps: int, seed: int, batch: int = 64
) -> float:
    """Train the encoder in place, on its device, for so many steps; returns the last loss in nats."""
    torch.manual_seed(seed)
    teacher = WordsTeacher(text, tokenizer).to(text.device)
    words = (teacher.parts == 0)[:, None]
    left_alone = text.shared.weight.register_hook(lambda gradient: gradient * words)  # looks are known already
    loss = _lesson(Trainer(teacher, WordsTeacher.PLAIN, MATRIX_LR, REST_LR), teacher, steps, seed, batch)
    left_alone.remove()
    return loss


def teach_reading(model: StarterModel, size: tuple[int, int], steps: int, seed: int, batch: int = 64) -> float:
    """Train the transformer's first blocks in place to take the scene over from the words, where all else is noise;
    returns the last loss in nats. It sees pictures of `size` (h, w) latent cells that show nothing: reading needs no
    room, so a step costs a fraction of one on whole pictures."""
    torch.manual_seed(seed)
    channels = model.transformer.config.in_channels
    empty = torch.zeros(channels, 1, *size, device=model.text.device)
    control = control_tensor(empty, empty, empty.new_ones(SPATIAL_FACTOR**2, 1, *size), [])
    controls = control[None].expand(batch, -1, -1, -1, -1)
    sigma = torch.ones(batch, device=controls.device)

    def error(captions: list[str], scenes: list[Scene]) -> Tensor:
        model(torch.randn(batch, *empty.shape, device=controls.device), sigma, model.tokens(captions), controls)
        return model.readouts.scene_error(scene_labels(scenes).to(controls.device)).mean()

    return _lesson(Trainer(model, StarterModel.PLAIN, READING_LR, REST_LR / 5), error, steps, seed, batch)


def _lesson(
    trainer: Trainer, error: Callable[[list[str], list[Scene]], Tensor], steps: int, seed: int, batch: int
) -> float:
    """Lower the error of captions for random scenes; returns the last one."""
    rng = np.random.default_rng(seed)
    loss = torch.zeros(())
    for step in range(steps):
        scenes = [sample_scene(rng) for _ in range(batch)]
        loss = error([_said(scene, rng) for scene in scenes], scenes)
        loss.backward()  # type: ignore[no-untyped-call]
        trainer.step(step / steps, warmup=20)
    return float(loss.detach())


def _said(scene: Scene, rng: np.random.Generator) -> str:
    words = caption(scene, rng, forget=0.2).split()
    if rng.random() < STRAY_WORDS:
        words.insert(int(rng.integers(len(words) + 1)), str(rng.choice(OTHER_WORDS)))
    return " ".join(words)
