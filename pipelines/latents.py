"""Latents on disk: what hours of denoising made, kept until the clip is written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class LatentStore:
    """One file per answer in a folder. `key` ties them to a request and a model: others are not loaded."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = hashlib.sha256(key.encode()).hexdigest()

    def save(self, name: str, latents: Tensor) -> None:
        """Write latents (1, z, T, h, w) so that a reader sees all of them or none."""
        from safetensors.torch import save_file

        partial = self._path(name).with_suffix(".part")
        save_file({"latents": latents.contiguous()}, partial, metadata={"key": self._key})
        partial.replace(self._path(name))

    def load(self, name: str) -> Tensor | None:
        """The latents of this name, or None if they were never made or belong to another request."""
        from safetensors import SafetensorError, safe_open

        if not self._path(name).is_file():
            return None
        try:
            with safe_open(self._path(name), framework="pt") as file:
                matches = (file.metadata() or {}).get("key") == self._key
                return file.get_tensor("latents") if matches else None
        except SafetensorError:
            return None

    def clear(self) -> None:
        """The clip is written: nothing here is needed any more."""
        for file in self._folder.glob("latents-*"):
            file.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"latents-{name}.safetensors"
