"""How subjects look, found from captioned pictures by regression rather than learnt step by step.

What a subject adds to the latents of the pictures it is in, when what colour, place, light and look add is set apart,
is one linear problem of a second. Its answer, cut into parts, is what the text encoder says for a subject's word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipelines.errors import InputError
from pipelines.starter.clips import Shard
from pipelines.starter.concepts import COLUMNS, LEFT, PARTS, ROWS, TOP
from pipelines.starter.diorama.scenes import Scene
from pipelines.starter.diorama.subjects import KINDS
from pipelines.starter.exercises import NATIVE
from pipelines.starter.readouts import scene_labels
from pipelines.starter.vae import SPATIAL_FACTOR

RIDGE = 3.0
# The encoder's layers add up to about sixty to vectors of about one; what is to come through them as it is, is as loud.
LOUD, OF_LOOKS = 64.0, 4.0


def looks_of(scenes: Sequence[Scene], latents: Tensor) -> Tensor:
    """(kinds, PARTS, 4z): what each subject adds to the latents (B, z, h, w) of pictures of these scenes, of the native
    size and of one subject or none each."""
    said = scene_labels(scenes, pictures=True).double()
    seen = latents.flatten(1).double()
    gram = said.T @ said + RIDGE * torch.eye(said.shape[1], dtype=torch.float64)
    added = torch.linalg.solve(gram, said.T @ (seen - seen.mean(dim=0)))[: len(KINDS)]
    planes = added.view(len(KINDS), *latents.shape[1:]).float()
    window = planes[:, :, 2 * TOP : 2 * (TOP + ROWS), 2 * LEFT : 2 * (LEFT + COLUMNS)]
    cells = window.unflatten(3, (COLUMNS, 2)).unflatten(2, (ROWS, 2))
    return cells.permute(0, 2, 4, 1, 3, 5).reshape(len(KINDS), PARTS, -1)


def as_vectors(looks: Tensor, width: int) -> Tensor:
    """(kinds, PARTS, width): the looks (kinds, PARTS, 4z), and in the rest of each vector which part it is."""
    rest = width - looks.shape[2]
    apart, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((rest, PARTS)))
    which = torch.from_numpy(apart.T * rest**0.5).float()
    return LOUD * torch.cat([OF_LOOKS * looks, which.expand(len(looks), -1, -1)], dim=2)


def pictures_of_one(shards: Sequence[Shard]) -> tuple[list[Scene], Tensor]:
    """The scenes of one subject or none, and the latents (B, z, h, w), of single pictures of the native size. Raises
    InputError where there are none."""
    size = (1, NATIVE[1] // SPATIAL_FACTOR, NATIVE[0] // SPATIAL_FACTOR)
    found = [
        (clip.scene, clip.clean[:, 0])
        for shard in shards
        for clip in shard.clips
        if clip.latent_size == size and clip.scene is not None and len(clip.scene.cast) < 2
    ]
    if not found:
        raise InputError("No single pictures of the native size are there to see what subjects look like; run the"
                         " stage plain with --frames 1 first.")  # fmt: skip
    return [scene for scene, _ in found], torch.stack([latents for _, latents in found])
