"""Latents on disk: what hours of denoising made, kept until the clip is written, or, of a board's shots, with it."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.types import Conditioning

if TYPE_CHECKING:
    from torch import Tensor

    from pipelines.sampling import Sampling

_ELSEWHERE = ("onward", "subject_of")  # by the time a question is asked, its pixels and references say what they meant


class LatentStore:
    """One file per answer in a folder, tied to the very question by its key: the answer to another is not loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, name: str, key: str, latents: Tensor) -> None:
        """Write latents (1, z, T, h, w) so that a reader sees all of them or none."""
        from safetensors.torch import save_file

        partial = self._path(name).with_suffix(".part")
        save_file({"latents": latents.contiguous()}, partial, metadata={"key": key})
        partial.replace(self._path(name))

    def load(self, name: str, key: str) -> Tensor | None:
        """The latents of this name, or None if they were never made or answer another question."""
        from safetensors import SafetensorError, safe_open

        if not self._path(name).is_file():
            return None
        try:
            with safe_open(self._path(name), framework="pt") as file:
                matches = (file.metadata() or {}).get("key") == key
                return file.get_tensor("latents") if matches else None
        except SafetensorError:
            return None

    def clear(self) -> None:
        """The clip is written: nothing here is needed any more."""
        for file in self._folder.glob("latents-*"):
            file.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"latents-{name}.safetensors"


def question_key(asked: Conditioning, sampling: Sampling, model: str) -> str:
    """What tells one question to a model from another: every pixel and word of it, and how it is sampled."""
    digest = hashlib.sha256(f"{model}\0{sampling}".encode())
    for field in fields(asked):
        if field.name not in _ELSEWHERE:
            digest.update(f"\0{field.name}\0".encode())
            _add(digest, getattr(asked, field.name))
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(str(value.shape).encode())
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, tuple):
        for item in value:
            _add(digest, item)
    else:
        digest.update(repr(value).encode())
