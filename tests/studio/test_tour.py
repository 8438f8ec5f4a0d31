"""One model for seven modes: two tours through all of them, as the job desk runs them."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import pytest

from pipelines import PIPELINES
from pipelines.media.probe import probe_video
from pipelines.settings import Finishing
from pipelines.types import Request
from studio.jobs.desk import JobDesk
from studio.jobs.job import WorkerStatus
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.media_samples import make_video, moving_square, picture

pytestmark = pytest.mark.slow

ROOM = 1.02  # the worker may not have grown by more than this between two tours


def requests(folder: Path) -> list[Request]:
    """One small request per mode."""
    cv2.imwrite(str(folder / "photo.png"), picture(160, 96))
    source = str(make_video(folder / "source.mp4", moving_square(12, 160, 96, 4.0), 12))
    photo = str(folder / "photo.png")
    given = {"text-to-video": {}, "text-image-to-video": {"image": photo}, "image-to-video": {"image": photo}}
    plain = Finishing(upscale=1, upscaler="lanczos")
    return [
        pipeline.request_type(
            prompt="a red ball moving right over the sea",
            seed=1,
            num_frames=9,
            num_inference_steps=2,
            finishing=plain,
            **given.get(mode, {"video": source}),
        )
        for mode, pipeline in PIPELINES.items()
    ]


def settled(desk: JobDesk, jobs: int) -> WorkerStatus:
    """What the worker says of itself once that many jobs lie behind it."""
    for _ in range(100):
        status = desk.worker_status()
        if status is not None and status.jobs_done == jobs:
            return status
        time.sleep(0.1)
    raise AssertionError(status)


def test_two_tours_of_all_modes_load_one_model_once_and_need_no_more_memory(tmp_path):
    tour = requests(tmp_path)
    with JobDesk(DataFolder(tmp_path / "data"), "starter", "cpu") as desk:
        desk.start()
        sizes = []
        workers = set()
        for _ in range(2):
            jobs = [desk.wait(LOCAL, desk.submit(LOCAL, request).id, 120) for request in tour]
            assert [job.state for job in jobs] == ["done"] * 7, [job.error for job in jobs]
            assert all(probe_video(desk.clip(LOCAL, job.id)).num_frames > 1 for job in jobs)
            status = settled(desk, 7 * (len(sizes) + 1))
            workers.add(status.pid)
            sizes.append(status.rss)
            assert status.loads == 1
        assert len(workers) == 1
        print(f"worker memory after each tour: {[round(size / 2**20) for size in sizes]} MiB")
        assert sizes[1] <= ROOM * sizes[0]


def test_all_seven_pipelines_hold_the_same_model_object():
    from pipelines import load_model
    from pipelines.checkpoints import model_info

    model = load_model(model_info("starter", Path(".")), "cpu")
    assert {id(pipeline(model).model) for pipeline in PIPELINES.values()} == {id(model)}
