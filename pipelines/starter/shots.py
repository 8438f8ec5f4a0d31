"""Orders to shots: scenes drawn together on any device, handed over as the frames that the modes' functions take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.portrait import alone_on_white
from pipelines.starter.diorama.filming import Film, film
from pipelines.starter.diorama.library import Library
from pipelines.starter.orders import Order, Reference, sample_order
from pipelines.starter.origins import origins
from pipelines.starter.photos import Frame, Frames, invented_picture, load_pictures, moving, pyramid, recolour
from pipelines.starter.warping import Geometry
from pipelines.structure import DEPTH_TAILS, near_is_white
from pipelines.subject import is_empty
from pipelines.types import Mask

INVENTED = 12  # photo-like pictures at hand at a time


@dataclass(frozen=True, eq=False)
class Shot:
    """A clip as it was ordered.

    frames      (F, H, W, 3) uint8 RGB, in its look
    masks       (2, F, H, W) uint8, 255 where a subject is
    source      what its structure is taken from, shaped as the frames
    references  what each tells, and its picture, of any size
    geometry    where things are and how they go on; None unless its kind needs it
    origins     where what each patch shows was before, as `origins.origins` says; None of a photo-like picture
    """

    order: Order
    frames: Frames
    masks: Mask
    source: Frames
    references: tuple[tuple[int, Frame], ...] = ()
    geometry: Geometry | None = None
    origins: Tensor | None = None


class ShotSource:
    """Random shots of the world, and of photo-like pictures in motion, invented or from a folder."""

    def __init__(self, seed: int, library: Library, pictures: Path) -> None:
        self.rng = np.random.default_rng(seed)
        self.library = library
        self.real = load_pictures(pictures)
        self.invented = [pyramid(invented_picture(self.rng, 144, 224)) for _ in range(INVENTED)]

    def shots(self, size: tuple[int, int], num_frames: int, count: int) -> list[Shot]:
        """So many random shots of `size` (width, height)."""
        orders = [sample_order(self.rng, self.library, still=num_frames == 1) for _ in range(count)]
        return self.taken(orders, size, num_frames)

    def taken(self, orders: Sequence[Order], size: tuple[int, int], num_frames: int) -> list[Shot]:
        """The shots of these orders, in their order; those that need the same passes are drawn at once."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, order in enumerate(orders):
            if order.scene is not None:
                groups.setdefault(_passes(order), []).append(index)
        shown = iter(self._shown([r for order in orders for r in order.references], size, num_frames))
        references = [tuple((r.tells, next(shown)) for r in order.references) for order in orders]
        found: dict[int, Shot] = {}
        for passes, members in groups.items():
            scenes = [scene for scene in (orders[index].scene for index in members) if scene is not None]
            made = film(scenes, size, num_frames, self.library, passes)
            frames, masks = to_frames(made.video), to_masks(made.passes.masks)
            for clip, index in enumerate(members):
                order = orders[index]
                found[index] = Shot(
                    order, frames[clip], masks[clip], _source(made, clip, order, frames[clip]), references[index],
                    _geometry(made, clip) if order.kind == "warped" else None, clip_origins(made, clip),
                )  # fmt: skip
        return [found.get(index) or self._photo(order, size, num_frames) for index, order in enumerate(orders)]

    def _shown(self, references: Sequence[Reference], size: tuple[int, int], num_frames: int) -> list[Frame]:
        """The pictures beside the clips. One frame or more decides, as for the clips, what stands for a word."""
        if not references:
            return []
        moments = min(num_frames, 2)
        made = film([reference.scene for reference in references], size, moments, self.library, ("masks",))
        frames, masks = to_frames(made.video), to_masks(made.passes.masks)
        pictures = []
        for reference, clip, seen in zip(references, frames, masks, strict=True):
            moment = int(self.rng.integers(moments))
            picture = clip[moment]
            if reference.subject is not None and not is_empty(seen[reference.subject, moment]):
                picture = alone_on_white(picture, seen[reference.subject, moment])
            pictures.append(picture)
        return pictures

    def _photo(self, order: Order, size: tuple[int, int], num_frames: int) -> Shot:
        """A photo-like picture that fills the frame, under a moving camera."""
        rng, (width, height) = np.random.default_rng(order.seed), size
        self.invented[rng.integers(INVENTED)] = pyramid(invented_picture(rng, 144, 224))
        pool = self.invented
        if self.real and rng.random() < 0.5:
            pool = [pyramid(recolour(rng, self.real[rng.integers(len(self.real))])), *pool[:2]]
        frames = moving(rng, pool, num_frames, height, width, cover=bool(rng.random() < 0.7))
        return Shot(order, frames, np.zeros((2, num_frames, height, width), np.uint8), frames)


def _passes(order: Order) -> tuple[str, ...]:
    more = {"clay": ("clay",), "mockup": ("mockup",)}.get(order.source, ())
    return ("masks", *more, *(("flow",) if order.kind == "warped" else ()))


def _source(made: Film, clip: int, order: Order, frames: Frames) -> Frames:
    drawn = made.passes
    if order.source == "photo":
        return to_frames(drawn.colour[clip : clip + 1])[0]
    if order.source == "clay":
        return to_frames(drawn.clay[clip : clip + 1].expand(-1, 3, -1, -1, -1))[0]
    if order.source == "mockup":
        return to_frames(drawn.mockup[clip : clip + 1])[0]
    if order.source == "depth":
        return depth_frames(drawn.depth[clip, 0].cpu().numpy())
    return frames


def depth_frames(depth: NDArray[np.float32]) -> Frames:
    """Exact depth (F, H, W) in metres as the structure of a clip shows it: (F, H, W, 3) uint8."""
    nearness = 1 / depth
    planes = near_is_white(nearness, *np.percentile(nearness, DEPTH_TAILS))
    return np.repeat(planes[..., None], 3, axis=3)


def clip_origins(made: Film, clip: int) -> Tensor:
    """Of one of the clips that were drawn together, with their masks."""
    drawn = made.passes
    return origins(made.cameras[clip], drawn.depth[clip, 0].cpu().numpy(), drawn.masks[clip].cpu())


def _geometry(made: Film, clip: int) -> Geometry:
    drawn, scene = made.passes, made.scenes[clip]
    moves = [cast.motion != "still" for cast in scene.cast]
    first = drawn.masks[clip, : len(moves), 0].cpu().numpy() > 0.5
    moving = np.zeros(first.shape[1:], bool)
    for mask, moved in zip(first, moves, strict=True):
        moving |= mask & moved
    flow = drawn.flow[clip].permute(1, 2, 3, 0).cpu().numpy()
    return Geometry(made.cameras[clip], drawn.depth[clip, 0, 0].cpu().numpy(), flow, moving)


def to_frames(video: Tensor) -> Frames:
    """(B, C, F, H, W) in 0..1 -> (B, F, H, W, C) uint8."""
    return video.mul(255).round().to(torch.uint8).permute(0, 2, 3, 4, 1).contiguous().cpu().numpy()


def to_masks(masks: Tensor) -> Mask:
    """(B, 2, F, H, W) in 0..1 -> the same in 0..255 uint8."""
    return masks.mul(255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
