"""Six looks for the same scene, made of its passes: every one keeps where things are and what colour they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.starter.diorama.drawing import Drawn

LUMA = (0.299, 0.587, 0.114)
PIXEL = 28  # a pixel-art picture is so many pixels along its shorter side, and two thirds more for a larger one
TONES = 5  # levels of each colour there
MOULDED = ("line drawing", "clay")  # looks made of the clay pass, too
PAPER = (0.97, 0.95, 0.9)
BAYER = ((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5))


def dressed(drawn: Drawn, looks: Sequence[str]) -> Tensor:
    """(B, 3, F, H, W) in 0..1: each clip in its look. Raises KeyError for a look that is not known."""
    return torch.stack([LOOKS[look](drawn.frames(i)).transpose(0, 1) for i, look in enumerate(looks)])


def _photo(shot: Drawn) -> Tensor:
    """Each look takes the frames of one clip, (F, C, H, W), and gives (F, 3, H, W)."""
    return shot.colour


def _watercolour(shot: Drawn) -> Tensor:
    """Flat washes with pooled edges on rough paper."""
    colour = shot.colour
    height, width = colour.shape[2:]
    bleed = _cloth(height, width, 9, colour) - 0.5
    washed = _kuwahara(_shifted(colour, bleed * 3.0), max(2, min(height, width) // 40))
    washed = _kuwahara(washed, max(1, min(height, width) // 56))
    pooled = 1 - 0.4 * _edges(washed, 1.6).clamp(0, 1)
    grain = 0.93 + 0.14 * _cloth(height, width, 2, colour)
    paper = colour.new_tensor(PAPER).view(1, 3, 1, 1)
    pale = (washed * 0.88 + 0.12 * paper).clamp(0, 1) ** 0.85
    mottled = pale + (1 - pale) * 0.12 * _cloth(height, width, 14, colour)
    return (mottled * pooled * grain).clamp(0, 1)


def _pixel_art(shot: Drawn) -> Tensor:
    """Few large pixels of few tones, dithered between them."""
    colour = shot.colour
    height, width = colour.shape[2:]
    scale = PIXEL * (1 + min(height, width) / 112) / min(height, width)
    small = F.interpolate(colour, size=(round(height * scale), round(width * scale)), mode="area")
    grey = (small * small.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    vivid = (grey + (small - grey) * 1.35).clamp(0, 1)
    pattern = small.new_tensor(BAYER).add(0.5).div(16).sub(0.5)
    rows, columns = small.shape[2:]
    tiled = pattern.repeat(-(-rows // 4), -(-columns // 4))[:rows, :columns]
    toned = (vivid * (TONES - 1) + tiled * 0.4).round().clamp(0, TONES - 1) / (TONES - 1)
    return F.interpolate(toned, size=(height, width), mode="nearest")


def _line_drawing(shot: Drawn) -> Tensor:
    """Ink along outlines and folds, hatching in the dark, and a breath of colour."""
    colour, depth, clay = shot.colour, shot.depth, shot.clay
    height, width = colour.shape[2:]
    near = 1 / depth.clamp_min(0.1)
    outline = _edges(near / near.amax(dim=(1, 2, 3), keepdim=True), 9.0)
    ink = (outline + _edges(colour, 1.5) * 0.9 + _edges(clay, 1.2) * 0.5 - 0.16).clamp(0, 1)
    grey = (colour * colour.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    y, x = torch.meshgrid(*(torch.arange(n, device=colour.device) for n in (height, width)), indexing="ij")
    hatch = ((x + y) % 5 == 0).float() * ((0.42 - grey) * 2.4).clamp(0, 0.7)
    paper = colour.new_tensor((0.985, 0.98, 0.965)).view(1, 3, 1, 1)
    breath = paper + (colour - grey) * 0.75
    return (breath * (1 - ink.clamp(0, 0.92)) * (1 - hatch)).clamp(0, 1)


def _clay(shot: Drawn) -> Tensor:
    """Everything kneaded: smooth plain colours, soft light, fingerprints."""
    colour, clay = shot.colour, shot.clay
    height, width = colour.shape[2:]
    grey = (colour * colour.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    plain = _kuwahara(colour, max(2, min(height, width) // 28))
    base = _blurred(plain, 0.6) * 0.8 + grey * 0.04 + 0.13
    prints = 1 + 0.12 * (_cloth(height, width, 4, colour) - 0.5)
    light = (_blurred(clay, 0.8) / 0.62).clamp(0.4, 1.25)
    rim = 1 - 0.3 * _edges(_blurred(plain, 1.2), 1.4).clamp(0, 1)
    return (base * light * prints * rim).clamp(0, 1)


def _neon(shot: Drawn) -> Tensor:
    """Outlines as glowing tubes in the dark."""
    colour, depth = shot.colour, shot.depth
    height, width = colour.shape[2:]
    near = 1 / depth.clamp_min(0.1)
    outline = _edges(near / near.amax(dim=(1, 2, 3), keepdim=True), 8.0)
    lines = (outline + _edges(_blurred(colour, 0.7), 1.7) - 0.2).clamp(0, 1)
    peak = _blurred(colour, 1.5)
    tone = (peak - 0.75 * peak.amin(1, keepdim=True)) / (
        peak.amax(1, keepdim=True) - 0.6 * peak.amin(1, keepdim=True) + 0.05
    )
    tube = lines * (0.25 + tone).clamp(0, 1)
    glow = _blurred(tube, min(height, width) / 56) * 1.5 + _blurred(tube, min(height, width) / 18) * 1.6
    core = (lines - 0.6).clamp_min(0) * 0.9
    dark = colour.new_tensor((0.03, 0.02, 0.08)).view(1, 3, 1, 1)
    return (dark + colour * 0.22 + tube * 0.9 + glow + core).clamp(0, 1)


LOOKS: dict[str, Callable[[Drawn], Tensor]] = {
    "photo": _photo,
    "watercolour": _watercolour,
    "pixel art": _pixel_art,
    "line drawing": _line_drawing,
    "clay": _clay,
    "neon": _neon,
}


def _blurred(picture: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (F, C, H, W), sigma in pixels."""
    reach = max(1, round(2.5 * sigma))
    taps = torch.arange(-reach, reach + 1, device=picture.device, dtype=picture.dtype)
    kernel = torch.exp(-0.5 * (taps / max(sigma, 1e-3)) ** 2)
    kernel = kernel / kernel.sum()
    flat = picture.reshape(-1, 1, *picture.shape[2:])
    flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel.view(1, 1, -1, 1))
    return flat.view_as(picture)


