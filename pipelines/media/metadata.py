"""The recipe inside a clip: JSON in the MP4's "comment" field, which players and file managers leave alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.media.confined import confined
from pipelines.media.container import opened

KEY = "comment"


def recipe_metadata(recipe: dict[str, Any]) -> dict[str, str]:
    """What `write_video(metadata=...)` takes to store the recipe. ASCII only, so no player can garble it."""
    return {KEY: json.dumps(recipe, separators=(",", ":"), allow_nan=False)}


def read_recipe(path: Path | str) -> dict[str, Any] | None:
    """The recipe stored in a clip, or None if it carries none. Raises MediaError if the file cannot be read."""
    return parse_recipe(read_field(Path(path), KEY))


@confined
def read_field(path: Path, name: str) -> str | None:
    """What a video or sound file says under that name. Raises MediaError if the file cannot be read."""
    with opened(path) as container:
        return container.metadata.get(name)


def parse_recipe(text: str | None) -> dict[str, Any] | None:
    """The recipe a metadata field holds, or None if it holds something else."""
    try:
        recipe = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) else None
