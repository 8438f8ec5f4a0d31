"""High dynamic range (PQ and HLG, BT.2020) to sRGB / BT.709, so that a phone's HDR video does not come out grey."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.types import Frame

PQ = 16  # SMPTE ST 2084, as numbered in ITU-T H.273
HLG = 18  # ARIB STD-B67

_WHITE = 203.0  # nits of diffuse white, ITU-R BT.2408
_HLG_PEAK = 1000.0  # nits a hybrid log-gamma signal is graded for
_KNEE = 0.75  # above it highlights roll off instead of clipping
_STEPS = 4096
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)  # linear BT.2020 to linear BT.709, ITU-R BT.2087
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)


def to_sdr(frame: NDArray[np.uint16], transfer: int) -> Frame:
    """(H, W, 3) uint16 BT.2020 RGB, full range, coded with PQ or HLG -> (H, W, 3) uint8 sRGB.

    Light is scaled so that diffuse white is 1, moved to BT.709 primaries, highlights rolled off, hues kept.
    """
    light = _decoding(transfer)[frame >> 4]
    if transfer == HLG:  # the display's part of HLG: the OOTF with a system gamma of 1.2, ITU-R BT.2100
        light *= np.maximum(light @ _LUMA_2020, 1e-6)[..., None] ** 0.2 * (_HLG_PEAK / _WHITE)
    light = np.maximum(light @ _TO_709.T, 0)
    peak = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    over = np.maximum(peak - _KNEE, 0)
    rolled = np.where(peak > _KNEE, _KNEE + (1 - _KNEE) * (1 - np.exp(-over / (1 - _KNEE))), peak)
    light *= rolled / peak
    return _encoding()[np.minimum(light * (_STEPS - 1) + 0.5, _STEPS - 1).astype(np.uint16)]


@cache
def _decoding(transfer: int) -> NDArray[np.float32]:
    """(4096,) light of each code value: of diffuse white for PQ, of the scene's peak for HLG."""
    code = np.linspace(0, 1, _STEPS)
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = code ** (1 / m2)
        nits = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
        return (nits / _WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return scene.astype(np.float32)


@cache
def _encoding() -> NDArray[np.uint8]:
    """(4096,) sRGB code of each linear value, IEC 61966-2-1."""
    light = np.linspace(0, 1, _STEPS)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(code * 255).astype(np.uint8)
