"""Photograph-like pictures and clips, drawn rather than collected.

A small autoencoder that has only seen flat illustrations ruins a person's own photograph. Pictures here have the
statistics that matter at 160x96: occlusion edges at every scale (dead leaves), 1/f texture, soft gradients, thin
strokes. `moving` turns any picture into a clip: camera drift, zoom and rotation, with cut-outs of other pictures
passing in front. Real pictures, where a folder of them is given, join the same pool.

All pictures are (H, W, 3) uint8 RGB, all clips (F, H, W, 3) uint8 RGB.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Frames = NDArray[np.uint8]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


def fractal_noise(rng: np.random.Generator, height: int, width: int, slope: float = 1.0) -> NDArray[np.float32]:
    """Noise with a 1/f**slope spectrum, (H, W) float32 of mean 0 and standard deviation 1."""
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None]
    amplitude = 1.0 / np.maximum(np.hypot(fy, fx), 1.0 / max(height, width)) ** slope
    spectrum = amplitude * np.exp(2j * np.pi * rng.random(amplitude.shape))
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return (noise / (noise.std() + 1e-9)).astype(np.float32)


def _palette(rng: np.random.Generator) -> NDArray[np.float32]:
    """A handful of colours that go together, (N, 3) in 0..255: a few hues, muted more often than not."""
    count = int(rng.integers(3, 8))
    hue = (rng.random() * 180 + rng.normal(0, rng.choice([8.0, 25.0, 60.0]), count)) % 180
    saturation = np.clip(rng.normal(rng.uniform(20, 170), 45, count), 0, 255)
    value = np.clip(rng.normal(rng.uniform(80, 190), 65, count), 8, 255)
    hsv = np.stack([hue, saturation, value], 1).astype(np.uint8)[None]
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0].astype(np.float32)


def _blob(rng: np.random.Generator, centre: NDArray[np.float64], radius: float) -> NDArray[np.int32]:
    """A closed outline of random character (ellipse, box, triangle, pebble), (N, 2) in 1/16 pixels."""
    kind = rng.integers(4)
    if kind == 0:
        count, wobble, sharp = 40, 0.0, 1.0
    elif kind == 1:
        count, wobble, sharp = 4, 0.1, 1.0
    elif kind == 2:
        count, wobble, sharp = 3, 0.3, 1.0
    else:
        count, wobble, sharp = 24, 0.25, 0.7
    angle = np.sort(np.arange(count) / count * 2 * np.pi + rng.normal(0, 0.02, count))
    knots = np.arange(0, count + 4, 4)
    r = radius * (1 + wobble * np.interp(np.arange(count), knots, rng.normal(0, 1, len(knots))))
    squeeze = rng.uniform(0.3 * sharp, 1.0)
    points = np.stack([np.cos(angle) * r, np.sin(angle) * r * squeeze], 1)
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.round((points @ rotation.T + centre) * 16).astype(np.int32)


def dead_leaves(rng: np.random.Generator, height: int, width: int) -> Frame:
    """Overlapping shaded, sometimes textured leaves with a power law of sizes: the edges of a natural picture."""
    palette = _palette(rng)
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = palette[0]
    canvas += _ramp(rng, height, width)[..., None] * rng.uniform(0, 60)
    smallest, largest = rng.uniform(2, 8), max(height, width) * rng.uniform(0.2, 0.6)
    count = int(rng.integers(20, 160))
    radii = np.sort(smallest * (largest / smallest) ** (rng.random(count) ** rng.uniform(1.0, 2.5)))[::-1]
    order = rng.permutation(count) if rng.random() < 0.4 else np.arange(count)
    for radius in radii[order]:
        mask = np.zeros((height, width), np.uint8)
        centre = rng.random(2) * (width, height)
        cv2.fillPoly(mask, [_blob(rng, centre, float(radius))], 255, cv2.LINE_AA, 4)
        alpha = mask.astype(np.float32)[..., None] / 255
        if rng.random() < 0.15:
            alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(1, 5))[..., None]
        colour = palette[rng.integers(len(palette))] + rng.normal(0, 12, 3)
        shade = _ramp(rng, height, width) * rng.uniform(0, 45)
        canvas += alpha * (colour + shade[..., None] - canvas)
    texture = fractal_noise(rng, height, width, rng.uniform(0.6, 1.4))
    canvas *= 1 + texture[..., None] * rng.choice([0.0, 0.03, 0.1, 0.2])
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _ramp(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """A linear gradient in -1..1 along a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.cos(angle)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.sin(angle)
    return (x + y).astype(np.float32)


