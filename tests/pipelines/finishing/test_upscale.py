"""Upscaling: exact sizes, better than plain enlargement on rendered pictures, in strips without seams."""

from __future__ import annotations

import hashlib
import re

import cv2
import numpy as np
import pytest

from pipelines.finishing import upscale
from pipelines.finishing.upscale import WEIGHTS, Upscale, enlarge
from pipelines.types import Frame
from tests.media_samples import collect, moving_square, psnr, stream_of


def _render(width: int, height: int, seed: int) -> Frame:
    """Flat-shaded shapes with clean edges over a gradient, drawn four times finer and averaged."""
    rng = np.random.default_rng(seed)
    wide, tall = 4 * width, 4 * height
    frame = np.linspace(60, 180, tall)[:, None, None] * np.ones((1, wide, 3))
    frame = frame.astype(np.uint8)
    for _ in range(6):
        colour = tuple(int(level) for level in rng.integers(0, 256, 3))
        centre = int(rng.integers(0, wide)), int(rng.integers(0, tall))
        size = int(rng.integers(tall // 8, tall // 3))
        if rng.random() < 0.5:
            cv2.circle(frame, centre, size // 2, colour, -1)
        else:
            cv2.rectangle(frame, centre, (centre[0] + size, centre[1] + size), colour, -1)
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("method", ["network", "lanczos"])
@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_sizes_are_exact(method: str, factor: int) -> None:
    stream = Upscale(factor, method).apply(stream_of(moving_square(3, 32, 20)))
    assert (stream.width, stream.height, stream.num_frames) == (32 * factor, 20 * factor, 3)
    assert collect(stream).shape == (3, 20 * factor, 32 * factor, 3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_network_beats_bicubic_on_a_downscaled_render(seed: int) -> None:
    truth = _render(256, 192, seed)
    small = np.asarray(cv2.resize(truth, (64, 48), interpolation=cv2.INTER_AREA))
    bicubic = np.asarray(cv2.resize(small, (256, 192), interpolation=cv2.INTER_CUBIC))
    large = enlarge(small)
    assert psnr(large, truth) > psnr(bicubic, truth)
    assert _detail(bicubic) * 1.5 < _detail(large) < _detail(truth) * 1.1


def _detail(frame: Frame) -> float:
    """How much of the picture is edges."""
    return float(cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std())


@pytest.mark.parametrize("level", [0, 30, 61, 128, 200, 255])
def test_tones_do_not_shift(level: int) -> None:
    flat = np.full((24, 32, 3), level, np.uint8)
    large = enlarge(flat)
    assert abs(float(large.mean()) - level) < 0.3
    assert np.abs(large.astype(int) - level).max() <= 4


def test_frames_keep_their_order_and_colours() -> None:
    frames = moving_square(6, 32, 20)
    large = collect(Upscale(4).apply(stream_of(frames)))
    for frame, result in zip(frames, large, strict=True):
        shrunk = cv2.resize(result, (32, 20), interpolation=cv2.INTER_AREA)
        assert np.abs(shrunk.astype(int).mean((0, 1)) - frame.mean((0, 1))).max() < 3


def test_strips_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _render(96, 80, 4)
    whole = enlarge(frame)
    monkeypatch.setattr(upscale, "_STRIP_PIXELS", 96 * 24)
    assert np.abs(enlarge(frame).astype(int) - whole).max() <= 1


def test_the_files_are_those_the_readme_names() -> None:
    named = dict(re.findall(r"\| (\S+) \| \d+ \| ([0-9a-f]{64}) \|", (WEIGHTS / "README.md").read_text()))
    assert len(named) == 2
    for name, digest in named.items():
        assert hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() == digest
    assert "BSD 3-Clause" in (WEIGHTS / "LICENSE").read_text()
