"""The example inputs: all there, all licensed, small, and each one a request its mode accepts."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines import PIPELINES
from pipelines.checkpoints import ASSETS, STARTER, ModelInfo
from pipelines.fields import media_fields
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_image, probe_video

FOLDER = ASSETS / "examples"
LISTED: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "examples.json").read_text("utf-8"))
MEDIA = (".jpg", ".png", ".mp4", ".glb")
EVERY = [(mode, row) for mode, rows in LISTED.items() for row in rows]


def with_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_paths(item) for item in value]
    return str(FOLDER / value) if isinstance(value, str) and value.endswith(MEDIA) else value


def request_of(mode: str, row: dict[str, Any]) -> Any:
    return PIPELINES[mode].request_type.model_validate_json(json.dumps(with_paths(row["fields"])))


def test_every_mode_has_three_to_five_examples():
    assert list(LISTED) == list(PIPELINES)
    assert all(3 <= len(rows) <= 5 for rows in LISTED.values())


@pytest.mark.parametrize(("mode", "row"), EVERY, ids=[f"{mode}: {row['title']}" for mode, row in EVERY])
def test_an_example_is_a_request_its_mode_accepts(mode, row):
    request = request_of(mode, row)
    info = ModelInfo("any", "Any", FOLDER, FOLDER)
    assert PIPELINES[mode].prepare(request, info).seed is not None


def test_the_files_examples_name_are_there_and_no_others():
    named = {Path(path).name for mode, row in EVERY for _, path in media_fields(request_of(mode, row)).values()}
    named |= {row["picture"] for _, row in EVERY if "picture" in row}  # shown where a file is none
    assert named == {path.name for path in FOLDER.iterdir() if path.suffix in MEDIA}


def test_every_file_has_its_origin_and_licence_in_the_readme():
    rows = {}
    for line in (FOLDER / "README.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4:
            rows[cells[0].strip("`")] = cells[1:]
    for path in FOLDER.iterdir():
        if path.suffix in MEDIA:
            _what, origin, licence = rows[path.name]
            assert origin
            assert licence in ("CC0-1.0", "CC-BY-3.0", "public domain", "Apache-2.0")
    assert "CC0 1.0 Universal" in (FOLDER / "LICENSE-CC0-1.0.txt").read_text("utf-8")
    assert "Attribution" in (FOLDER / "LICENSE-CC-BY-3.0.txt").read_text("utf-8")[200:]


def test_all_examples_together_stay_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 4_000_000


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.mp4")), ids=lambda path: path.name)
def test_example_videos_are_short_and_even(path):
    info = probe_video(path)
    assert 2 <= info.duration <= 4
    assert info.width % 2 == info.height % 2 == 0


@pytest.mark.parametrize("row", LISTED["text-to-video"], ids=lambda row: row["title"])
def test_what_stands_beside_words_was_made_of_them_by_the_embedded_model(row):
    recipe = read_recipe(FOLDER / row["picture"])
    assert recipe is not None
    assert (recipe["mode"], recipe["model"]["name"]) == ("text-to-video", STARTER)
    assert recipe["request"]["prompt"] == row["fields"]["prompt"]


def test_masks_have_the_size_and_length_of_their_videos():
    ball, bunny = probe_video(FOLDER / "ball-over-the-sea.mp4"), probe_video(FOLDER / "bunny.mp4")
    mask = probe_video(FOLDER / "bunny-mask.mp4")
    assert probe_image(FOLDER / "ball-mask.png") == (ball.width, ball.height)
    assert (mask.width, mask.height, mask.num_frames) == (bunny.width, bunny.height, bunny.num_frames)
