"""What training reads off inner layers, so that a small model soon finds what it is asked; left behind at export.

The loss of a flow says little about a word such as "star": it changes few numbers, and those only where nearly all is
noise. Crutches ask earlier blocks directly (compare Yu et al. 2024, representation alignment); the first three are
linear heads, the others attention itself:

- `position`: where each token is in the clip. Attention here knows only distances between tokens, and where the picture
  ends must be found from the faint rim that an encoded grey frame has.
- `scene`: what the clip is of, asked of every token, whether the words, a reference or the pixels tell.
- `outline`: where the subject is, cell by cell; the form that belongs to its name, on the path that its motion means.
- `lookup`: that two heads of attention to the words find, for each token, the part of the subject's look that belongs
  there (`lookup.py`). Once they do, a form need only be copied.
- `origin`: that one head of attention among the tokens looks where what a token shows was in the first frame, another
  where it was a latent frame ago (`origins.py`), a third where a reference picture shows it (`likeness.py`); what
  moves, the camera included, and what is to look like the picture is copied from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, cast

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import WanVACETransformer3DModel
from torch import Tensor, nn

from pipelines.starter.diorama.scenes import CAMERAS, LIGHTS, LOOKS, MOTIONS, PLACES, Scene
from pipelines.starter.diorama.subjects import COLOURS, KINDS
from pipelines.starter.lookup import lookup_error
from pipelines.starter.origins import origin_error

ASKED: dict[str, tuple[str, ...]] = {
    "subject": tuple(KINDS),
    "colour": tuple(COLOURS),
    "place": PLACES,
    "light": LIGHTS,
    "motion": MOTIONS,
    "camera": CAMERAS,
    "look": LOOKS,
}
OPTIONS = [len(options) for options in ASKED.values()]
_COLUMN = {
    pair: column
    for column, pair in enumerate((question, option) for question, options in ASKED.items() for option in options)
}


def scene_labels(scenes: Sequence[Scene | None], pictures: bool = False) -> Tensor:
    """(B, options of all questions): for every question of `ASKED` a row of shares that sum to 1, or to 0 where a
    scene has no answer; two subjects have half each. None is a picture of nothing known; `pictures` do not move."""
    rows = np.zeros((len(scenes), sum(OPTIONS)), np.float32)
    for row, scene in zip(rows, scenes, strict=True):
        if scene is None:
            continue
        for question in ASKED:
            if pictures and question in ("motion", "camera"):
                continue
            answers = _answers(scene, question)
            for answer in answers:
                row[_COLUMN[question, answer]] += 1 / len(answers)
    return torch.from_numpy(rows)


def _answers(scene: Scene, question: str) -> list[str]:
    """What a scene answers; nothing is said of the light in space."""
    if question in ("subject", "colour", "motion"):
        return [answer for answer in (getattr(cast, question) for cast in scene.cast) if answer is not None]
    return [] if question == "light" and scene.place == "space" else [getattr(scene, question)]


def scene_error(logits: Tensor, labels: Tensor) -> Tensor:
    """(B,) mean cross-entropy of (B, N, options of all questions) logits, each of N tokens asked for the `labels` of
    its scene (B, options of all questions)."""
    errors = [
        -(F.log_softmax(part.float(), dim=2) * wanted[:, None]).sum(dim=2).mean(dim=1)
        for part, wanted in zip(logits.split(OPTIONS, dim=2), labels.split(OPTIONS, dim=1), strict=True)
    ]
    return torch.stack(errors).mean(dim=0)


def scene_head(channels: int) -> nn.Linear:
    """From a token to the logits of every answer to every question, in one row; says nothing at first."""
    head = nn.Linear(channels, sum(OPTIONS))
    nn.init.zeros_(head.weight)
    return head


class Readouts(nn.Module):
    """The crutches, reading the transformer's last forward pass."""

    BLOCKS: ClassVar = {"position": 1, "scene": 2, "outline": 4}
    WEIGHTS: ClassVar = {"position": 0.05, "scene": 0.1, "outline": 0.3, "lookup": 0.1, "origin": 0.1}
    LOOKUP, LOOKUP_HEADS = 3, 2  # in which block, and how many heads
    ORIGIN = 4  # in which block; a head for each of the frames that are looked at

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
        last = len(transformer.blocks) - 1
        transformer.blocks[min(self.LOOKUP, last)].attn2.register_forward_pre_hook(self._keep_reading)
        transformer.blocks[min(self.ORIGIN, last)].attn1.register_forward_pre_hook(self._keep_looking)
        self._reading: tuple[Any, Tensor, Tensor] | None = None
        self._looking: tuple[Any, Tensor, tuple[Tensor, Tensor]] | None = None

    def _keep(self, name: str, block: nn.Module, inputs: object, output: Tensor) -> None:
        self._hidden[name] = F.layer_norm(output, output.shape[-1:])

    def _keep_reading(self, attention: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._reading = (attention, inputs[0], inputs[1])

    def _keep_looking(self, attention: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._looking = (attention, inputs[0], inputs[3])

    def loss(
        self, cover: Tensor, labels: Tensor, belongs: Tensor, origins: Tensor, references: int, whole: bool = True
    ) -> Tensor:
        """(B,) the weighted errors of all five. `cover` (B, T, h, w) in 0..1 is where the subject is, `labels` as
        `scene_labels` gives them, `belongs` as `lookup.belonging` does, `origins` (B, 3, T, h / 2, w / 2, 2) as
        `origins.origins` and `Likeness` have them; the first `references` of the T frames are pictures beside the clip.
        Of frames that are not `whole` nobody can tell where a token is, so that is not asked."""
        outline = F.binary_cross_entropy_with_logits(self.seen_outline(cover.shape), cover, reduction="none")
        errors = {
            "position": whole * self.position_error(cover.shape, references).mean(dim=(1, 2, 3)),
            "scene": self.scene_error(labels),
            "outline": outline.mean(dim=(1, 2, 3)),
            "lookup": self.lookup_error(belongs),
            "origin": self.origin_error(origins, references),
        }
        return torch.stack([weight * errors[name] for name, weight in self.WEIGHTS.items()]).sum(dim=0)

    def scene_error(self, labels: Tensor) -> Tensor:
        """(B,) how wrongly the tokens tell the scene, in nats a question."""
        return scene_error(self.scene(self._hidden["scene"]), labels)

    def lookup_error(self, belongs: Tensor) -> Tensor:
        """(B,) as `lookup.lookup_error` says of the heads that are asked to look up parts of looks."""
        assert self._reading is not None
        attention, hidden, words = self._reading
        query, key = asked_heads(attention, hidden, words, self.LOOKUP_HEADS)
        return lookup_error(log_shares(query, key), belongs)

    def origin_error(self, origins: Tensor, references: int) -> Tensor:
        """(B,) as `origins.origin_error` says of the heads that are asked to look there."""
        assert self._looking is not None
        attention, hidden, rotary = self._looking
        query, key = asked_heads(attention, hidden, hidden, origins.shape[1])
        return origin_error(log_shares(turned(query, *rotary), turned(key, *rotary)), origins, references)

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


def asked_heads(attention: Any, hidden: Tensor, keys: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """Queries of `hidden` and keys of `keys`, (B, N, heads, width), of an attention's first heads."""
    query, key = (
        part.unflatten(2, (attention.heads, -1))[:, :, :heads]
        for part in (attention.norm_q(attention.to_q(hidden)), attention.norm_k(attention.to_k(keys)))
    )
    return query, key


def turned(hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """(B, N, heads, width) as attention turns it by each token's place: pairs of numbers, as Wan's do."""
    even, odd = hidden.unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = cos[..., 0::2], sin[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def log_shares(query: Tensor, key: Tensor) -> Tensor:
    """(B, heads, N, L) how much of the attention of each of N queries goes to each of L keys, as logarithms."""
    scores = torch.einsum("bnhc,blhc->bhnl", query, key).float() / query.shape[3] ** 0.5
    return F.log_softmax(scores, dim=3)


def positions(frames: int, height: int, width: int) -> Tensor:
    """(T, h, w, 9): time, height and width in -1..1 (two frames to one), each with its sine and cosine."""
    axes = (torch.arange(frames) / 2 - 1, torch.linspace(-1, 1, height), torch.linspace(-1, 1, width))
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    return torch.cat([grid, torch.sin(torch.pi * grid), torch.cos(torch.pi * grid)], dim=-1)
