"""Latents become frames, one latent frame at a time, in the largest pieces that fit into memory.

Hours of denoising stand behind latents, so too little memory is met with smaller pieces: first whole pictures, then
tiles, then tiles where there is more memory. What was decoded before stays; the rest goes on from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipelines.errors import OutOfMemory, is_out_of_memory

TILE = 32  # latent pixels a side: 256 of the picture, with the usual factor of eight
OVERLAP = 8  # latent pixels two tiles share, over which one turns into the other

Memory = list[Any]  # per convolution: the last frames it saw, (1, C, t, h, w); None or a word before there were any


@dataclass
class Tile:
    """A part of the picture, in latent pixels, and what the causal decoder remembers of its earlier frames."""

    rows: slice
    columns: slice
    memory: Memory


def decode(vae: Any, latents: Tensor, device: str, *, tile: int = TILE, overlap: int = OVERLAP) -> Iterator[Tensor]:
    """(1, z, T, h, w) latents, as the autoencoder has them -> chunks (1, 3, 1 or 4, H, W) of about -1..1.

    Whole pictures are the same pixels as decoding all at once; tiles differ near their edges, where they are blended.
    `vae` is back on `device` afterwards. Raises OutOfMemory when not even a tile fits where memory is largest.
    """
    vae.clear_cache()
    with torch.inference_mode():
        hidden = vae.post_quant_conv(latents.to(device, vae.dtype))
    height, width = hidden.shape[3:]
    tiles = [Tile(slice(0, height), slice(0, width), [None] * vae._conv_num)]  # ours: decoding may pause in between
    place = device
    try:
        for index in range(hidden.shape[2]):
            while True:
                try:
                    chunk = _decode_chunk(vae, hidden[:, :, index : index + 1].to(place), tiles, first=index == 0)
                    break
                except (MemoryError, RuntimeError) as error:
                    if not is_out_of_memory(error):
                        raise
                # outside the handler, where what the failed attempt made is no longer held by its traceback
                if len(tiles) == 1 and max(height, width) > tile:
                    tiles = _split(tiles[0], height, width, tile, overlap)
                elif torch.device(place).type != "cpu":
                    place = "cpu"
                    vae.to(place)
                else:
                    raise OutOfMemory(
                        "There is not enough memory to decode even a part of one frame. Choose a smaller size or "
                        "fewer frames."
                    )
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
            yield chunk
    finally:
        vae.to(device)


def _decode_chunk(vae: Any, hidden: Tensor, tiles: Sequence[Tile], *, first: bool) -> Tensor:
    """One latent frame (1, z, 1, h, w) -> (1, 3, 1 or 4, H, W). Memories advance together, once all of it is there."""
    parts, memories = [], []
    for tile in tiles:
        memory = _moved(tile.memory, hidden.device)
        with torch.inference_mode():
            part = hidden[..., tile.rows, tile.columns]
            parts.append(vae.decoder(part, feat_cache=memory, feat_idx=[0], first_chunk=first))
        if len(tiles) > 1:  # only the tile at work takes up room on the device
            parts[-1], memory = parts[-1].cpu(), _moved(memory, torch.device("cpu"))
        memories.append(memory)
    for tile, memory in zip(tiles, memories, strict=True):
        tile.memory = memory
    return parts[0] if len(tiles) == 1 else _blended(parts, tiles)


def _split(whole: Tile, height: int, width: int, side: int, overlap: int) -> list[Tile]:
    """Tiles that cover the picture; each remembers its own part of what the whole remembered."""
    return [
        Tile(rows, columns, [_part(item, rows, columns, height, width) for item in whole.memory])
        for rows in _spans(height, side, overlap)
        for columns in _spans(width, side, overlap)
    ]


def _spans(length: int, side: int, overlap: int) -> list[slice]:
    """Pieces of at most `side` that cover `length`, each sharing at least `overlap` with the next."""
    if length <= side:
        return [slice(0, length)]
    starts = [*range(0, length - side, side - overlap), length - side]
    return [slice(start, start + side) for start in starts]


def _part(item: Any, rows: slice, columns: slice, height: int, width: int) -> Any:
    """What lies under a tile of a remembered (1, C, t, h, w), which may be finer than the latents."""
    if not isinstance(item, Tensor):
        return item
    down, across = item.shape[3] // height, item.shape[4] // width
    return item[..., rows.start * down : rows.stop * down, columns.start * across : columns.stop * across].cpu()


def _blended(parts: Sequence[Tensor], tiles: Sequence[Tile]) -> Tensor:
    """Parts (1, 3, n, h, w) laid side by side; where they overlap, one fades into the other."""
    scale = parts[0].shape[-1] // (tiles[0].columns.stop - tiles[0].columns.start)
    height, width = (max(getattr(tile, side).stop for tile in tiles) * scale for side in ("rows", "columns"))
    total = parts[0].new_zeros(*parts[0].shape[:3], height, width)
    weights = total.new_zeros(height, width)
    for part, tile in zip(parts, tiles, strict=True):
        rows, columns = (slice(span.start * scale, span.stop * scale) for span in (tile.rows, tile.columns))
        weight = _nearness(part.shape[3])[:, None] * _nearness(part.shape[4])
        total[..., rows, columns] += part * weight
        weights[rows, columns] += weight
    return total / weights


def _nearness(length: int) -> Tensor:
    """(length,) how far each pixel is from the nearer edge: what its tile has to say about it."""
    steps = torch.arange(length) + 0.5
    return torch.minimum(steps, length - steps)


def _moved(memory: Memory, device: torch.device) -> Memory:
    return [item.to(device) if isinstance(item, Tensor) else item for item in memory]
