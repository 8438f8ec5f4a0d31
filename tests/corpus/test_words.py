"""Names and prompts are words and nothing else: kept whole, shown as text, obeyed by nobody."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import MediaError, SeptetError
from pipelines.media.metadata import read_recipe, recipe_metadata
from pipelines.media.read import read_image
from pipelines.media.write import write_video
from studio.api import submit_fields
from studio.jobs.inputs import InputStore
from studio.person import LOCAL
from studio.shelf import Shelf
from studio.views import library
from tests.corpus.cases import CASES
from tests.corpus.kinds import Case
from tests.corpus.pictures import shown
from tests.corpus.raw import png
from tests.corpus.test_library import TO_DO
from tests.media_samples import stream_of
from tests.studio.rooms import quiet_shelf

NAMES = [case for case in CASES if case.into == "name"]
PROMPTS = [case for case in CASES if case.into == "prompt"]
LEFT_OUT = {"P05", "P16"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path_factory.mktemp("studio"))
    yield shelf
    shelf.desk.close()


@pytest.mark.parametrize("case", NAMES, ids=lambda case: case.id)
def test_a_file_of_any_name_is_kept_under_its_hash_and_shown_by_a_safe_one(case: Case, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    store = InputStore(kept)
    for name in case.make():
        path = tmp_path / name
        if "/" in name or "\0" in name or len(name.encode()) > 255 or name == "...":
            with pytest.raises(MediaError, match=r"cannot be opened|not a picture"):
                read_image(path)  # no disk has such a file of ours
            continue
        path.write_bytes(png(shown()))
        stored = store.add(path)
        assert stored.name and len(stored.name) <= 80
        assert stored.name.isprintable() and stored.name == unicodedata.normalize("NFC", stored.name)
        assert stored.file.partition(".")[0] == stored.sha256
        assert [each.name for each in kept.iterdir() if each.name == stored.file]
        assert (read_image(path) == shown()).all()
    assert sorted(tmp_path.parent.glob("x*")) == []


@pytest.mark.parametrize("case", PROMPTS, ids=lambda case: case.id)
def test_a_prompt_becomes_of_what_the_table_says(case: Case, shelf: Shelf) -> None:
    for prompt in case.make():
        if case.outcome == "refused":
            with pytest.raises(SeptetError, match=case.says) as caught:
                submit_fields(shelf, LOCAL, "text-to-video", {"prompt": prompt})
            assert TO_DO.search(str(caught.value)) or "prompt" in str(caught.value)
            assert len(str(caught.value)) < 300
            continue
        job = submit_fields(shelf, LOCAL, "text-to-video", {"prompt": prompt})
        kept = job.recipe["request"]["prompt"]
        assert kept == prompt or case.id in LEFT_OUT
        assert not [each for each in kept if unicodedata.category(each) == "Cc" and each not in "\n\t"]
        assert kept.replace(" ", "")
        shelf.desk.cancel(LOCAL, job.id)


@pytest.mark.parametrize("case", [case for case in PROMPTS if case.outcome == "taken"], ids=lambda case: case.id)
def test_a_prompt_in_a_file_is_its_words_and_changes_nothing_else(case: Case, tmp_path: Path) -> None:
    frames = np.zeros((2, 48, 64, 3), np.uint8)
    for prompt in case.make():
        metadata = recipe_metadata({"septet": 1, "request": {"prompt": prompt}}) | {"title": prompt[:200]}
        clip = write_video(stream_of(frames, Fraction(12)), tmp_path / "clip.mp4", metadata=metadata)
        recipe = read_recipe(clip.path)
        assert recipe is not None and recipe["request"]["prompt"] == prompt
        with av.open(str(clip.path)) as file:
            assert len(file.streams) == 1
            assert set(file.metadata) <= {
                "title",
                "comment",
                "major_brand",
                "minor_version",
                "compatible_brands",
                "encoder",
            }
            assert "passwd:" not in str(file.metadata) and "root:" not in str(file.metadata)


def test_markup_in_a_prompt_is_text_in_the_library(shelf: Shelf) -> None:
    (case,) = (case for case in PROMPTS if case.id == "P08")
    for prompt in case.make():
        job = submit_fields(shelf, LOCAL, "text-to-video", {"prompt": prompt})
        html = library.full(job, shares=False) + library.cards([job], filtered=False, first_page=True)
        assert "<img src=x" not in html and "<script" not in html
        assert 'href="javascript' not in html
        shelf.desk.cancel(LOCAL, job.id)
