"""Estimates: learned per stage from jobs that are done, corrected by the job itself."""

import pytest

from pipelines.render import RenderRequest
from pipelines.settings import Finishing
from studio.jobs.estimates import bytes_needed, clip_seconds, expected_seconds, remaining_seconds, work_of
from tests.studio.jobs.fakes import PlainRequest


def request(**changes: object) -> PlainRequest:
    fields = {"prompt": "a", "width": 100, "height": 100, "num_frames": 10, "frame_rate": 10.0}
    return PlainRequest(**{**fields, "num_inference_steps": 5, **changes})


def test_work_counts_pixels_steps_and_what_finishing_adds() -> None:
    assert work_of(request()) == pytest.approx({"encode": 0.1, "denoise": 0.5, "decode": 0.1, "finish": 0.1})
    assert work_of(request(finishing=Finishing(upscale=2, frame_rate="20")))["finish"] == pytest.approx(0.8)
    assert work_of(request(finishing=Finishing(size="200x50")))["finish"] == pytest.approx(0.1)


def test_a_3d_file_counts_for_as_long_as_its_camera_moves_whatever_the_window() -> None:
    asked = {"prompt": "x", "width": 100, "height": 100, "num_frames": 9, "frame_rate": 10.0, "num_inference_steps": 5}
    assert clip_seconds(RenderRequest(mesh="x.glb", seconds=3.0, **asked)) == 3.0
    assert work_of(RenderRequest(mesh="x.glb", seconds=3.0, **asked))["denoise"] == pytest.approx(1.5)


def test_nothing_is_expected_before_anything_is_known() -> None:
    assert expected_seconds([], work_of(request())) is None
    assert remaining_seconds(0.0, 5.0, None) is None


def test_a_job_of_twice_the_work_takes_twice_as_long_decode_and_finish_included() -> None:
    work = work_of(request())
    timings = {"encode": 1.0, "denoise": 10.0, "decode": 3.0, "finish": 2.0}
    assert expected_seconds([(timings, work)], work) == pytest.approx(16)
    assert expected_seconds([(timings, work)], work_of(request(num_frames=20))) == pytest.approx(32)
    # more steps make only the denoising longer
    assert expected_seconds([(timings, work)], work_of(request(num_inference_steps=10))) == pytest.approx(26)


def test_one_odd_job_does_not_spoil_the_estimate() -> None:
    work = {"denoise": 1.0}
    history = [({"denoise": seconds}, work) for seconds in (10.0, 11.0, 500.0)]
    assert expected_seconds(history, work) == 11.0


def test_the_job_itself_counts_for_more_the_further_it_is() -> None:
    assert remaining_seconds(0.0, 0.0, 40.0) == 40
    assert remaining_seconds(0.5, 10.0, None) == pytest.approx(10)
    assert remaining_seconds(0.5, 10.0, 40.0) == pytest.approx(15)
    assert remaining_seconds(1.0, 10.0, 40.0) == 0


def test_a_larger_clip_needs_more_room() -> None:
    assert bytes_needed(work_of(request(num_frames=10_000))) > bytes_needed(work_of(request())) > 50 << 20
