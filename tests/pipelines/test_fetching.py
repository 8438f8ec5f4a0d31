"""Fetching a model: huggingface_hub's own code against a small hub on localhost, with everything that goes wrong."""

import json
import random
import shutil

import huggingface_hub.constants
import huggingface_hub.file_download
import pytest

from pipelines import fetching
from pipelines.checkpoints import installed
from pipelines.errors import Cancelled, DiskFull, InputError, ModelMissing
from pipelines.fetching import FETCHABLE, fetch, list_remote
from tests.pipelines.small_hub import COMMIT, SmallHub

NAME = "wan2.1-vace-1.3b"
WEIGHTS = "transformer/diffusion_pytorch_model-00001-of-00002.safetensors"
BLOCK = 16 * 1024


@pytest.fixture(autouse=True)
def quick_hub(monkeypatch):
    """Blocks of 16 kB instead of 10 MB, so that a small file arrives in many; no waiting between tries."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", BLOCK)
    monkeypatch.setattr(huggingface_hub.file_download.time, "sleep", lambda _seconds: None)


@pytest.fixture
def hub():
    blob = random.Random(0).randbytes
    server = SmallHub(
        {
            "model_index.json": b'{"_class_name": "WanVACEPipeline"}',
            WEIGHTS: blob(20 * BLOCK + 123),
            "transformer/config.json": b"{}",
            "tokenizer/spiece.model": blob(3000),
            "tokenizer/vocab.txt": b"a\nb\n",
            "vae/diffusion_pytorch_model.safetensors": blob(2 * BLOCK),
            "transformer/diffusion_pytorch_model.bin": b"\x80\x04 a pickle",
            "modeling.py": b"print('code from elsewhere')",
            "preview.gif": b"GIF89a",
            "../outside.json": b"{}",
        }
    )
    yield server
    server.close()


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_model_arrives_whole_with_its_origin(hub, tmp_path):
    folder = fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert folder == tmp_path / NAME
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    origin = json.loads((folder / "septet-origin.json").read_text())
    assert origin["revision"] == COMMIT
    assert origin["repo"] == FETCHABLE[NAME].repo


def test_nothing_that_could_run_code_or_escape_is_fetched(hub, tmp_path):
    folder = fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert names(folder) == {
        "septet-origin.json",
        "model_index.json",
        WEIGHTS,
        "transformer/config.json",
        "tokenizer/spiece.model",
        "tokenizer/vocab.txt",
        "vae/diffusion_pytorch_model.safetensors",
    }
    assert not hub.asked_for("transformer/diffusion_pytorch_model.bin")
    assert not (tmp_path / "outside.json").exists()


def test_the_size_is_known_before_and_progress_ends_at_it(hub, tmp_path):
    listing = list_remote(NAME, endpoint=hub.endpoint)
    seen = []
    fetch(NAME, tmp_path, lambda done, total: seen.append((done, total)), endpoint=hub.endpoint)
    assert {total for _, total in seen} == {listing.size}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == listing.size
    assert len(seen) > 20


def stop_at(bytes_):
    def on_progress(done, _total):
        if done >= bytes_:
            raise Cancelled("enough")

    return on_progress


def test_a_cancelled_fetch_is_not_listed_and_goes_on_where_it_stopped(hub, tmp_path):
    with pytest.raises(Cancelled):
        fetch(NAME, tmp_path, stop_at(12 * BLOCK), endpoint=hub.endpoint)
    assert not (tmp_path / NAME).exists()
    assert NAME not in {info.name for info in installed(tmp_path)}
    hub.requests.clear()
    folder = fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    (span,) = hub.asked_for(WEIGHTS)
    assert span is not None
    assert int(span.removeprefix("bytes=").rstrip("-")) >= 5 * BLOCK
    assert not hub.asked_for("transformer/config.json")


def test_going_on_keeps_the_revision_it_began_with(hub, tmp_path):
    with pytest.raises(Cancelled):
        fetch(NAME, tmp_path, stop_at(12 * BLOCK), endpoint=hub.endpoint)
    hub.commit = "f" * 40  # somebody pushed to main meanwhile; this hub serves files of COMMIT only
    folder = fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert json.loads((folder / "septet-origin.json").read_text())["revision"] == COMMIT


def test_a_dropped_connection_is_taken_up_again(hub, tmp_path):
    hub.drop_after = 7 * BLOCK
    folder = fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert hub.asked_for(WEIGHTS) == [None, f"bytes={7 * BLOCK}-"]


@pytest.mark.parametrize("length", [100, 20 * BLOCK + 124], ids=["shorter", "longer"])
def test_a_file_of_another_size_than_announced_is_refused(hub, tmp_path, length):
    hub.lie[WEIGHTS] = bytes(length)
    with pytest.raises(ModelMissing, match="not the file that was announced"):
        fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert not (tmp_path / NAME).exists()
    hub.lie.clear()
    assert fetch(NAME, tmp_path, endpoint=hub.endpoint).is_dir()


def test_a_file_of_the_right_size_and_another_content_is_refused(hub, tmp_path):
    hub.lie[WEIGHTS] = bytes(len(hub.files[WEIGHTS]))
    with pytest.raises(ModelMissing, match="not the file that was announced, so it was thrown away"):
        fetch(NAME, tmp_path, endpoint=hub.endpoint)
    hub.lie.clear()
    assert (fetch(NAME, tmp_path, endpoint=hub.endpoint) / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_whole_model_is_not_fetched_twice(hub, tmp_path):
    fetch(NAME, tmp_path, endpoint=hub.endpoint)
    hub.requests.clear()
    fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert hub.requests == []


def test_a_model_that_lost_a_file_gets_only_that_one_back(hub, tmp_path):
    folder = fetch(NAME, tmp_path, endpoint=hub.endpoint)
    (folder / WEIGHTS).unlink()
    hub.requests.clear()
    fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert (folder / WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert len(hub.requests) == 1


def test_too_little_room_is_said_before_the_first_byte(hub, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _path: usage._replace(free=10_000))
    with pytest.raises(DiskFull, match=r"needs 0.0 GB more.*0.0 GB are free"):
        fetch(NAME, tmp_path, endpoint=hub.endpoint)
    assert not hub.asked_for(WEIGHTS)


def test_a_gated_repository_says_where_to_accept_its_terms(hub, tmp_path):
    hub.gated = True
    with pytest.raises(
        ModelMissing, match=f"is gated: accept its terms at https://huggingface.co/{FETCHABLE[NAME].repo}"
    ):
        fetch(NAME, tmp_path, endpoint=hub.endpoint)


def test_offline_mode_is_said_plainly(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelMissing, match="HF_HUB_OFFLINE is set"):
        fetch(NAME, tmp_path)


def test_no_network_is_said_plainly(tmp_path):
    with pytest.raises(ModelMissing, match="The hub cannot be reached"):
        fetch(NAME, tmp_path, endpoint="http://127.0.0.1:9")


def test_a_repository_without_safetensors_is_refused(hub, tmp_path):
    hub.files = {"pytorch_model.bin": b"\x80\x04", "config.json": b"{}"}
    with pytest.raises(ModelMissing, match="holds no safetensors weights"):
        fetch(NAME, tmp_path, endpoint=hub.endpoint)


def test_two_fetches_of_one_model_do_not_meet(hub, tmp_path):
    def again(_done, _total):
        with pytest.raises(InputError, match="is being fetched already"):
            fetch(NAME, tmp_path, endpoint=hub.endpoint)
        raise Cancelled("seen")

    with pytest.raises(Cancelled):
        fetch(NAME, tmp_path, again, endpoint=hub.endpoint)


def test_the_depth_network_is_fetched_by_its_name(hub, tmp_path):
    from pipelines.depth import DEPTH_MODEL, find_depth_model

    hub.files = {"config.json": b"{}", "model.safetensors": b"weights"}
    assert fetch(DEPTH_MODEL, tmp_path, endpoint=hub.endpoint) == find_depth_model(tmp_path)


def test_an_unknown_name_is_refused_with_the_names_there_are(tmp_path):
    with pytest.raises(InputError, match=r"'gpt' cannot be fetched. Choose one of wan2.1-vace-1.3b"):
        fetch("gpt", tmp_path)