def cloudy(rng: np.random.Generator, height: int, width: int) -> Frame:
    """Colour clouds of 1/f noise: skin, cloth, foliage, sky."""
    palette = _palette(rng)
    slope = rng.uniform(0.7, 2.0)
    first = fractal_noise(rng, height, width, slope)[..., None]
    second = fractal_noise(rng, height, width, slope + 0.3)[..., None]
    contrast = rng.uniform(0.2, 1.0)
    base = palette[0] + contrast * (first * (palette[1] - palette[0]) + 0.6 * second * (palette[2] - palette[0]))
    return np.clip(base + rng.normal(0, rng.choice([0.0, 4.0, 10.0]), base.shape), 0, 255).astype(np.uint8)


def strokes(rng: np.random.Generator, height: int, width: int) -> Frame:
    """Lines, letters and grids over a calm ground: print, branches, fences, windows."""
    palette = _palette(rng)
    canvas = np.ascontiguousarray(np.clip(palette[0] + _ramp(rng, height, width)[..., None] * 40, 0, 255), np.uint8)
    for _ in range(int(rng.integers(6, 40))):
        colour = tuple(float(c) for c in palette[rng.integers(len(palette))])
        start = tuple(int(v) for v in rng.integers(0, (width, height)))
        end = tuple(int(v) for v in rng.integers(0, (width, height)))
        kind = rng.random()
        if kind < 0.5:
            cv2.line(canvas, start, end, colour, int(rng.integers(1, 6)), cv2.LINE_AA)
        elif kind < 0.75:
            word = "".join(rng.choice(list("AEKMRSTabdefghknorstuy0123456789"), int(rng.integers(2, 8))))
            cv2.putText(canvas, word, start, int(rng.integers(8)), rng.uniform(0.4, 2.0), colour,
                        int(rng.integers(1, 4)), cv2.LINE_AA)  # fmt: skip
        else:
            cv2.circle(canvas, start, int(rng.integers(2, 30)), colour, int(rng.integers(1, 4)), cv2.LINE_AA)
    return canvas


def invented_picture(rng: np.random.Generator, height: int, width: int) -> Frame:
    """One drawn picture of any of the kinds above, sometimes soft as an unfocused lens."""
    kind = rng.random()
    draw = dead_leaves if kind < 0.72 else cloudy if kind < 0.85 else strokes
    picture = draw(rng, height, width)
    if rng.random() < 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 3.0))
    return picture


def load_pictures(folder: Path, longest_side: int = 640) -> list[Frame]:
    """Every picture in a folder (not below it), shrunk so that the longest side fits; grey ones become RGB."""
    pictures = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            continue
        shrink = min(1.0, longest_side / max(picture.shape[:2]))
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    return pictures


def pyramid(picture: Frame, smallest: int = 100) -> list[Frame]:
    """The picture and its halves down to `smallest` pixels, so that a warp never has to shrink by more than two."""
    levels = [picture]
    while min(levels[-1].shape[:2]) >= 2 * smallest:
        height, width = levels[-1].shape[:2]
        levels.append(cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    return levels


def recolour(rng: np.random.Generator, picture: Frame) -> Frame:
    """Another light on the same picture: hue, saturation, brightness, contrast, mirror."""
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32)
    if rng.random() < 0.5:
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 180)) % 180
    hsv[..., 1] *= rng.uniform(0.5, 1.5)
    hsv[..., 2] = (hsv[..., 2] - 128) * rng.uniform(0.7, 1.25) + 128 + rng.normal(0, 15)
    return cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)


