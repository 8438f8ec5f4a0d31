"""A super-resolution network of a person's own, in any architecture that spandrel knows, from a `.safetensors` file.

What the web side asks, `check_network`, reads the file's header and loads no torch; the network runs in a worker.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pipelines.errors import InputError, MediaError
from pipelines.types import Frame
from pipelines.weights import read_shapes

LARGEST_SCALE = 8
TILE = 256  # pixels of the source worked on at once
OVERLAP = 32  # pixels of context around a tile; windowed attention looks about as far

# Two of its architectures, which paint faces and holes and enlarge nothing, ask for these; nobody else needs the
# package they come from, whose builds tie themselves to one build of torch.
_ABSENT = {"torchvision": (), "torchvision.transforms": (), "torchvision.transforms.functional": (
    "InterpolationMode", "normalize", "rotate",
)}  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A loaded network: `scale` times larger in each direction, on `device`."""

    model: Any
    scale: int
    device: str


def check_network(path: Path) -> None:
    """Raises MediaError unless the file's header is that of weights. Quick, without torch."""
    if not any(len(shape) == 4 for shape in read_shapes(path).values()):
        raise MediaError(f"{path.name} holds no layer that works on pictures, so it is no upscaler. Choose another.")


@lru_cache(maxsize=1)
def load_network(path: Path) -> Network:
    """The network in a checked file, on a GPU where there is one. Raises InputError for one that does not enlarge."""
    import torch

    spandrel = _spandrel()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = spandrel.ModelLoader(device=device).load_from_file(path)
    except (spandrel.UnsupportedModelError, RuntimeError, KeyError, ValueError) as error:
        raise InputError(f"{path.name} is no upscaler of a kind known here ({type(error).__name__}).") from error
    if found.purpose != "SR" or not 1 < found.scale <= LARGEST_SCALE:
        raise InputError(f"{path.name} does not enlarge pictures 2 to {LARGEST_SCALE} times. Choose another network.")
    if (found.input_channels, found.output_channels) != (3, 3):
        raise InputError(f"{path.name} does not work on colour pictures. Choose a network for RGB.")
    if not all(bool(weight.isfinite().all()) for weight in found.model.parameters()):
        raise InputError(f"{path.name} holds weights that are no numbers. The file is damaged; get it again.")
    return Network(found.eval(), found.scale, device)


def enlarge_with(network: Network, frame: Frame) -> Frame:
    """(H, W, 3) -> (scale * H, scale * W, 3) uint8, tile by tile, each seen with what lies around it."""
    height, width = frame.shape[:2]
    scale = network.scale
    result = np.empty((height * scale, width * scale, 3), np.uint8)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            bottom, right = min(height, top + TILE), min(width, left + TILE)
            above, before = max(0, top - OVERLAP), max(0, left - OVERLAP)
            large = _run(network, frame[above : bottom + OVERLAP, before : right + OVERLAP])
            down, across = (top - above) * scale, (left - before) * scale
            part = large[down : down + (bottom - top) * scale, across : across + (right - left) * scale]
            result[top * scale : bottom * scale, left * scale : right * scale] = part
    return result


def _run(network: Network, frame: Frame) -> Frame:
    import torch

    with torch.inference_mode():
        pixels = torch.from_numpy(np.ascontiguousarray(frame)).to(network.device).permute(2, 0, 1)[None].float() / 255
        large = network.model(pixels)[0].clamp(0, 1).permute(1, 2, 0)
        return np.asarray((large * 255).round().to(torch.uint8).cpu().numpy())


def _spandrel() -> Any:
    """The library, which is installed without the packages it names but does not need. Raises InputError."""
    if find_spec("spandrel") is None:
        raise InputError(
            "A network of one's own needs the package spandrel, which is not installed. Install it with "
            "`pip install --no-deps -r requirements-alone.txt`, or upscale with the network built in."
        )
    with _without_torchvision():
        import spandrel
    return spandrel


@contextmanager
def _without_torchvision() -> Iterator[None]:
    """Let modules be imported that name torchvision's functions, where it is not installed, and never call them."""
    if "spandrel" in sys.modules or find_spec("torchvision") is not None:
        yield
        return
    for name, functions in _ABSENT.items():
        module = ModuleType(name)
        for function in functions:
            setattr(module, function, None)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in _ABSENT:  # others look whether it is there, and must not find this
            del sys.modules[name]
