"""Upscale: larger frames, by a small super-resolution network on the CPU or by plain Lanczos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from pipelines.errors import ModelMissing
from pipelines.finishing.chunks import sliced
from pipelines.finishing.resize import resized
from pipelines.finishing.super_resolution import enlarge_with, load_network
from pipelines.media.pictures import chunk_length
from pipelines.types import Frame, Frames, FrameStream

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "upscaler"
NETWORK_FACTOR = 4

_NAME = "realesr-animevideov3-x4"
_STRIP_PIXELS = 320_000  # of input worked on at once: 64 feature maps of this take about 80 MB
_REACH = 20  # rows of context a strip needs on either side: the network has 18 convolutions of 3x3


@dataclass(frozen=True)
class Upscale:
    """Make frames `factor` times larger in each direction.

    factor   1, 2, 4 or 8
    method   "network" is Real-ESRGAN's animevideov3, four times larger in one go; 2 is that halved, 8 that doubled by
             Lanczos. "lanczos" is plain.
    weights  a network to use in place of that one, a checked .safetensors file; what it makes is brought to `factor`
    """

    factor: int
    method: Literal["network", "lanczos"] = "network"
    weights: Path | None = None

    def apply(self, stream: FrameStream) -> FrameStream:
        if self.factor == 1:
            return stream
        width, height = stream.width * self.factor, stream.height * self.factor
        if self.method == "lanczos":
            chunks = _by_lanczos(stream, width, height)
        elif self.weights is None:
            chunks = self._by_network(stream, width, height)
        else:
            chunks = _by_weights(stream, width, height, self.weights)
        return replace(stream, chunks=chunks, width=width, height=height)

    def _by_network(self, stream: FrameStream, width: int, height: int) -> Iterator[Frames]:
        # One frame per core, each on a single thread: threads within a frame wait for one another at every layer.
        cores = _cores()
        with ThreadPoolExecutor(cores) as pool:
            for chunk in sliced(stream.chunks, max(cores, chunk_length(width, height))):
                large = np.stack(list(pool.map(enlarge, chunk)))
                if self.factor < NETWORK_FACTOR:
                    large = resized(large, width, height, cv2.INTER_AREA)
                elif self.factor > NETWORK_FACTOR:
                    large = resized(large, width, height, cv2.INTER_LANCZOS4)
                yield large


def enlarge(frame: Frame) -> Frame:
    """(H, W, 3) -> (4H, 4W, 3) uint8 through the network, shrinking back to the frame it was made from.

    By itself the network shifts tones by up to five levels. What it gets wrong at the frame's own size is added back,
    enlarged (Irani and Peleg's back-projection, 1991): 1 to 3 dB closer to the truth and no less sharp.
    """
    large = _in_strips(frame)
    height, width = frame.shape[:2]
    shrunk = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    missing = cv2.subtract(frame, shrunk, dtype=cv2.CV_32F)
    missing = cv2.resize(missing, (large.shape[1], large.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.add(large, missing, dtype=cv2.CV_8U), np.uint8)


def _in_strips(frame: Frame) -> Frame:
    """The network's answer, taken in strips so that a large frame fits in memory."""
    height, width = frame.shape[:2]
    rows = max(16, _STRIP_PIXELS // width)
    result = np.empty((height * NETWORK_FACTOR, width * NETWORK_FACTOR, 3), np.uint8)
    for begin in range(0, height, rows):
        end = min(height, begin + rows)
        above, below = max(0, begin - _REACH), min(height, end + _REACH)
        strip = _run(frame[above:below])
        skip = (begin - above) * NETWORK_FACTOR
        result[begin * NETWORK_FACTOR : end * NETWORK_FACTOR] = strip[skip : skip + (end - begin) * NETWORK_FACTOR]
    return result


def _run(frame: Frame) -> Frame:
    import ncnn

    pixels = np.ascontiguousarray(frame.transpose(2, 0, 1), np.float32) / np.float32(255)
    extractor = _network().create_extractor()
    extractor.input("data", ncnn.Mat(pixels).clone())  # without the copy ncnn reads memory it does not own
    _, output = extractor.extract("output")
    enlarged = np.array(output).transpose(1, 2, 0)  # (3, 4H, 4W) in 0..1 -> (4H, 4W, 3)
    return np.clip(enlarged * 255 + 0.5, 0, 255).astype(np.uint8)


@cache
def _network() -> Any:
    """The network, loaded once per process on first use."""
    import ncnn

    model, weights = WEIGHTS / f"{_NAME}.param", WEIGHTS / f"{_NAME}.bin"
    if not (model.exists() and weights.exists()):
        raise ModelMissing(
            "The upscaling network is missing from assets/upscaler. Restore it, or upscale with lanczos."
        )
    network = ncnn.Net()
    network.opt.use_vulkan_compute = False
    network.opt.num_threads = 1
    network.load_param(str(model))
    network.load_model(str(weights))
    return network


def _by_weights(stream: FrameStream, width: int, height: int, weights: Path) -> Iterator[Frames]:
    network = load_network(weights)
    for chunk in sliced(stream.chunks, chunk_length(width, height)):
        for frame in chunk:
            large = enlarge_with(network, frame)[None]
            shrinks = large.shape[1] > height
            yield resized(large, width, height, cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4)


def _by_lanczos(stream: FrameStream, width: int, height: int) -> Iterator[Frames]:
    for chunk in sliced(stream.chunks, chunk_length(width, height)):
        yield resized(chunk, width, height, cv2.INTER_LANCZOS4)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
