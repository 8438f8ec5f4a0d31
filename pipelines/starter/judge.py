"""A small network that names what is in a frame, trained on true renders with seeds of its own.

It sees one frame at a time, 80x48, and answers subject, colour and place. Its accuracy on clips it never saw is
printed with every evaluation: a score means nothing if the judge cannot read the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.starter.photos import Frame
from pipelines.starter.render import render
from pipelines.starter.runs import half_precision
from pipelines.starter.world import COLOURS, PLACES, SUBJECTS, Scene, sample_scene

SIZE = (80, 48)
HEADS: dict[str, tuple[str, ...]] = {"subject": SUBJECTS, "colour": tuple(COLOURS), "place": PLACES}


class Judge(nn.Module):
    """(B, 3, 48, 80) in 0..1 -> one row of scores per question."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (inner, outer) in enumerate(((3, width), (width, 2 * width), (2 * width, 2 * width))):
            layers += [nn.Conv2d(inner, outer, 3, stride=2 if i else 1, padding=1), nn.BatchNorm2d(outer), nn.ReLU()]
            layers += [nn.Conv2d(outer, outer, 3, stride=1 if i else 2, padding=1), nn.BatchNorm2d(outer), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.heads = nn.ModuleDict({name: nn.Linear(4 * width, len(options)) for name, options in HEADS.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = self.body(pictures)
        pooled = torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1)
        return {name: head(pooled) for name, head in self.heads.items()}

    @torch.inference_mode()
    def name(self, frames: Sequence[Frame]) -> dict[str, str]:
        """The most likely answers over several frames of one clip."""
        answers = self.eval()(to_pictures(frames))
        return {k: HEADS[k][int(v.softmax(1).mean(0).argmax())] for k, v in answers.items()}

    def trust(self, seed: int, clips: int = 200) -> dict[str, float]:
        """The share (0..1) of true renders, softened as the autoencoder would, that it names rightly as it is asked of
        the model's: over several frames of a clip, per question."""
        rng = np.random.default_rng(seed)
        right = dict.fromkeys(HEADS, 0)
        for _ in range(clips):
            scene = sample_scene(rng, with_subject=True)
            seen = self.name([_soften(rng, frame) for frame in render(scene, 160, 96, 17).frames[4::4]])
            for name in HEADS:
                right[name] += seen[name] == getattr(scene, name)
        return {name: count / clips for name, count in right.items()}


def to_pictures(frames: Sequence[Frame]) -> Tensor:
    """(H, W, 3) uint8 frames of any size -> (B, 3, 48, 80) in 0..1."""
    small = [cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA) for frame in frames]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 255


def _soften(rng: np.random.Generator, frame: Frame) -> Frame:
    """What a small autoencoder does to a frame: lost detail, a little noise."""
    if rng.random() < 0.6:
        frame = cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.5, 2.2))
    noisy: NDArray[np.float64] = frame + rng.normal(0, rng.uniform(0, 8), frame.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _examples(rng: np.random.Generator, count: int) -> tuple[Tensor, dict[str, Tensor]]:
    frames: list[NDArray[np.uint8]] = []
    scenes: list[Scene] = []
    while len(frames) < count:
        scene: Scene = sample_scene(rng, with_subject=True)
        clip = render(scene, 160, 96, 3)
        for i in (0, 1, 2):
            if (clip.mask[i] > 127).sum() > 250:
                frames.append(_soften(rng, clip.frames[i]))
                scenes.append(scene)
    labels = {
        "subject": torch.tensor([SUBJECTS.index(s.subject or "") for s in scenes]),
        "colour": torch.tensor([tuple(COLOURS).index(s.colour or "") for s in scenes]),
        "place": torch.tensor([PLACES.index(s.place) for s in scenes]),
    }
    return to_pictures(frames), labels


def train_judge(seed: int, kept: Path, examples: int = 9000, epochs: int = 8) -> Judge:
    """A trained judge, from the file it is `kept` in where that is there already."""
    if kept.exists():
        judge = Judge()
        judge.load_state_dict(torch.load(kept))
        return judge
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    pictures, labels = _examples(rng, examples)
    judge = Judge()
    optimiser = torch.optim.AdamW(judge.parameters(), lr=3e-3, weight_decay=0.02)
    steps = epochs * (len(pictures) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    judge.train()
    for _ in range(steps):
        pick = torch.randint(len(pictures), (64,))
        with half_precision("cpu"):
            answers = judge(pictures[pick])
        loss = sum((F.cross_entropy(answers[k].float(), labels[k][pick]) for k in HEADS), torch.zeros(()))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    torch.save(judge.state_dict(), kept)
    return judge
