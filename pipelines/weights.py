"""Files of weights that people bring: only safetensors, looked at by their headers before anything is loaded."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import MediaError

LARGEST_FILE = 2 << 30  # bytes

Shapes = dict[str, tuple[int, ...]]


def read_shapes(path: Path) -> Shapes:
    """What a .safetensors file holds: the shape of each tensor by its name. Quick, without torch. Raises MediaError."""
    from safetensors import SafetensorError

    name = path.name
    if path.suffix.lower() != ".safetensors":
        raise MediaError(
            f"{name} is not a .safetensors file. Other kinds of weights can run code, so none is opened. Convert it."
        )
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise MediaError(f"{name} has {size / 1e9:.1f} GB; {LARGEST_FILE / 1e9:.1f} are the most. Choose another.")
        return shapes_in(path)
    except (OSError, SafetensorError) as error:
        raise MediaError(f"{name} cannot be read as weights: it is damaged or not complete. Give it again.") from error


def shapes_in(path: Path) -> Shapes:
    """The same of a file that is known to be one, such as a model's own, whatever its size."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
