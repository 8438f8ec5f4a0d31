"""What training reads off inner layers, so that a small model soon finds what it is asked; left behind at export.

The loss of a flow says little about a word such as "star": it changes few numbers, and those only where nearly all is
noise. Three linear heads, crutches, ask earlier blocks directly (compare Yu et al. 2024, representation alignment):

- `position`: where each token is in the clip. Attention here knows only distances between tokens, and where the picture
  ends must be found from the faint rim that an encoded grey frame has.
- `scene`: what the clip is of, asked of every token, whether the words, a reference or the pixels tell.
- `outline`: where the subject is, cell by cell; the form that belongs to its name, on the path that its motion means.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, cast

import torch
import torch.nn.functional as F
from diffusers import WanVACETransformer3DModel
from torch import Tensor, nn

from pipelines.starter.world import CAMERAS, COLOURS, LIGHTS, MOTIONS, PLACES, SUBJECTS, Scene

ASKED: dict[str, tuple[str, ...]] = {
    "subject": SUBJECTS,
    "colour": tuple(COLOURS),
    "place": PLACES,
    "light": LIGHTS,
    "motion": MOTIONS,
    "camera": CAMERAS,
}
NOTHING = -100  # what `cross_entropy` passes over: a scene without a subject, a photograph's place


def scene_labels(scenes: Sequence[Scene], pictures: bool = False) -> Tensor:
    """(B, 6) the index of each scene's answer to every question of `ASKED`, NOTHING where it has none; `pictures` do
    not move."""
    rows = []
    for scene in scenes:
        answers = [(getattr(scene, name), options) for name, options in ASKED.items()]
        if pictures:
            answers = [("" if options in (MOTIONS, CAMERAS) else answer, options) for answer, options in answers]
        rows.append([options.index(answer) if answer in options else NOTHING for answer, options in answers])
    return torch.tensor(rows)


def scene_error(logits: Tensor, labels: Tensor) -> Tensor:
    """(B,) mean cross-entropy of (B, N, options of all questions) logits, each of N tokens asked for (B, 6) labels."""
    count, tokens, _ = logits.shape
    errors = [
        F.cross_entropy(part.transpose(1, 2).float(), label[:, None].expand(count, tokens), reduction="none").mean(1)
        for part, label in zip(logits.split([len(o) for o in ASKED.values()], dim=2), labels.unbind(1), strict=True)
    ]
    return torch.stack(errors).mean(dim=0)


def scene_head(channels: int) -> nn.Linear:
    """From a token to the logits of every answer to every question, in one row; says nothing at first."""
    head = nn.Linear(channels, sum(len(options) for options in ASKED.values()))
    nn.init.zeros_(head.weight)
    return head


class Readouts(nn.Module):
    """The three heads, reading the transformer's last forward pass."""

    BLOCKS: ClassVar = {"position": 1, "scene": 2, "outline": 4}
    WEIGHTS: ClassVar = {"position": 0.05, "scene": 0.1, "outline": 0.3}

    def __init__(self, transformer: WanVACETransformer3DModel) -> None:
        super().__init__()
        channels = transformer.config.num_attention_heads * transformer.config.attention_head_dim
        self.position, self.scene, self.outline = nn.Linear(channels, 9), scene_head(channels), nn.Linear(channels, 4)
        nn.init.zeros_(self.position.weight)
        nn.init.zeros_(self.outline.weight)
        self._hidden: dict[str, Tensor] = {}
        for name, index in self.BLOCKS.items():
            block = transformer.blocks[min(index, len(transformer.blocks) - 1)]
            block.register_forward_hook(partial(self._keep, name))

    def _keep(self, name: str, block: nn.Module, inputs: object, output: Tensor) -> None:
        self._hidden[name] = F.layer_norm(output, output.shape[-1:])

    def loss(self, cover: Tensor, labels: Tensor, references: int) -> Tensor:
        """(B,) the weighted errors of all three. `cover` (B, T, h, w) in 0..1 is where the subject is, `labels` as
        `scene_labels` gives them; the first `references` of the T frames are pictures beside the clip."""
        outline = F.binary_cross_entropy_with_logits(self.seen_outline(cover.shape), cover, reduction="none")
        errors = {
            "position": self.position_error(cover.shape, references).mean(dim=(1, 2, 3)),
            "scene": self.scene_error(labels),
            "outline": outline.mean(dim=(1, 2, 3)),
        }
        return torch.stack([weight * errors[name] for name, weight in self.WEIGHTS.items()]).sum(dim=0)

    def scene_error(self, labels: Tensor) -> Tensor:
        """(B,) how wrongly the tokens tell the scene, in nats a question."""
        return scene_error(self.scene(self._hidden["scene"]), labels)

    def seen_outline(self, shape: torch.Size) -> Tensor:
        """Logits (B, T, h, w) of how much of each latent cell the subject fills."""
        count, frames, height, width = shape
        cells = self.outline(self._hidden["outline"]).float().view(count, frames, height // 2, width // 2, 2, 2)
        return cast(Tensor, cells.transpose(3, 4).reshape(shape))

    def position_error(self, shape: torch.Size, references: int) -> Tensor:
        """How wrong each token's position is, in squares of half a side: (B, T - R, h / 2, w / 2)."""
        count, frames, height, width = shape
        said = self.position(self._hidden["position"]).view(count, frames, height // 2, width // 2, 9)[:, references:]
        error = said.float() - positions(frames - references, height // 2, width // 2).to(said.device)
        return cast(Tensor, error.square().mean(dim=-1))


def positions(frames: int, height: int, width: int) -> Tensor:
    """(T, h, w, 9): time, height and width in -1..1 (two frames to one), each with its sine and cosine."""
    axes = (torch.arange(frames) / 2 - 1, torch.linspace(-1, 1, height), torch.linspace(-1, 1, width))
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    return torch.cat([grid, torch.sin(torch.pi * grid), torch.cos(torch.pi * grid)], dim=-1)
