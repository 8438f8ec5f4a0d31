"""The input store: once per content, never a path from outside, nothing half-written."""

import hashlib
from pathlib import Path

import pytest

from pipelines.errors import MediaError
from studio.jobs.inputs import InputStore, sha256_of


@pytest.fixture
def store(tmp_path: Path) -> InputStore:
    (tmp_path / "inputs").mkdir()
    return InputStore(tmp_path / "inputs")


def test_the_same_content_is_kept_once_under_its_hash(store: InputStore, tmp_path: Path) -> None:
    for name in ("a.PNG", "b.png"):
        (tmp_path / name).write_bytes(b"picture")
    first = store.add(tmp_path / "a.PNG")
    kept_since = store.path(first.file).stat()
    second = store.add(tmp_path / "b.png")
    assert store.path(first.file).stat() == kept_since  # not written again
    assert first.file == second.file == f"{hashlib.sha256(b'picture').hexdigest()}.png"
    assert (first.name, second.name) == ("a.PNG", "b.png")
    assert store.files() == [first.file]
    assert sha256_of(store.path(first.file)) == first.sha256
    assert store.find(first.sha256) == store.path(first.file)


def test_editing_the_original_does_not_touch_the_kept_one(store: InputStore, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"before")
    stored = store.add(tmp_path / "a.png")
    with (tmp_path / "a.png").open("r+b") as original:
        original.write(b"after!")
    assert store.path(stored.file).read_bytes() == b"before"


@pytest.mark.parametrize("name", ["no extension", "a.", "a.t/../x", "x.verylongextension", "…ünï.pñg", "-rf"])
def test_any_name_becomes_a_plain_one(store: InputStore, tmp_path: Path, name: str) -> None:
    path = tmp_path / name.replace("/", "_")
    path.write_bytes(b"x")
    stored = store.add(path)
    assert store.path(stored.file).parent == store.folder


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "", "a.png", "f" * 64, f"{'f' * 64}.png/../x"])
def test_what_is_no_stored_name_is_not_looked_for(store: InputStore, name: str) -> None:
    assert store.path(name) is None
    assert store.find(name) is None
    store.remove([name])


def test_a_file_that_cannot_be_read_leaves_nothing(store: InputStore, tmp_path: Path) -> None:
    for path in (tmp_path / "gone.png", tmp_path):
        with pytest.raises(MediaError, match="cannot be read"):
            store.add(path)
    assert list(store.folder.iterdir()) == []


def test_the_extension_of_weights_is_kept_whole(store: InputStore, tmp_path: Path) -> None:
    given = tmp_path / "look.safetensors"
    given.write_bytes(b"weights")
    assert store.path(store.add(given).file) == store.folder / f"{store.add(given).sha256}.safetensors"
