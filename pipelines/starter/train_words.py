"""The text encoder's own lesson, before the transformer's: the state of every word tells what the caption says.

Left to the flow's loss alone, each of the many ways to say "left" would have to be found to matter by itself. After
this lesson, a minute of one core, they are one direction of the states of all words.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from transformers import T5Tokenizer, UMT5EncoderModel

from pipelines.starter.diorama.captions import caption
from pipelines.starter.diorama.scenes import Scene, sample_scene
from pipelines.starter.optim import Trainer
from pipelines.starter.readouts import scene_error, scene_head, scene_labels
from pipelines.starter.text import encode_text, tokenize
from pipelines.starter.transformer import StarterModel
from pipelines.starter.vae import SPATIAL_FACTOR
from pipelines.starter.vocabulary import OTHER_WORDS
from pipelines.vace import control_tensor

MATRIX_LR, REST_LR, READING_LR = 0.02, 0.01, 0.012
STRAY_WORDS = 0.15  # the share of captions with a word beside the point


class WordsTeacher(nn.Module):
    """A text encoder, and one linear reading of the scene off the state of each of a caption's words."""

    PLAIN = ("shared", "scene", "relative_attention_bias")

    def __init__(self, text: UMT5EncoderModel, tokenizer: T5Tokenizer) -> None:
        super().__init__()
        self.text, self.tokenizer = text, tokenizer
        self.scene = scene_head(text.config.d_model)

    def forward(self, captions: list[str], scenes: list[Scene]) -> Tensor:
        """The mean cross-entropy of all questions over all words, in nats."""
        states = encode_text(self.text, tokenize(self.tokenizer, captions))
        said = states.abs().sum(dim=2) > 0  # states beyond a caption's end are zero
        labels = scene_labels(scenes).to(states.device)
        errors = scene_error(self.scene(states)[said][:, None], labels.repeat_interleave(said.sum(dim=1), dim=0))
        return errors.mean()


def teach_words(text: UMT5EncoderModel, tokenizer: T5Tokenizer, steps: int, seed: int, batch: int = 64) -> float:
    """Train the encoder in place, on its device, for so many steps; returns the last loss in nats."""
    torch.manual_seed(seed)
    teacher = WordsTeacher(text, tokenizer).to(text.device)
    return _lesson(Trainer(teacher, WordsTeacher.PLAIN, MATRIX_LR, REST_LR), teacher, steps, seed, batch)


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
