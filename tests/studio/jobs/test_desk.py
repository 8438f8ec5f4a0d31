"""The desk: the door for bad and good requests, the queue's limits, what is kept and what is deleted."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import DiskFull, InputError, QueueFull, UnknownJob
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.studio.jobs.fakes import FAKES, LOADER, PictureRequest, PlainRequest

LONG = 20.0


def picture(path: Path, shade: int = 10) -> str:
    Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(path)
    return str(path)


def traces(desk: JobDesk) -> list[Path]:
    return [path for folder in (desk.folder.jobs, desk.folder.inputs) for path in folder.iterdir()]


def test_a_job_ends_with_a_clip_a_poster_and_its_recipe_in_and_beside_the_clip(shared_desk: JobDesk) -> None:
    job = shared_desk.wait(LOCAL, shared_desk.submit(LOCAL, PlainRequest(prompt="a ball", seed=5)).id, LONG)
    assert (job.state, job.progress, job.seed, job.attempt) == ("done", 1.0, 5, 1)
    clip = shared_desk.clip(LOCAL, job.id)
    assert probe_video(clip).num_frames == 5
    beside = json.loads((clip.parent / "recipe.json").read_text())
    inside = read_recipe(clip)
    for recipe in (beside, inside, job.recipe):
        assert recipe["septet"] == 1
        assert recipe["mode"] == "plain"
        assert recipe["request"]["seed"] == 5
        assert recipe["model"]["title"] == "A fake model"
        assert recipe["made"]["device"] == "cpu"
    assert beside["made"]["num_frames"] == 5
    assert str(shared_desk.folder.root) not in json.dumps(beside)
    assert sorted(path.name for path in clip.parent.iterdir()) == [".owner", "clip.mp4", "poster.jpg", "recipe.json"]
    with Image.open(shared_desk.poster(LOCAL, job.id)) as poster:
        assert poster.size == (32, 32)


def test_the_record_is_json_with_addresses_relative_to_the_studio(shared_desk: JobDesk) -> None:
    job = shared_desk.wait(LOCAL, shared_desk.submit(LOCAL, PlainRequest(prompt="a ball --seed 9")).id, LONG)
    record = json.loads(json.dumps(job.record()))
    assert record["media"] == f"/media/{job.id}/clip.mp4"
    assert record["poster"] == f"/media/{job.id}/poster.jpg"
    assert record["preview"] is None
    assert record["error"] is None
    assert record["recipe"]["flags"] == ["--seed 9"]
    assert record["recipe"]["request"]["prompt"] == "a ball"
    assert record["finished"].endswith("+00:00")


def test_a_running_job_shows_stage_progress_preview_and_time_left(shared_desk: JobDesk) -> None:
    job = shared_desk.submit(LOCAL, PlainRequest(prompt="slow 100"))
    waiting = shared_desk.submit(LOCAL, PlainRequest(prompt="slow 1"))
    assert shared_desk.job(LOCAL, waiting.id).place in (1, 2)
    seen = shared_desk.job(LOCAL, job.id)
    while not (seen.is_over or (seen.stage == "denoise" and seen.has_preview and seen.eta_seconds)):
        seen = shared_desk.wait(LOCAL, job.id, 0.02)  # stage, preview and estimate come one after the other
    assert seen.state == "running"
    assert 0 < seen.progress < 1
    assert 0 < seen.eta_seconds < 30
    assert seen.has_preview
    with Image.open(shared_desk.preview(LOCAL, job.id)) as preview:
        assert preview.format == "JPEG"
    assert shared_desk.job(LOCAL, waiting.id).place == 1
    assert shared_desk.wait(LOCAL, waiting.id, LONG).place == 0


def test_bad_input_is_refused_and_leaves_no_trace(open_desk: Callable[..., JobDesk], tmp_path: Path) -> None:
    desk = open_desk()
    image = picture(tmp_path / "a.png")
    for bad in (
        PlainRequest(prompt=""),
        PlainRequest(prompt="a --sed 4"),
        PictureRequest(prompt="a --ar 5:4", image=image),
    ):
        with pytest.raises(InputError):
            desk.submit(LOCAL, bad)
    with pytest.raises(InputError, match="idempotency key"):
        desk.submit(LOCAL, PlainRequest(prompt="a"), idempotency_key="k" * 999)
    assert traces(desk) == []
    assert desk.jobs(LOCAL) == []


def test_inputs_are_kept_once_under_their_hash_and_survive_the_original(
    open_desk: Callable[..., JobDesk], tmp_path: Path
) -> None:
    desk = open_desk()
    path = Path(picture(tmp_path / "My Photo.PNG"))
    first = desk.submit(LOCAL, PictureRequest(prompt="a", image=str(path)))
    desk.submit(LOCAL, PictureRequest(prompt="b", image=str(path)))
    path.unlink()
    (kept,) = desk.folder.inputs.iterdir()
    known = first.recipe["inputs"]["image"]
    assert kept.name == f"{known['sha256']}.png"
    assert known["name"] == "My Photo.PNG"
    assert desk.input(LOCAL, known["sha256"]) == kept


def test_deleting_takes_the_clip_and_only_inputs_nobody_else_needs(
    open_desk: Callable[..., JobDesk], tmp_path: Path
) -> None:
    desk = open_desk()
    shared, own = picture(tmp_path / "shared.png", 1), picture(tmp_path / "own.png", 2)
    first = desk.submit(LOCAL, PictureRequest(prompt="a", image=shared))
    second = desk.submit(LOCAL, PictureRequest(prompt="b", image=shared))
    third = desk.submit(LOCAL, PictureRequest(prompt="c", image=own))
    with pytest.raises(InputError, match="Cancel it"):
        desk.delete(LOCAL, first.id)
    for job in (first, third):
        desk.cancel(LOCAL, job.id)
        desk.delete(LOCAL, job.id)
        with pytest.raises(UnknownJob):
            desk.job(LOCAL, job.id)
    assert len(list(desk.folder.inputs.iterdir())) == 1
    desk.cancel(LOCAL, second.id)
    desk.delete(LOCAL, second.id)
    assert traces(desk) == []


def test_retry_makes_a_new_job_of_the_same_request(open_desk: Callable[..., JobDesk], tmp_path: Path) -> None:
    desk = open_desk()
    first = desk.submit(LOCAL, PictureRequest(prompt="a", image=picture(tmp_path / "a.png"), seed=3))
    with pytest.raises(InputError, match="not over yet"):
        desk.retry(LOCAL, first.id)
    desk.cancel(LOCAL, first.id)
    again = desk.retry(LOCAL, first.id)
    assert again.id != first.id
    assert again.state == "queued"
    assert again.recipe["request"] == first.recipe["request"]
    desk.delete(LOCAL, first.id)
    assert len(list(desk.folder.inputs.iterdir())) == 1


def test_two_hundred_submits_at_once_fill_the_queue_exactly(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk(capacity=64)
    accepted, refused = [], []

    def ask(number: int) -> None:
        for prompt in range(10):
            try:
                accepted.append(desk.submit(LOCAL, PlainRequest(prompt=f"{number} {prompt}")).id)
            except QueueFull as error:
                refused.append(str(error))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(set(accepted)), len(refused)) == (64, 136)
    assert {job.id for job in desk.active(LOCAL)} == set(accepted)
    assert [job.place for job in desk.active(LOCAL)] == list(range(1, 65))


def test_a_disk_without_room_refuses_before_anything_is_kept(
    open_desk: Callable[..., JobDesk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    monkeypatch.setattr(DataFolder, "free_bytes", lambda _self: 1000)
    with pytest.raises(DiskFull, match=r"needs about 67 MB.*are kept.*Make room"):
        desk.submit(LOCAL, PictureRequest(prompt="a", image=picture(tmp_path / "a.png")))
    assert traces(desk) == []


def test_a_full_disk_loses_no_finished_clip(shared_desk: JobDesk) -> None:
    done = shared_desk.wait(LOCAL, shared_desk.submit(LOCAL, PlainRequest(prompt="kept")).id, LONG)
    content = shared_desk.clip(LOCAL, done.id).read_bytes()
    full = shared_desk.wait(LOCAL, shared_desk.submit(LOCAL, PlainRequest(prompt="full")).id, LONG)
    assert (full.state, full.error_code) == ("failed", "disk_full")
    assert not list(shared_desk.folder.job(full.id).glob("*.mp4"))
    assert shared_desk.clip(LOCAL, done.id).read_bytes() == content


def test_prune_clears_failures_and_keeps_clips_unless_told(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk().start()
    done = desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="kept")).id, LONG)
    desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="fail")).id, LONG)
    assert desk.prune(LOCAL) == 1
    assert [job.id for job in desk.jobs(LOCAL)] == [done.id]
    assert desk.prune(LOCAL, clips_older_than=3600) == 0
    assert desk.prune(LOCAL, clips_older_than=0) == 1
    assert traces(desk) == []


def test_a_studio_that_starts_clears_what_a_sudden_end_left(open_desk: Callable[..., JobDesk], tmp_path: Path) -> None:
    desk = open_desk()
    job = desk.submit(LOCAL, PictureRequest(prompt="a", image=picture(tmp_path / "a.png")))
    (desk.folder.jobs / ".deleted-x").mkdir()
    (desk.folder.inputs / ".abc.partial").write_bytes(b"half")
    (desk.folder.inputs / f"{'0' * 64}.png").write_bytes(b"nobody's")
    desk.start()
    left = {path.name for path in traces(desk)}
    assert left - {job.id} == {f"{job.recipe['inputs']['image']['sha256']}.png"}


def test_a_clip_that_was_removed_by_hand_is_simply_not_there(shared_desk: JobDesk) -> None:
    job = shared_desk.wait(LOCAL, shared_desk.submit(LOCAL, PlainRequest(prompt="gone")).id, LONG)
    shared_desk.clip(LOCAL, job.id).unlink()
    seen = shared_desk.job(LOCAL, job.id)
    assert (seen.state, seen.has_clip, seen.record()["media"]) == ("done", False, None)


def test_job_ids_are_no_paths(shared_desk: JobDesk) -> None:
    for name in ("../../etc", "", "..", "a" * 10_000):
        with pytest.raises(UnknownJob):
            shared_desk.clip(LOCAL, name)


def test_a_folder_named_in_any_way_is_one_model(
    open_desk: Callable[..., JobDesk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(open_desk().model.folder.parent)
    with JobDesk(DataFolder(tmp_path / "data"), "./fake/", pipelines=FAKES, loader=LOADER) as desk:
        desk.start()
        job = desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="a")).id, LONG)
        assert job.state == "done"
        assert desk.worker_status().model == job.model == str(tmp_path / "fake")


def test_a_client_uses_the_model_of_the_running_studio(shared_desk: JobDesk) -> None:
    client = JobDesk(shared_desk.folder)
    assert client.model == replace(shared_desk.model)
    client.close()
