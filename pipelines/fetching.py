"""Fetching a larger model into the data folder: pinned, resumable, safetensors and text only, verified.

Everything arrives in `models/.fetching/NAME` and moves to `models/NAME` in one step at the end: a model is on disk
whole or not at all. `septet-origin.json` beside the weights says where they came from and which revision; a
download that goes on later goes on with that revision. Nothing that could run code is fetched: no pickles, no Python.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.checkpoints import CATALOGUE, CatalogueEntry
from pipelines.depth import DEPTH_ENTRY
from pipelines.errors import DiskFull, InputError, ModelMissing
from pipelines.sam import SAM_ENTRY

ALLOWED = ("*.safetensors", "*.json", "*.txt", "*.model")
ORIGIN = "septet-origin.json"
SPARE = 512 * 2**20  # bytes left free on the disk, for the ledger and the clips
BLOCK = 8 * 2**20  # bytes hashed between two reports

OnBytes = Callable[[int, int], None]  # (done, total) bytes; may raise Cancelled, which keeps what has arrived

FETCHABLE: dict[str, CatalogueEntry] = {
    entry.name: entry for entry in (*CATALOGUE.values(), DEPTH_ENTRY, SAM_ENTRY) if entry.repo
}


@dataclass(frozen=True)
class RemoteFile:
    """One file of a listing; `sha256` is None where the hub gives none (small text files)."""

    path: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class Listing:
    """What would be fetched: from where, at which commit, which files."""

    repo: str
    revision: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(file.size for file in self.files)


def fetch(name: str, models_dir: Path, on_progress: OnBytes | None = None, *, endpoint: str | None = None) -> Path:
    """Bring a model of the catalogue, or a smaller network, to `models_dir/name`, and return that folder.

    Called again after an interruption it goes on where it stopped, at the same revision; called on a whole folder it
    returns at once. `endpoint` is another hub than huggingface.co.
    Raises InputError for an unknown name or a fetch already under way, DiskFull before filling the disk, ModelMissing
    when the hub cannot be reached, refuses, or sends something else than it announced.
    """
    entry = _entry(name)
    target, arriving = models_dir / name, models_dir / ".fetching" / name
    if target.is_dir() and _is_whole(target):
        return target
    arriving.mkdir(parents=True, exist_ok=True)
    with _only_one(entry, models_dir / ".fetching" / f"{name}.lock"), _plain_errors(entry):
        if target.is_dir():  # something was lost from it since: what is left is kept
            shutil.copytree(target, arriving, dirs_exist_ok=True, copy_function=shutil.move)
            shutil.rmtree(target)
        listing = _pinned(entry, arriving, endpoint)
        _check_room(entry, listing, arriving)
        done = 0
        for file in listing.files:
            report = _report(on_progress, done, listing.size)
            _fetch_file(listing, file, arriving / file.path, report, endpoint)
            done += file.size
            report(file.size)
        arriving.replace(target)
    return target


def list_remote(name: str, *, endpoint: str | None = None) -> Listing:
    """Ask the hub what `fetch(name)` would bring, and how large it is, without bringing it. Same errors."""
    entry = _entry(name)
    with _plain_errors(entry):
        return _list(entry, entry.revision or "main", endpoint)


def _entry(name: str) -> CatalogueEntry:
    if name not in FETCHABLE:
        raise InputError(f"{name!r} cannot be fetched. Choose one of {', '.join(FETCHABLE)}.")
    return FETCHABLE[name]


def _list(entry: CatalogueEntry, revision: str, endpoint: str | None) -> Listing:
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint).model_info(entry.repo, revision=revision, files_metadata=True)
    files = [
        RemoteFile(one.rfilename, int(one.size or 0), one.lfs.sha256 if one.lfs else None)
        for one in info.siblings or ()
        if _is_allowed(one.rfilename)
    ]
    if not info.sha or not any(file.path.endswith(".safetensors") for file in files):
        raise ModelMissing(
            f"{entry.title} cannot be fetched: {entry.repo} holds no safetensors weights, and Septet loads no others."
        )
    return Listing(entry.repo, info.sha, tuple(sorted(files, key=lambda file: (file.size, file.path))))


def _is_allowed(path: str) -> bool:
    parts = PurePosixPath(path).parts
    inside = not path.startswith("/") and "\\" not in path and ".." not in parts
    return inside and any(fnmatch(parts[-1], pattern) for pattern in ALLOWED) and parts[-1] != ORIGIN


def _pinned(entry: CatalogueEntry, arriving: Path, endpoint: str | None) -> Listing:
    """The listing this download began with, or a new one, written down before the first byte."""
    begun = _read_origin(arriving)
    if begun is not None and begun.repo == entry.repo:
        return begun
    listing = _list(entry, entry.revision or "main", endpoint)
    (arriving / ORIGIN).write_text(json.dumps(asdict(listing), indent=1), "utf-8")
    return listing


def _read_origin(folder: Path) -> Listing | None:
    try:
        origin: dict[str, Any] = json.loads((folder / ORIGIN).read_text("utf-8"))
        files = tuple(RemoteFile(**file) for file in origin["files"])
        return Listing(str(origin["repo"]), str(origin["revision"]), files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_whole(folder: Path) -> bool:
    """Whether every file is there at its size. A folder somebody put there by hand is theirs to vouch for."""
    origin = _read_origin(folder)
    return origin is None or all(_size(folder / file.path) == file.size for file in origin.files)


def _check_room(entry: CatalogueEntry, listing: Listing, arriving: Path) -> None:
    here = sum(max(_size(arriving / file.path), _size(_part(arriving / file.path)), 0) for file in listing.files)
    need, free = listing.size - here, shutil.disk_usage(arriving).free
    if need + SPARE > free:
        raise DiskFull(
            f"{entry.title} needs {need / 1e9:.1f} GB more, and {SPARE / 1e9:.1f} GB to spare; {free / 1e9:.1f} GB are "
            f"free in {arriving.parent.parent}. Make room, or start Septet with another --data folder."
        )


def _fetch_file(
    listing: Listing, file: RemoteFile, path: Path, report: Callable[[int], None], endpoint: str | None
) -> None:
    """Bring one file, from where its `.part` stopped, and give it its name only once it is what was announced."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    if _size(path) == file.size:
        return
    part = _part(path)
    part.parent.mkdir(parents=True, exist_ok=True)
    if _size(part) > file.size:
        part.unlink()
    begun = max(0, _size(part))
    report(begun)
    try:
        with part.open("ab") as stream:
            http_get(
                hf_hub_url(listing.repo, file.path, revision=listing.revision, endpoint=endpoint),
                stream,
                resume_size=begun,
                headers={**build_hf_headers(), "Accept-Encoding": "identity"},  # sizes must mean bytes on disk
                expected_size=file.size,
                displayed_filename=file.path,
                tqdm_class=_meter(report),
            )
    except OSError as error:
        if type(error) is not OSError or error.errno is not None:
            raise
        announced = False  # huggingface_hub's way to say that all was sent, and its size is wrong
    else:
        announced = _size(part) == file.size and file.sha256 in (None, _sha256(part, report))
    if not announced:
        part.unlink()
        raise ModelMissing(
            f"{file.path} of {listing.repo} is not the file that was announced, so it was thrown away. Fetch again."
        )
    part.replace(path)


