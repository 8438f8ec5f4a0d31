"""A client program does what the page does, through the same studio."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from pipelines import PIPELINES, SERVICES
from pipelines.media.mixing import RATE as RATE_OF_SOUND
from pipelines.media.mixing import write_wav
from pipelines.media.probe import probe_video
from tests.browser.conftest import FRAMES, RATE, Inputs, Studio
from tests.browser.hands import NEEDS_PROMPT, VIDEO_MODES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one studio for all of them


@pytest.fixture(scope="module")
def client(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(studio.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def _given(mode: str, inputs: Inputs) -> dict[str, Any]:
    given: dict[str, Any] = {"num_inference_steps": 2, "seed": 5, "prompt": NEEDS_PROMPT.get(mode)}
    if mode in VIDEO_MODES:
        given["video"] = handle_file(str(inputs.video))
    if mode in ("text-image-to-video", "image-to-video"):
        given["image"] = handle_file(str(inputs.image))
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize("mode", PIPELINES)
def test_an_endpoint_waits_and_gives_record_and_clip(client: Client, inputs: Inputs, mode: str) -> None:
    record, clip = client.predict(**_given(mode, inputs), api_name=f"/{mode.replace('-', '_')}")
    assert (record["state"], record["mode"], record["seed"]) == ("done", mode, 5)
    assert record["media"] == f"/media/{record['id']}/clip.mp4"
    with av.open(clip) as file:
        assert file.streams.video[0].codec_context.name == "h264"


def test_a_program_joins_and_finishes_videos(client: Client, inputs: Inputs, tmp_path: Path) -> None:
    write_wav([np.full((2, RATE_OF_SOUND), 0.1, np.float32)], tmp_path / "hum.wav")
    film = {
        "video": handle_file(str(inputs.video)),
        "then": [handle_file(str(inputs.video))],
        "title": "Twice",
        "finishing": {"speed": 2.0, "size": "64x48", "music": handle_file(str(tmp_path / "hum.wav"))},
    }
    record, clip = client.predict(**film, api_name="/finish")
    assert (record["state"], record["mode"]) == ("done", "finish")
    info = probe_video(clip)
    assert (info.width, info.height, info.has_audio) == (64, 48, True)
    assert info.num_frames == round((2 * FRAMES + round(2.5 * RATE)) / 2)


def test_a_client_need_not_wait(client: Client) -> None:
    request = {"prompt": "the red ball", "num_inference_steps": 2}
    job = client.predict(mode="text-to-video", request=request, idempotency_key="k1", api_name="/submit")
    again = client.predict(mode="text-to-video", request=request, idempotency_key="k1", api_name="/submit")
    assert again["id"] == job["id"]
    deadline = time.monotonic() + 90
    while client.predict(id=job["id"], api_name="/job")["state"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert job["id"] in [each["id"] for each in client.predict(limit=20, api_name="/jobs")]


def test_a_job_is_cancelled_by_a_program(client: Client) -> None:
    request = {"prompt": "the red ball", "num_inference_steps": 150}
    job = client.predict(mode="text-to-video", request=request, api_name="/submit")
    client.predict(id=job["id"], api_name="/cancel")
    deadline = time.monotonic() + 60
    while (state := client.predict(id=job["id"], api_name="/job")["state"]) != "cancelled":
        assert time.monotonic() < deadline, state
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("endpoint", "given", "said"),
    [
        ("/text_to_video", {"prompt": ""}, "prompt is empty"),
        ("/text_to_video", {"prompt": "x", "guidance_scale": 1e9}, "guidance_scale"),
        ("/submit", {"mode": "text-to-film", "request": {}}, "no mode called"),
        ("/job", {"id": "nothing"}, "nothing"),
    ],
)
def test_a_program_is_told_what_was_wrong(client: Client, endpoint: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(**given, api_name=endpoint)


def test_a_file_of_the_machine_cannot_be_named(client: Client, tmp_path: Path) -> None:
    stolen = {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(AppError) as told:
        client.predict(mode="image-to-video", request={"image": stolen}, api_name="/submit")
    assert "Traceback" not in str(told.value)


def test_the_pages_own_events_are_not_offered_to_programs(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {f"/{mode.replace('-', '_')}" for mode in SERVICES} | {"/submit", "/job", "/jobs", "/cancel"}
