"""A recipe is read back from a clip; anything else in its place is no recipe, and no error."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import MediaError
from pipelines.media.metadata import KEY, parse_recipe, read_recipe, recipe_metadata


@pytest.mark.parametrize("text", [None, "", "made on holiday", "[1, 2]", '"text"', "{broken", "[" * 100_000])
def test_other_peoples_comments_are_no_recipes(text: str | None) -> None:
    assert parse_recipe(text) is None


def test_a_recipe_is_plain_ascii_json() -> None:
    stored = recipe_metadata({"prompt": "猫 \u202e", "seed": 1})
    assert stored[KEY].isascii()
    assert parse_recipe(stored[KEY]) == {"prompt": "猫 \u202e", "seed": 1}
    with pytest.raises(ValueError, match="JSON"):
        recipe_metadata({"guidance_scale": float("nan")})


def test_a_file_that_is_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(MediaError, match=r"notes\.txt"):
        read_recipe(tmp_path / "notes.txt")
