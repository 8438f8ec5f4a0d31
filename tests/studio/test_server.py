"""What the web side answers: clips in ranges, nothing unknown, nothing unescaped, nothing from elsewhere."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import gradio
import pytest
from fastapi.testclient import TestClient

from pipelines.text_to_video import TextToVideoRequest
from studio import words
from studio.person import LOCAL
from studio.shelf import Shelf
from tests.studio.rooms import NOBODY, finish

EVIL = "<img src=x onerror=alert(1)> a fox"


@pytest.fixture(scope="module")
def done(shelf: Shelf) -> str:
    return finish(shelf, TextToVideoRequest(prompt=EVIL, seed=7)).id


def test_a_clip_is_served_in_ranges_and_never_kept_by_others(web: TestClient, done: str) -> None:
    whole = web.get(f"/media/{done}/clip.mp4")
    part = web.get(f"/media/{done}/clip.mp4", headers={"Range": "bytes=4-9"})
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "video/mp4"
    assert part.status_code == 206
    assert part.content == whole.content[4:10]
    assert part.headers["content-range"] == f"bytes 4-9/{len(whole.content)}"
    for header, value in (
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-store"),
        ("cross-origin-resource-policy", "same-origin"),
    ):
        assert whole.headers[header] == value
    assert "sandbox" in whole.headers["content-security-policy"]
    assert "etag" in whole.headers


def test_a_range_past_the_end_is_refused(web: TestClient, done: str) -> None:
    assert web.get(f"/media/{done}/clip.mp4", headers={"Range": "bytes=999999-"}).status_code == 416


def test_a_download_has_a_name_a_person_can_read(web: TestClient, done: str) -> None:
    said = web.get(f"/media/{done}/clip.mp4?download=1").headers["content-disposition"]
    assert said.startswith('attachment; filename="septet-text-to-video-img-src-x-onerror-alert-1-a-fox-7.mp4"')


@pytest.mark.parametrize("name", ["poster.jpg", "recipe.json"])
def test_what_belongs_to_a_clip_is_served(web: TestClient, done: str, name: str) -> None:
    assert web.get(f"/media/{done}/{name}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/media/{NOBODY}/clip.mp4",
        "/media/../ledger.sqlite3",
        "/media/..%2f..%2fledger.sqlite3/clip.mp4",
        "/media/%2e%2e/clip.mp4",
        "/media/ABC/clip.mp4",
        "/media/{done}/.work-1",
        "/media/{done}/error.txt",
        "/media/{done}/..%2f..%2fledger.sqlite3",
        "/media/{done}/preview.jpg",
        "/media/{done}/source",
        "/examples/../starter/model_index.json",
        "/examples/examples.json",
        "/panel/no-such-mode",
        f"/library/{NOBODY}",
    ],
)
def test_anything_unknown_is_404_and_says_nothing(web: TestClient, done: str, path: str) -> None:
    answer = web.get(path.replace("{done}", done))
    assert answer.status_code == 404
    assert str(Path(__file__).anchor + "work") not in answer.text


def test_the_page_may_ask_no_other_host(web: TestClient) -> None:
    policy = web.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_the_page_names_no_font_or_script_of_another_host(web: TestClient) -> None:
    page = web.get("/").text + web.get("/theme.css").text
    for host in ("fonts.googleapis", "fonts.gstatic", "cdnjs", "jsdelivr", "huggingface.co", "@import"):
        assert host not in page


def test_scripts_of_the_page_are_kept_by_the_browser_for_good(web: TestClient) -> None:
    folder = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
    script = next(folder.glob("*.js"))
    answer = web.get(f"/assets/{script.name}")
    assert answer.content == script.read_bytes()
    assert "javascript" in answer.headers["content-type"]
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["no-such-file.js", "..%2Findex.html", "..%2F..%2F..%2Froutes.py"])
def test_nothing_beside_the_scripts_is_served_as_one(web: TestClient, name: str) -> None:
    answer = web.get(f"/assets/{name}")
    assert answer.status_code in (403, 404)
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_health_is_told_without_a_worker(web: TestClient) -> None:
    assert web.get("/healthz").json() == {"status": "ok", "worker": "starting"}


def test_the_panel_shows_the_newest_job_of_its_mode(web: TestClient, done: str) -> None:
    state = web.get("/panel/text-to-video").json()
    assert state["job"] == done
    assert words.DOWNLOAD in state["html"]
    assert f"media/{done}/clip.mp4" in state["html"]


def test_a_mode_with_no_job_shows_what_will_be_there(web: TestClient) -> None:
    state = web.get("/panel/render?job=" + NOBODY).json()
    assert state["job"] == ""
    assert words.EMPTY_TITLE in state["html"]


def test_a_job_of_another_mode_is_not_shown(web: TestClient, done: str) -> None:
    assert web.get(f"/panel/render?job={done}").json()["job"] == ""


def test_a_prompt_is_text_wherever_it_is_shown(web: TestClient, done: str) -> None:
    shown = (
        web.get("/panel/text-to-video").json()["html"]
        + web.get("/library").json()["html"]
        + web.get(f"/library/{done}").text
        + web.get(f"/library/compare?job={done}&job={done}").text
    )
    assert "<img src=x" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_a_waiting_job_tells_its_place_and_can_be_cancelled(web: TestClient, shelf: Shelf) -> None:
    job = shelf.submit(LOCAL, "image-to-video", {"image": str(_picture(shelf))})
    state = web.get("/panel/image-to-video").json()
    assert words.CANCEL in state["html"]
    assert state["live"]["stage"] == words.STARTING  # there is no worker here
    shelf.desk.cancel(LOCAL, job.id)
    state = web.get("/panel/image-to-video").json()
    assert words.CANCELLED_TITLE in state["html"]
    assert words.TRY_AGAIN in state["html"]


def test_the_library_finds_by_word_and_mode(web: TestClient, done: str) -> None:
    assert done in web.get("/library?search=FOX").json()["html"]
    assert done not in web.get("/library?search=walrus").json()["html"]
    assert words.LIBRARY_NOTHING in web.get("/library?mode=render").json()["html"]


def test_the_library_survives_a_file_somebody_deleted(web: TestClient, shelf: Shelf) -> None:
    job = finish(shelf, TextToVideoRequest(prompt="gone", seed=1))
    shelf.desk.folder.job(job.id).joinpath("clip.mp4").unlink()
    assert words.MISSING_FILE in web.get("/library?search=gone").json()["html"]
    assert words.GONE_TITLE in web.get(f"/library/{job.id}").text.replace("&#x27;", "'")
    assert web.get(f"/media/{job.id}/clip.mp4").status_code == 404
    shelf.desk.delete(LOCAL, job.id)


def test_the_header_tells_model_folder_and_worker(web: TestClient, shelf: Shelf) -> None:
    html = web.get("/status").json()["html"]
    for said in ("Paper", str(shelf.desk.folder.root), words.WORKER["starting"], "Wan 2.1 VACE 1.3B", "Fetch 19 GB"):
        assert said in html


def test_a_missing_model_leaves_a_page_that_says_so(web: TestClient, shelf: Shelf) -> None:
    index = shelf.desk.model.folder / "model_index.json"
    kept = index.read_text("utf-8")
    index.unlink()
    try:
        html = web.get("/status").json()["html"]
    finally:
        index.write_text(kept, "utf-8")
    assert words.MODEL_NONE in html
    assert 'data-action="fetch_model"' in html


def _picture(shelf: Shelf) -> Path:
    from PIL import Image

    path = shelf.desk.folder.root / "picture.png"
    Image.new("RGB", (192, 128), (90, 140, 200)).save(path)
    return path


def test_a_preview_is_whole_while_it_is_replaced(web: TestClient, shelf: Shelf) -> None:
    job = shelf.desk.submit(LOCAL, TextToVideoRequest(prompt="a fox")).id
    preview = shelf.desk.folder.job(job) / "preview.jpg"
    preview.parent.mkdir(exist_ok=True)
    pictures = (b"small", b"large" * 9_000)
    over = threading.Event()

    def replace_again_and_again() -> None:
        for picture in itertools.cycle(pictures):
            preview.with_suffix(".new").write_bytes(picture)
            preview.with_suffix(".new").replace(preview)
            if over.is_set():
                return

    preview.write_bytes(pictures[0])
    replacing = threading.Thread(target=replace_again_and_again)
    replacing.start()
    try:
        answers = [web.get(f"/media/{job}/preview.jpg") for _ in range(100)]
    finally:
        over.set()
        replacing.join()
    for answer in answers:
        assert answer.content in pictures
        assert int(answer.headers["content-length"]) == len(answer.content)
