"""A clip in other formats: what is offered, what is handed over, and that nothing stays behind."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from pipelines.mask import MaskRequest
from pipelines.masking import MaskTrack
from pipelines.media.read import read_mask
from pipelines.running import TRACK
from pipelines.text_to_video import TextToVideoRequest
from studio import words
from studio.exports import FORMATS, offered
from studio.person import LOCAL
from studio.shelf import Shelf
from tests.media_samples import make_video, moving_square
from tests.studio.rooms import NOBODY, finish

OPAQUE = [kind for kind, format in FORMATS.items() if not format.needs_request]


@pytest.fixture(scope="module")
def done(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_video(path, moving_square(9, 96, 64), 8)
    return finish(shelf, TextToVideoRequest(prompt="a red ball", seed=7), path.read_bytes()).id


@pytest.mark.parametrize(
    ("kind", "ending", "begins"),
    [
        ("h265", "mp4", b"\0\0\0"),
        ("av1", "mp4", b"\0\0\0"),
        ("webm", "webm", b"\x1a\x45\xdf\xa3"),
        ("mov", "mov", b"\0\0\0"),
        ("gif", "gif", b"GIF89a"),
        ("webp", "webp", b"RIFF"),
        ("zip", "zip", b"PK"),
        ("jpg", "jpg", b"\xff\xd8"),
    ],
)
def test_every_format_is_handed_over_under_a_good_name_and_not_kept(
    shelf: Shelf, web: TestClient, done: str, kind: str, ending: str, begins: bytes
) -> None:
    answer = web.get(f"/media/{done}/as/{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert f'filename="septet-text-to-video-a-red-ball-7.{ending}"' in answer.headers["content-disposition"]
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
    job = shelf.desk.job(LOCAL, done)

    def with_clip(frames: int, rate: str) -> list[str]:
        made = {**job.recipe["made"], "num_frames": frames, "frame_rate": rate}
        return offered(replace(job, recipe={**job.recipe, "made": made}))

    everything = set(OPAQUE)
    assert set(with_clip(48, "24")) == everything
    assert set(with_clip(120, "60")) == everything - {"gif"}
    assert set(with_clip(24 * 30, "24")) == everything - {"gif", "webp"}
    assert set(with_clip(24 * 300, "24")) == {"h265", "av1", "webm", "jpg"}


def test_the_panel_offers_them(web: TestClient, done: str) -> None:
    html = web.get(f"/panel/text-to-video?job={done}").json()["html"]
    assert words.OTHER_FORMATS in html
    for kind in OPAQUE:
        assert f'href="media/{done}/as/{kind}"' in html


def test_the_mask_that_was_used_is_handed_over(shelf: Shelf, web: TestClient, tmp_path: Path, done: str) -> None:
    video = make_video(tmp_path / "in.mp4", moving_square(9, 96, 64), 8)
    mask = np.zeros((64, 96), np.uint8)
    mask[16:48, 8:48] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    asked = MaskRequest(video=str(video), mask=str(tmp_path / "mask.png"), prompt="x", carry=False, feather=0, grow=0)
    job = finish(shelf, asked, video.read_bytes())
    assert {"mask", "mask-zip"} <= set(offered(job))
    assert not {"mask", "mask-zip"} & set(offered(shelf.desk.job(LOCAL, done)))
    answer = web.get(f"/media/{job.id}/as/mask-zip")
    assert "-mask.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        pictures = [np.asarray(Image.open(archive.open(name)).convert("L")) for name in sorted(archive.namelist())]
    assert len(pictures) == 9
    assert all(np.array_equal(shown, mask) for shown in pictures)
    MaskTrack([255 - mask] * 9).save(shelf.desk.folder.job(job.id) / TRACK)  # a track the page could not make anew
    kept = web.get(f"/media/{job.id}/as/mask-zip").content
    with zipfile.ZipFile(io.BytesIO(kept)) as archive:
        shown = np.asarray(Image.open(archive.open(archive.namelist()[0])).convert("L"))
    assert np.array_equal(shown, 255 - mask)
    (shelf.desk.folder.job(job.id) / TRACK).unlink()
    (tmp_path / "mask.mp4").write_bytes(web.get(f"/media/{job.id}/as/mask").content)
    again = read_mask(tmp_path / "mask.mp4", size=(96, 64), num_frames=9, frame_rate=Fraction(8))
    assert all(((each > 127) == (mask > 127)).all() for chunk in again for each in chunk)
    assert list(shelf.desk.folder.uploads.iterdir()) == []


def test_a_cut_out_subject_is_handed_over_on_a_transparent_ground(
    shelf: Shelf, web: TestClient, tmp_path: Path
) -> None:
    frames = moving_square(9, 96, 64)
    video = make_video(tmp_path / "in.mp4", frames, 8)
    mask = np.zeros((64, 96), np.uint8)
    mask[16:48, 8:48] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    asked = MaskRequest(video=str(video), mask=str(tmp_path / "mask.png"), prompt="x", carry=False, feather=0, grow=0)
    job = finish(shelf, asked, video.read_bytes())
    assert {"webm-alpha", "mov-alpha"} <= set(offered(job))
    answer = web.get(f"/media/{job.id}/as/mov-alpha")
    (tmp_path / "out.mov").write_bytes(answer.content)
    with av.open(str(tmp_path / "out.mov")) as container:
        seen = [frame.to_ndarray(format="rgba") for frame in container.decode(video=0)]
    assert len(seen) == 9
    assert all(frame[30, 20, 3] == 255 and frame[30, 80, 3] == 0 for frame in seen)
    assert np.abs(seen[0][30, 20, :3].astype(int) - frames[0, 30, 20]).max() < 25
    answer = web.get(f"/media/{job.id}/as/webm-alpha")
    (tmp_path / "out.webm").write_bytes(answer.content)
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.streams.video[0].metadata["alpha_mode"] == "1"
        reader = av.CodecContext.create("libvpx-vp9", "r")
        alpha = [f.to_ndarray(format="rgba")[..., 3] for p in container.demux(video=0) for f in reader.decode(p)]
    assert len(alpha) == 9
    assert all(frame[30, 20] > 250 and frame[30, 80] < 5 for frame in alpha)
