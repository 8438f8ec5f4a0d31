"""Where things come from: packages of 3D models, pictures and surroundings, whose licences let pictures of them be used
and passed on; fetched by the machine's own package clients, and checked."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import MediaError
from pipelines.starter.atlas.painted import Painted, Picture, read_wavefront


@dataclass(frozen=True)
class Package:
    """An archive by the command that fetches it into the current folder, its file's name and that file's sha256."""

    command: tuple[str, ...]
    file: str
    sha256: str

    def fetch(self, folder: Path) -> Path:
        """The archive in a folder, fetched if it is not there. Raises MediaError if it is not the one that is meant."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.file
        if not path.exists():
            subprocess.run(self.command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise MediaError(f"{self.file} has the sha256 {found}, not {self.sha256}. Remove it, and fetch it again.")
        return path


FURNITURE = Package(
    ("apt-get", "download", "-q", "sweethome3d-furniture"),
    "sweethome3d-furniture_1.8-1_all.deb",
    "3ccb90c63f9525e887a767b9cd5c8b6933b8b6b2973a615a5359ee68a2118668",
)
EMOJI = Package(
    ("npm", "pack", "--silent", "@lobehub/fluent-emoji-3d@1.1.0"),
    "lobehub-fluent-emoji-3d-1.1.0.tgz",
    "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
)
SURROUNDINGS = Package(
    ("npm", "pack", "--silent", "@pmndrs/assets@1.7.0"),
    "pmndrs-assets-1.7.0.tgz",
    "152bd218a3390703f184f0c6ce16e73c8f0a87f32d38530d418a09d33d8208dc",
)


@dataclass(frozen=True)
class Licence:
    """Who made a thing, and under which terms; what an attribution has to say."""

    title: str
    creator: str
    terms: str


class Furniture:
    """The 3D models of Sweet Home 3D's Debian package: folders named "library/model"."""

    TERMS = {"BlendSwap-CC-0": "CC0 1.0"}  # noqa: RUF012
    OTHERWISE = "CC BY 3.0"

    def __init__(self, deb: Path) -> None:
        self.deb = deb

    @cached_property
    def _libraries(self) -> dict[str, zipfile.ZipFile]:
        unpacked = subprocess.run(("dpkg-deb", "--fsys-tarfile", self.deb), stdout=subprocess.PIPE, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as files:
            return {
                PurePosixPath(member.name).stem: zipfile.ZipFile(io.BytesIO(data.read()))
                for member in files
                if member.name.endswith(".sh3f") and (data := files.extractfile(member))
            }

    def read(self, name: str) -> tuple[Painted, Licence]:
        """A model, and whose it is. Raises KeyError for a model that is not there."""
        library, _, folder = name.partition("/")
        archive = self._libraries[library]
        obj_name = next(n for n in archive.namelist() if f"/{folder}/" in f"/{n}" and n.endswith(".obj"))
        base = PurePosixPath(obj_name).parent
        obj = archive.read(obj_name)
        found = re.search(rb"(?m)^mtllib[ \t]+(.+?)\s*$", obj)
        mtl = archive.read(f"{base}/{found[1].decode('latin-1')}") if found else b""

        def picture(of: str) -> Picture | None:
            path = f"{base}/{of}"
            return _rgba(archive.read(path)) if path in archive.namelist() else None

        return read_wavefront(obj, mtl, picture), self._licence(library, obj_name)

    def _licence(self, library: str, obj_name: str) -> Licence:
        told = self._libraries[library].read("PluginFurnitureCatalog.properties").decode("latin-1")
        number = re.search(rf"(?m)^model#(\d+)=/?{re.escape(obj_name)}\s*$", told)
        facts = dict(re.findall(rf"(?m)^(name|creator)#{number[1] if number else ''}=(.*?)\s*$", told))
        return Licence(facts["name"], facts.get("creator", library), self.TERMS.get(library, self.OTHERWISE))


class Pictures:
    """The pictures of the emoji package, by their code points."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive

    @cached_property
    def _files(self) -> dict[str, bytes]:
        with tarfile.open(self.archive) as files:
            return {
                PurePosixPath(member.name).stem: data.read()
                for member in files
                if member.name.endswith(".webp") and (data := files.extractfile(member))
            }

    def read(self, name: str) -> tuple[Picture, Licence]:
        """(H, W, 4) RGBA, and whose it is. Raises KeyError for a name that is not there."""
        return _rgba(self._files[name]), Licence(f"Fluent Emoji {name}", "Microsoft", "MIT")


@lru_cache(maxsize=1)
def surroundings(archive: Path) -> dict[str, NDArray[np.uint8]]:
    """All places all around a camera, (256, 512, 3) uint8 RGB as a photograph would show them. CC0, Poly Haven."""
    found = {}
    with tarfile.open(archive) as files:
        for member in files:
            if not member.name.endswith(".exr.js") or not (data := files.extractfile(member)):
                continue
            text = re.search(r"base64,([A-Za-z0-9+/=]+)", data.read().decode("ascii"))
            if text:
                found[PurePosixPath(member.name).name.split(".")[0]] = _exposed(_exr(base64.b64decode(text[1])))
    return found


def _exr(data: bytes) -> NDArray[np.float32]:
    """(H, W, 3) linear RGB of an EXR file of half floats; OpenCV as it is built here reads none."""
    decoder = av.CodecContext.create("exr", "r")
    frame = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][0]
    green, blue, red = (
        np.frombuffer(bytes(plane), np.float16).reshape(frame.height, -1)[:, : frame.width] for plane in frame.planes
    )
    light = np.stack([red, green, blue], axis=-1).astype(np.float32)
    broken = (light < -1).any(axis=-1, keepdims=True)  # a few blocks around the sun are past what the decoder can do
    return np.where(broken, np.float32(50), np.maximum(light, 0))


def _exposed(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Light as a picture: the middle of the lower sky and ground at middle grey, lights rolled off."""
    middle = float(np.median(linear[linear.shape[0] // 4 :].mean(axis=-1)))
    light = linear * (0.24 / max(middle, 1e-4))
    rolled = light * (1 + light / 16) / (1 + light)
    return np.asarray(np.clip(np.rint(255 * np.clip(rolled * 1.25, 0, 1) ** (1 / 2.2)), 0, 255), np.uint8)


def _rgba(data: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
