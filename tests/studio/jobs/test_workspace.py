"""Work folders: what an attempt computed is there for the next one, and for a retry."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.jobs.job import Job
from studio.jobs.workspace import discard_work, hand_on_latents, keep_latents, published_recipe, take_over_work
from studio.paths import DataFolder

LATENTS = "latents-0000.safetensors"
FIRST = Job("a", "local", "plain", "running", "", 0.0, 1, 0, 3, "m", {}, 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path).create()


def test_the_next_attempt_inherits_the_work_of_the_last(folder: DataFolder) -> None:
    first = take_over_work(folder, FIRST)
    (first / LATENTS).write_bytes(b"hours")
    second = take_over_work(folder, replace(FIRST, attempt=2))
    assert (second / LATENTS).read_bytes() == b"hours"
    assert [path.name for path in folder.job("a").iterdir()] == [".work-2"]


def test_an_attempt_that_was_put_back_finds_its_own_work(folder: DataFolder) -> None:
    work = take_over_work(folder, FIRST)
    (work / LATENTS).write_bytes(b"hours")
    assert (take_over_work(folder, FIRST) / LATENTS).read_bytes() == b"hours"


def test_of_a_failed_job_only_the_latents_stay(folder: DataFolder) -> None:
    work = take_over_work(folder, FIRST)
    for name in (LATENTS, "clip.mp4.part"):
        (work / name).write_bytes(b"x")
    (work / "shots").mkdir()
    keep_latents(folder, "a")
    assert [path.name for path in work.iterdir()] == [LATENTS]
    (work / LATENTS).unlink()
    keep_latents(folder, "a")
    assert not work.exists()


def test_a_retry_is_handed_the_latents_and_the_first_job_keeps_its_own(folder: DataFolder) -> None:
    (take_over_work(folder, FIRST) / LATENTS).write_bytes(b"hours")
    hand_on_latents(folder, "a", "b")
    assert (take_over_work(folder, replace(FIRST, id="b")) / LATENTS).read_bytes() == b"hours"
    assert (folder.work("a", 1) / LATENTS).exists()


def test_of_a_finished_job_only_what_it_shows_stays(folder: DataFolder) -> None:
    work = take_over_work(folder, FIRST)
    (work / "shot-000.mp4").write_bytes(b"x")
    for name in ("clip.mp4", "preview.jpg", ".preview.jpg.partial", "error.txt"):
        (folder.job("a") / name).write_bytes(b"x")
    discard_work(folder, "a")
    assert [path.name for path in folder.job("a").iterdir()] == ["clip.mp4"]


def test_latents_that_the_pipeline_did_not_clear_stay_with_a_finished_job(folder: DataFolder) -> None:
    work = take_over_work(folder, FIRST)
    (work / LATENTS).write_bytes(b"hours")
    discard_work(folder, "a")
    assert [path.name for path in work.iterdir()] == [LATENTS]


def test_a_clip_that_is_out_tells_its_recipe_even_if_that_cannot_be_read(folder: DataFolder) -> None:
    folder.job("a").mkdir()
    assert published_recipe(folder, "a") is None
    (folder.job("a") / "clip.mp4").write_bytes(b"x")
    assert published_recipe(folder, "a") == {}
    (folder.job("a") / "recipe.json").write_text('{"septet": 1, "made": {"num_frames": 5}}')
    assert published_recipe(folder, "a") == {"septet": 1, "made": {"num_frames": 5}}