def _meter(report: Callable[[int], None]) -> Any:
    """A progress bar for huggingface_hub that draws nothing and reports the bytes of one file."""
    from tqdm import tqdm

    class Meter(tqdm):  # type: ignore[type-arg]
        def __init__(self, *_args: Any, initial: int = 0, **_options: Any) -> None:
            super().__init__(disable=True)
            self._bytes = initial

        def update(self, n: float | None = 1) -> bool | None:
            self._bytes += int(n or 0)
            report(self._bytes)
            return None

    return Meter


def _report(on_progress: OnBytes | None, before: int, total: int) -> Callable[[int], None]:
    """Turns bytes of one file into bytes of the whole."""
    return lambda done: on_progress(before + done, total) if on_progress else None


def _sha256(path: Path, report: Callable[[int], None]) -> str:
    digest, size = hashlib.sha256(), _size(path)
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            report(size)  # a person may cancel while gigabytes are checked
    return digest.hexdigest()


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _size(path: Path) -> int:
    """Bytes of a file, -1 where there is none."""
    return path.stat().st_size if path.is_file() else -1


@contextmanager
def _only_one(entry: CatalogueEntry, lock: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout as error:
        raise InputError(f"{entry.title} is being fetched already. Wait for it, or cancel it first.") from error


@contextmanager
def _plain_errors(entry: CatalogueEntry) -> Iterator[None]:
    """What goes wrong between here and the hub, as sentences a person can act on."""
    from huggingface_hub import errors as hub

    kept = "What has arrived is kept; fetch again to go on."
    try:
        yield
    except hub.GatedRepoError as error:
        raise ModelMissing(
            f"{entry.repo} is gated: accept its terms at https://huggingface.co/{entry.repo}, log in with "
            "“hf auth login”, then fetch again."
        ) from error
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError) as error:
        raise ModelMissing(f"{entry.repo} is not on the hub, or not for everyone. Nothing was fetched.") from error
    except hub.HfHubHTTPError as error:
        status = error.response.status_code
        raise ModelMissing(f"The hub answered {status} for {entry.repo}. Try later. {kept}") from error
    except hub.OfflineModeIsEnabled as error:
        raise ModelMissing(
            f"{entry.title} cannot be fetched while HF_HUB_OFFLINE is set. Start Septet without it. {kept}"
        ) from error
    except (hub.HTTPError, ConnectionError) as error:  # type: ignore[attr-defined]
        raise ModelMissing(f"The hub cannot be reached for {entry.title}. Check the network. {kept}") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"The disk filled up while fetching {entry.title}. Make room. {kept}") from error
        raise