def _edges(picture: Tensor, gain: float) -> Tensor:
    """(F, 1, H, W) how much a picture changes there, over all its channels."""
    wide = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    across = wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2]
    down = wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]
    return (across.square() + down.square()).sum(1, keepdim=True).sqrt() * gain


def _kuwahara(picture: Tensor, reach: int) -> Tensor:
    """The mean of that corner of each pixel's square which varies least: flat areas with firm edges (Kuwahara 1976)."""
    side = reach + 1
    wide = F.pad(picture, (reach, reach, reach, reach), mode="replicate")
    mean = F.avg_pool2d(wide, side, stride=1)
    spread = (F.avg_pool2d(wide.square(), side, stride=1) - mean.square()).sum(1, keepdim=True)
    height, width = picture.shape[2:]
    corners = [(y, x) for y in (0, reach) for x in (0, reach)]
    means = torch.stack([mean[:, :, y : y + height, x : x + width] for y, x in corners])
    spreads = torch.stack([spread[:, :, y : y + height, x : x + width] for y, x in corners])
    best = spreads.argmin(0, keepdim=True).expand(1, *means.shape[1:])
    return means.gather(0, best)[0]


def _cloth(height: int, width: int, cell: int, like: Tensor) -> Tensor:
    """(1, 1, H, W) fixed smooth noise in 0..1 with bumps of so many pixels: paper, clay, water. The same every time."""
    generator = torch.Generator().manual_seed(cell)
    grid = torch.rand((1, 1, height // cell + 3, width // cell + 3), generator=generator).to(like.device)
    return F.interpolate(grid, size=(height, width), mode="bicubic", align_corners=False).clamp(0, 1)


def _shifted(picture: Tensor, amount: Tensor) -> Tensor:
    """A picture (F, C, H, W) whose pixels are taken from `amount` (1, 1, H, W) pixels aside."""
    height, width = picture.shape[2:]
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n, device=picture.device) for n in (height, width)), indexing="ij")
    grid = torch.stack([x + amount[0, 0] * 2 / width, y + amount[0, 0].flip(1) * 2 / height], dim=-1)
    return F.grid_sample(picture, grid.expand(len(picture), -1, -1, -1), align_corners=True, padding_mode="border")
