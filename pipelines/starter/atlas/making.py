"""From packages to the file of things: fetch, see each thing from all around, keep; may be stopped and gone on with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from pipelines.starter.atlas import sources
from pipelines.starter.atlas.catalogue import PEOPLE, Entry
from pipelines.starter.atlas.forms import made
from pipelines.starter.atlas.keeping import encoded, keep
from pipelines.starter.atlas.painted import Painted, relief
from pipelines.starter.atlas.sources import Furniture, Licence, Pictures
from pipelines.starter.atlas.views import turntable

OWN = Licence("made for this world", "Septet", "Apache-2.0")
LARGEST = 12_000_000  # bytes
FILE = "world.zip"
_AROUND_QUALITY = 88


class Workshop:
    """Opens things of all three sources; packages are fetched when first asked for."""

    def __init__(self, downloads: Path) -> None:
        self.downloads = downloads
        self._furniture: Furniture | None = None
        self._pictures: Pictures | None = None

    def open(self, entry: Entry) -> tuple[Painted, Licence]:
        """The mesh of a thing, and whose it is."""
        if entry.source == "form":
            return made(entry.where), OWN
        if entry.source == "picture":
            self._pictures = self._pictures or Pictures(sources.EMOJI.fetch(self.downloads))
            picture, licence = self._pictures.read(entry.where)
            return relief(picture, entry.thickness), licence
        self._furniture = self._furniture or Furniture(sources.FURNITURE.fetch(self.downloads))
        return self._furniture.read(entry.where)


def make_part(entry: Entry, folder: Path, workshop: Workshop) -> None:
    """One thing's files in a folder, unless they are there."""
    if (folder / f"{entry.name}.json").exists():
        return
    mesh, licence = workshop.open(entry)
    files = encoded(entry.name, entry.subject, entry.facing, entry.subject in PEOPLE, turntable(mesh), licence)
    for name, data in sorted(files.items(), reverse=True):  # the facts last: they say that the rest is there
        (folder / name).write_bytes(data)
    print(f"{entry.name}: {sum(map(len, files.values())) / 1000:.0f} kB", flush=True)


def make_world(entries: Sequence[Entry], folder: Path, jobs: int = 1) -> Path:
    """The file of all things and surroundings, made in a folder with as many processes as `jobs`.

    Raises MediaError where a package is not the one that is meant.
    """
    parts, downloads = folder / "parts", folder / "downloads"
    parts.mkdir(parents=True, exist_ok=True)
    for package in {sources.FURNITURE, sources.EMOJI, sources.SURROUNDINGS}:
        package.fetch(downloads)
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(partial(make_part, folder=parts, workshop=Workshop(downloads)), entries))
    files = {
        path.name: path.read_bytes()
        for entry in entries
        for path in parts.glob(f"{entry.name}.*")
        if path.suffix != ".tmp"
    }
    for name, picture in sources.surroundings(sources.SURROUNDINGS.fetch(downloads)).items():
        data = io.BytesIO()
        Image.fromarray(picture).save(data, "WEBP", quality=_AROUND_QUALITY, method=5)
        files[f"around/{name}.webp"] = data.getvalue()
    keep(files.items(), folder / FILE)
    return folder / FILE
