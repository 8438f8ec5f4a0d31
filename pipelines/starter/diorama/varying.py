"""Lessons seen in other ways: mirrored, moved, played back, and as a small autoencoder leaves them."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.starter.diorama.judge import motion_of
from pipelines.starter.diorama.lessons import ASKED, NOTHING, Lessons
from pipelines.starter.diorama.scenes import CAMERAS, MOTIONS
from pipelines.starter.photos import Frames


def varied(frames: Tensor, where: Tensor, drawing: torch.Generator) -> tuple[Tensor, Tensor]:
    """(B, 3, h, w) in 0..1, mirrored by chance, shifted and sized a little, and as an autoencoder leaves them; and
    (B, 1, h', w') where something is in them, moved alike."""
    count, device = len(frames), frames.device

    def chance(low: float, high: float, *shape: int) -> Tensor:
        return (low + (high - low) * torch.rand(count, *shape, generator=drawing)).to(device)

    mirror = torch.where(chance(0, 1) < 0.5, -1.0, 1.0)
    size = chance(0.85, 1.12)
    shift = chance(-0.1, 0.1, 2)
    place = torch.cat([torch.diag_embed(torch.stack([mirror * size, size], 1)), shift[:, :, None]], dim=2)

    def shifted(planes: Tensor) -> Tensor:
        grid = F.affine_grid(place, list(planes.shape), align_corners=False)
        return F.grid_sample(planes, grid, padding_mode="reflection", align_corners=False)

    return softly(shifted(frames), drawing), shifted(where)


def softly(frames: Tensor, drawing: torch.Generator) -> Tensor:
    """(B, C, h, w) as an autoencoder leaves them: three in five softened, all with some noise."""
    count, channels, device = len(frames), frames.shape[1], frames.device
    soft, sharp, noise = (torch.rand(count, 1, 1, 1, generator=drawing).to(device) for _ in range(3))
    taps = torch.arange(-4, 5, device=device).float().view(1, 1, 1, -1)
    kernel = torch.exp(-0.5 * (taps / (0.4 + 1.2 * soft)) ** 2)
    kernel = (kernel / kernel.sum(-1, keepdim=True)).repeat_interleave(channels, dim=0)
    flat = F.pad(frames.flatten(0, 1)[None], (4, 4, 4, 4), mode="replicate")
    flat = F.conv2d(flat, kernel, groups=channels * count)
    blurred = F.conv2d(flat, kernel.transpose(2, 3), groups=channels * count).view_as(frames)
    grain = torch.randn(frames.shape, generator=drawing).to(device) * 0.03 * noise
    return torch.where(sharp < 0.4, frames, blurred) + grain


def softened(rng: np.random.Generator, frames: Frames) -> Frames:
    """What a small autoencoder does to a clip of the judge's size: lost detail, a little noise."""
    sigma = rng.uniform(0.4, 1.6) if rng.random() < 0.6 else 0.0
    soft = np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames]) if sigma else frames
    return np.clip(soft + rng.normal(0, rng.uniform(0, 6), frames.shape), 0, 255).astype(np.uint8)


def motion_lessons(lessons: Lessons, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(4N, ...) float16 what the watcher sees of every clip, played forwards and back, each mirrored too, and (4N,
    len(ASKED)) the answers."""
    motions, answers = [], []
    flip = _Swaps(("left", "right"))
    back = _Swaps(("left", "right"), ("up", "down"), ("in", "out"), ("towards", "away"), ("rising", "falling"))
    for clip, right in zip(lessons.frames, lessons.answers, strict=True):
        frames = clip.permute(0, 2, 3, 1).numpy()
        for played, after in ((frames, right), (frames[::-1], back(right))):
            seen = torch.from_numpy(motion_of(softened(rng, played))).half()
            mirrored = seen.flip(2)
            mirrored[[0, 3, 6, 9]] *= -1
            motions += [seen, mirrored]
            answers += [after, flip(after)]
    return torch.stack(motions), torch.stack(answers)


class _Swaps:
    """Answers about motion and camera with words exchanged; what grows and would shrink is NOTHING that is asked."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        words = {one: other for pair in pairs for one, other in (pair, pair[::-1])}
        self.shrinks = "towards" in words
        self.tables = {
            name: torch.tensor(
                [options.index(" ".join(words.get(word, word) for word in answer.split())) for answer in options]
            )
            for name, options in (("motion", MOTIONS), ("camera", CAMERAS))
        }

    def __call__(self, answers: Tensor) -> Tensor:
        swapped = answers.clone()
        for name, table in self.tables.items():
            at = list(ASKED).index(name)
            swapped[at] = table[answers[at]] if answers[at] != NOTHING else NOTHING
        if self.shrinks and answers[list(ASKED).index("motion")] == MOTIONS.index("growing"):
            swapped[list(ASKED).index("motion")] = NOTHING
        return swapped
