"""A real model in a real worker that runs out of memory: in the encoder, at a step, in the decoder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.media.probe import probe_video
from pipelines.text_to_video import TextToVideoRequest
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.studio.jobs.tight import LOADER
from tests.tiny import tiny_model_folder

LONG = 120.0
FRAMES = 9
POINTS = ("encode", "denoise", "decode")

pytestmark = pytest.mark.slow  # loads torch in the worker


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobDesk]:
    folder = DataFolder(tmp_path_factory.mktemp("tight") / "data")
    with JobDesk(folder, str(tiny_model_folder()), "cpu", loader=LOADER) as desk:
        yield desk.start()


def ask(desk: JobDesk, seed: int):
    request = TextToVideoRequest(
        prompt="a red ball", width=48, height=32, num_frames=FRAMES, num_inference_steps=2, seed=seed
    )
    return desk.wait(LOCAL, desk.submit(LOCAL, request).id, LONG)


@pytest.mark.parametrize("point", POINTS)
def test_memory_that_runs_out_once_costs_nothing_and_for_good_a_clear_failure(
    desk: JobDesk, point: str, tmp_path: Path
) -> None:
    order, number = desk.folder.root / "tight", POINTS.index(point)
    order.write_text(f"{point} 1")
    once = ask(desk, 10 * number)
    assert (once.state, once.attempt) == ("done", 1)
    assert order.read_text() == f"{point} 0"
    assert probe_video(desk.clip(LOCAL, once.id)).num_frames == FRAMES
    worker = desk.worker_status().pid
    heights = {"encode": 1, "denoise": 2, "decode": 3}  # sizes nothing is remembered of
    order.write_text(f"{point} 1000")
    request = TextToVideoRequest(prompt="a blue cube", width=64, height=16 * heights[point] + 32, num_frames=FRAMES)
    always = desk.wait(LOCAL, desk.submit(LOCAL, request).id, LONG)
    assert (always.state, always.error_code) == ("failed", "oom")
    assert "smaller size or fewer frames" in always.error
    order.unlink()
    assert ask(desk, 10 * number + 1).state == "done"
    assert desk.worker_status().pid == worker
