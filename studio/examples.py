"""Example inputs of each mode, as assets/examples/examples.json lists them: {mode: [a row as in Example]}."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.checkpoints import ASSETS

FOLDER = ASSETS / "examples"
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
VIDEOS = (".mp4", ".webm", ".mov")
MESHES = (".glb", ".obj", ".stl", ".ply")


@dataclass(frozen=True)
class Example:
    """One row a person can click. `fields` as in the mode's request, files by name inside the examples folder.

    `picture` shows what it starts from, or, where that is words, a clip the embedded model made of them.
    """

    title: str
    fields: dict[str, Any]
    picture: str | None = None

    @property
    def face(self) -> str | None:
        """The file shown beside its title: its picture, its video, else its first image, else None."""
        if self.picture:
            return self.picture
        files = sorted(_files(self.fields), key=lambda name: Path(name).suffix not in VIDEOS)
        return files[0] if files else None

    @property
    def is_there(self) -> bool:
        """Whether every file it names is on disk."""
        return all((FOLDER / name).is_file() for name in self.files)

    @property
    def files(self) -> list[str]:
        """Every file it names."""
        return _files(self.fields) + ([self.picture] if self.picture else [])

    def filled(self, give: Callable[[Path], str] = str) -> dict[str, Any]:
        """The fields with every file as a path on disk: the one `give` makes of where the example's own is."""
        found: dict[str, Any] = _with_paths(self.fields, give)
        return found


@cache
def examples(folder: Path = FOLDER) -> dict[str, tuple[Example, ...]]:
    """Every mode's examples; empty where the folder has none."""
    try:
        listed = json.loads((folder / "examples.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {mode: tuple(Example(**row) for row in rows) for mode, rows in listed.items()}


def public_file(name: str) -> Path | None:
    """The example file called `name`, or None: only files that an example names are ever handed out."""
    known = {file for rows in examples().values() for row in rows for file in row.files}
    path = FOLDER / name
    return path if name in known and path.is_file() else None


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and Path(value).suffix.lower() in PICTURES + VIDEOS + MESHES and " " not in value


def _files(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [file for item in value.values() for file in _files(item)]
    if isinstance(value, list):
        return [file for item in value for file in _files(item)]
    return [value] if _is_file(value) else []


def _with_paths(value: Any, give: Callable[[Path], str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_paths(item, give) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_paths(item, give) for item in value]
    return give(FOLDER / value) if _is_file(value) else value
