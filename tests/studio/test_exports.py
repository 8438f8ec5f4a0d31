"""A clip in other formats: what is offered, what is handed over, and that nothing stays behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from pipelines.text_to_video import TextToVideoRequest
from studio import words
from studio.exports import LONGEST, offered
from studio.shelf import Shelf
from tests.media_samples import make_video, moving_square
from tests.studio.rooms import NOBODY, finish


@pytest.fixture(scope="module")
def done(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_video(path, moving_square(9, 96, 64), 8)
    return finish(shelf, TextToVideoRequest(prompt="a red ball", seed=7), path.read_bytes()).id


@pytest.mark.parametrize(
    ("kind", "begins"), [("webm", b"\x1a\x45\xdf\xa3"), ("gif", b"GIF89a"), ("webp", b"RIFF"), ("zip", b"PK")]
)
def test_every_format_is_handed_over_under_a_good_name_and_not_kept(
    shelf: Shelf, web: TestClient, done: str, kind: str, begins: bytes
) -> None:
    answer = web.get(f"/media/{done}/as/{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert f'filename="septet-text-to-video-a-red-ball-7.{kind}"' in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert list(shelf.desk.folder.uploads.iterdir()) == []


@pytest.mark.parametrize("path", [f"/media/{NOBODY}/as/gif", "/media/{done}/as/exe", "/media/{done}/as/..%2fclip"])
def test_what_is_not_offered_is_not_found(web: TestClient, done: str, path: str) -> None:
    assert web.get(path.format(done=done)).status_code == 404


def test_a_clip_that_cannot_be_read_is_refused_and_leaves_nothing(shelf: Shelf, web: TestClient) -> None:
    broken = finish(shelf, TextToVideoRequest(prompt="x"))
    answer = web.get(f"/media/{broken.id}/as/webm")
    assert answer.status_code == 409
    assert "Traceback" not in answer.text
    assert list(shelf.desk.folder.uploads.iterdir()) == []


def test_long_and_fast_clips_are_offered_what_suits_them(shelf: Shelf, done: str) -> None:
    job = shelf.desk.job(done)

    def with_clip(frames: int, rate: str) -> list[str]:
        made = {**job.recipe["made"], "num_frames": frames, "frame_rate": rate}
        return offered(replace(job, recipe={**job.recipe, "made": made}))

    assert with_clip(48, "24") == list(LONGEST)
    assert with_clip(120, "60") == ["webm", "webp", "zip"]
    assert with_clip(24 * 30, "24") == ["webm", "zip"]
    assert with_clip(24 * 300, "24") == ["webm"]


def test_the_panel_offers_them(web: TestClient, done: str) -> None:
    html = web.get(f"/panel/text-to-video?job={done}").json()["html"]
    assert words.OTHER_FORMATS in html
    for kind in LONGEST:
        assert f'href="media/{done}/as/{kind}"' in html
