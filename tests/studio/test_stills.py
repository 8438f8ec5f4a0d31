"""What is shown of a file that a browser cannot show: its first picture for its owner, else what is wrong with it."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from studio import words
from studio.person import LOCAL
from studio.shelf import new_upload
from studio.stills import LONG_SIDE
from tests.media_samples import make_video, moving_square


def _asked(web: TestClient, kind: str, file: Path) -> tuple[str | None, str]:
    answer = web.get("/still", params={"kind": kind, "file": str(file)}).json()
    return answer["still"], answer["note"]


def _decoded(address: str | None) -> Image.Image:
    head, _, data = (address or "").partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(BytesIO(base64.b64decode(data)))


def test_of_a_video_it_is_the_first_frame(web: TestClient) -> None:
    video = make_video(new_upload(LOCAL, "a.mp4"), moving_square(6, 96, 64, 4.0), 12)
    still, note = _asked(web, "video", Path(video))
    assert _decoded(still).size == (96, 64)
    assert note == words.UNPLAYED


def test_of_a_large_picture_it_is_a_small_one_of_the_same_shape(web: TestClient) -> None:
    picture = new_upload(LOCAL, "a.png")
    Image.new("RGB", (1600, 800), (200, 40, 30)).save(picture)
    still, note = _asked(web, "image", picture)
    assert note == ""  # what is seen is the file itself
    shown = _decoded(still)
    assert shown.size == (LONG_SIDE, LONG_SIDE // 2)
    red, _, blue = shown.getpixel((9, 9))  # type: ignore[misc]
    assert red > 180 > blue


@pytest.mark.parametrize("kind", ["image", "video"])
def test_of_a_file_that_cannot_be_read_it_is_the_sentence(web: TestClient, kind: str) -> None:
    file = new_upload(LOCAL, "a.mp4")
    file.write_bytes(b"nothing of the kind" * 50)
    still, note = _asked(web, kind, file)
    assert still is None
    assert note.startswith("a.mp4 is not a ")


def test_of_a_file_elsewhere_it_is_nothing(web: TestClient, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a.png"
    Image.new("RGB", (64, 64)).save(elsewhere)
    assert web.get("/still", params={"kind": "image", "file": str(elsewhere)}).status_code == 404
    assert web.get("/still", params={"kind": "image", "file": "a\0b"}).status_code == 404
    assert web.get("/still", params={"kind": "song", "file": str(elsewhere)}).status_code == 422
