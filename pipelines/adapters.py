"""Adapters: small files (LoRA, Hu et al. 2021) that teach the resident model a style or a subject for one clip.

They are checked by their headers when a request is made, put on the model for the time of one job, and taken off again;
the model is then bit for bit what it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError, MediaError
from pipelines.weights import Shapes, read_shapes, shapes_in

FOLDER = "adapters"  # beside the models

_NAME = "adapter"
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"  # as diffusers writes them; it reads other programs' names, too
_MARKS = ("lora_A", "lora_B", "lora_down", "lora_up")


def adapters_in(models_dir: Path) -> dict[str, Path]:
    """The adapters that lie in the models' folder: name -> file, in alphabetical order."""
    return {path.stem: path for path in sorted((models_dir / FOLDER).glob("*.safetensors"))}


def check_adapter(path: Path, info: ModelInfo) -> None:
    """Raises MediaError for a file that is no adapter, InputError for one that was made for another model. Quick."""
    shapes = read_shapes(path)
    if not any(mark in name for name in shapes for mark in _MARKS):
        raise MediaError(f"{path.name} is no adapter: it holds whole weights, not LoRA pairs. Choose another file.")
    layers = _layers(info.folder)
    for name, down in shapes.items():
        if not (name.startswith("transformer.") and name.endswith(_DOWN)):
            continue
        layer = name.removeprefix("transformer.").removesuffix(_DOWN)
        up, there = shapes.get(name.replace(_DOWN, _UP)), layers.get(f"{layer}.weight")
        if up is None:
            raise MediaError(f"{path.name} is not complete: {layer} has only half of its pair. Get the file again.")
        if there is None:
            raise InputError(_foreign(path, f"it changes {layer}, which {info.title} does not have"))
        if (up[0], down[1]) != there[:2]:
            raise InputError(
                _foreign(path, f"{layer} is {up[0]}x{down[1]} there and {there[0]}x{there[1]} in {info.title}")
            )


@contextmanager
def adapted(pipeline: Any, path: Path | None, weight: float) -> Iterator[None]:
    """The diffusers `pipeline` with an adapter on it, `weight` times as strong as it was trained. Raises InputError."""
    if path is None or weight == 0:
        yield
        return
    from safetensors.torch import load_file

    weights = load_file(path)
    if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
        raise InputError(f"{path.name} holds weights that are no numbers. The file is damaged; get it again.")
    try:
        try:
            pipeline.load_lora_weights(dict(weights), adapter_name=_NAME)
            if getattr(pipeline, "transformer_2", None) is not None:
                pipeline.load_lora_weights(dict(weights), adapter_name=_NAME, load_into_transformer_2=True)
            pipeline.set_adapters([_NAME], [weight])
        except (ValueError, KeyError, RuntimeError) as error:
            raise InputError(_foreign(path, f"it does not fit ({type(error).__name__})")) from error
        yield
    finally:
        pipeline.unload_lora_weights()


@lru_cache(maxsize=4)
def _layers(folder: Path) -> Shapes:
    """Every weight of the transformer, from the headers of its files."""
    part = folder / "transformer"
    files = sorted((part if part.is_dir() else folder / "transformer_2").glob("*.safetensors"))
    return {name: shape for file in files for name, shape in shapes_in(file).items()}


def _foreign(path: Path, reason: str) -> str:
    return f"{path.name} was made for another model: {reason}. Use an adapter that was trained on this one."
