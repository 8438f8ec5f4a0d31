"""Which Septet this is, and which versions of the libraries that shape a clip it runs with."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

SHAPING = ("torch", "diffusers", "transformers", "numpy", "opencv-python", "av", "ncnn")
OTHERS = ("gradio", "pydantic", "pillow", "moviepy", "safetensors", "accelerate", "huggingface_hub", "platformdirs")

VERSION = "0.1.0"


def version() -> str:
    """Septet's own version."""
    return VERSION


def libraries(names: tuple[str, ...] = SHAPING) -> dict[str, str]:
    """Library -> version; a library that is not installed is left out."""
    found = {}
    for name in names:
        try:
            found[name] = installed_version(name)
        except PackageNotFoundError:
            continue
    return found