def _path(rng: np.random.Generator, frames: int, size: tuple[int, int], speed: float) -> NDArray[np.float64]:
    """(F, 2, 3) affine matrices that map a picture of `size` (width, height) around its centre, smooth in time."""
    time = np.linspace(-0.5, 0.5, frames) if frames > 1 else np.zeros(1)
    eased = time + rng.normal(0, 0.15) * np.sin(np.pi * 2 * time)
    extent = min(size) * speed * (frames / 17)
    shift = rng.normal(0, 1, 2) * extent * 0.25
    zoom = np.exp(eased * rng.normal(0, 0.25) * speed)
    turn = eased * rng.normal(0, 0.25) * speed * (rng.random() < 0.5)
    matrices = np.empty((frames, 2, 3))
    for i in range(frames):
        c, s = np.cos(turn[i]) * zoom[i], np.sin(turn[i]) * zoom[i]
        matrices[i] = [[c, -s, eased[i] * shift[0]], [s, c, eased[i] * shift[1]]]
    return matrices


def moving(
    rng: np.random.Generator, pictures: list[list[Frame]], frames: int, height: int, width: int, cover: bool = False
) -> Frames:
    """A clip of one picture under a moving camera, sometimes with cut-outs of others passing in front.

    `pictures` are pyramids; with `cover` the whole picture fills the frame as a person's photograph would.
    """
    speed = float(rng.choice([0.0, 0.5, 1.0, 1.6], p=[0.12, 0.33, 0.4, 0.15]))
    clip = _warped(rng, pictures[rng.integers(len(pictures))], frames, (height, width), speed, cover)
    while rng.random() < 0.3:
        front = _warped(rng, pictures[rng.integers(len(pictures))], frames, (height, width), speed * 1.5, False)
        mask = np.zeros((height, width), np.uint8)
        centre = rng.random(2) * (width, height)
        cv2.fillPoly(mask, [_blob(rng, centre, min(height, width) * rng.uniform(0.1, 0.35))], 255, cv2.LINE_AA, 4)
        steps = _path(rng, frames, (width, height), 2.0)
        for i in range(frames):
            matrix = steps[i].copy()
            matrix[:, 2] += centre - matrix[:, :2] @ centre
            alpha = cv2.warpAffine(mask, matrix, (width, height)).astype(np.uint16)[..., None]
            clip[i] = ((clip[i] * (255 - alpha) + front[i] * alpha) // 255).astype(np.uint8)
    return clip


def _warped(
    rng: np.random.Generator, levels: list[Frame], frames: int, size: tuple[int, int], speed: float, cover: bool
) -> Frames:
    height, width = size
    base_height, base_width = levels[0].shape[:2]
    fit = max(height / base_height, width / base_width) * 1.12
    zoom = fit if cover else max(min(fit * rng.uniform(1.0, 2.5), 2.0), fit)
    level = 0
    while level + 1 < len(levels) and zoom * 2 ** (level + 1) <= 1.0:
        level += 1
    picture = levels[level]
    zoom *= base_width / picture.shape[1]
    spare = np.maximum(np.array([picture.shape[1] * zoom - width, picture.shape[0] * zoom - height]), 0) / 2
    target = np.array([width / 2, height / 2]) + rng.uniform(-1, 1, 2) * spare
    middle = np.array([picture.shape[1], picture.shape[0]]) / 2
    clip = np.empty((frames, height, width, 3), np.uint8)
    for i, step in enumerate(_path(rng, frames, (width, height), speed)):
        matrix = np.empty((2, 3))
        matrix[:, :2] = step[:, :2] * zoom
        matrix[:, 2] = target + step[:, 2] - matrix[:, :2] @ middle
        clip[i] = cv2.warpAffine(
            picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
    return clip
