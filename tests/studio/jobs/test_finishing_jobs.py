"""Finishing a video needs no model, so it waits for none: not while one loads, not where none can be loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.finish import FinishRequest, FinishVideo
from studio.jobs.desk import JobDesk
from studio.jobs.job import Job
from studio.person import LOCAL
from tests.media_samples import make_video, moving_square
from tests.studio.jobs.fakes import FAKES, PlainRequest

LONG = 20.0


@pytest.fixture
def finishing_desk(open_desk: Callable[..., JobDesk]) -> Callable[[str], JobDesk]:
    """Opens a desk that also finishes videos, on a fake model of the given name."""

    def open_one(model: str) -> JobDesk:
        return open_desk(model, pipelines={**FAKES, FinishVideo.mode: FinishVideo})

    return open_one


@pytest.fixture
def request_to_finish(tmp_path: Path) -> FinishRequest:
    return FinishRequest(video=str(make_video(tmp_path / "given.mp4", moving_square(4), rate=8)))


def finished(desk: JobDesk, job: Job) -> Job:
    return desk.wait(LOCAL, job.id, LONG)


def test_a_video_is_finished_while_the_model_still_loads(
    finishing_desk: Callable[[str], JobDesk], request_to_finish: FinishRequest
) -> None:
    desk = finishing_desk("awaited").start()
    clip = desk.submit(LOCAL, PlainRequest(prompt="first in line"))
    assert finished(desk, desk.submit(LOCAL, request_to_finish)).state == "done"
    assert desk.worker_status().state == "loading"
    assert desk.job(LOCAL, clip.id).state == "queued"
    desk.folder.models.mkdir(exist_ok=True)
    (desk.folder.models / "come").touch()
    assert finished(desk, clip).state == "done"


def test_a_video_is_finished_where_no_model_can_be_loaded(
    finishing_desk: Callable[[str], JobDesk], request_to_finish: FinishRequest
) -> None:
    desk = finishing_desk("missing").start()
    assert finished(desk, desk.submit(LOCAL, request_to_finish)).state == "done"
    refused = finished(desk, desk.submit(LOCAL, PlainRequest(prompt="a ball")))
    assert (refused.state, refused.error_code) == ("failed", "model_missing")
    again = desk.submit(LOCAL, request_to_finish)  # the worker that gave up comes back for it
    assert finished(desk, again).state == "done"


def test_finishing_waits_its_turn_once_the_model_is_there(
    finishing_desk: Callable[[str], JobDesk], request_to_finish: FinishRequest
) -> None:
    desk = finishing_desk("fake")
    first = desk.submit(LOCAL, PlainRequest(prompt="first"))
    second = desk.submit(LOCAL, request_to_finish)
    ledger = desk._ledger
    assert ledger.claim("a worker", first.model).id == first.id
    assert ledger.claim("a worker", first.model).id == second.id
    assert ledger.claim("a worker", first.model) is None
