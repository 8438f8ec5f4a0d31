"""The file all things are kept in: two small pictures and a few facts for each, and whose they are."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import MediaError
from pipelines.starter.atlas.sources import Licence
from pipelines.starter.atlas.tones import tint_mask
from pipelines.starter.atlas.views import Turntable

ACROSS = 4  # views side by side in a picture
QUALITY = 82
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Facts:
    """What is known of a thing beside its pictures.

    subject   the word it stands for
    facing    degrees its front lies from the first view's viewer, to that viewer's right
    rect      left, right, bottom and top of its views, its longest side being 1
    relief    how far it reaches to the front and back
    tone      how light (0..1) the part that takes on a colour is; `flat` its own mean colour
    """

    name: str
    subject: str
    facing: float
    rect: tuple[float, float, float, float]
    relief: float
    tone: float
    flat: tuple[float, float, float]
    views: int
    licence: Licence


@dataclass(frozen=True, eq=False)
class Thing:
    """`texels` (views, H, W, 8) uint8: red, green, blue, alpha, depth, light, the share that takes on a colour, 0."""

    facts: Facts
    texels: NDArray[np.uint8]


def encoded(
    name: str, subject: str, facing: float, people: bool, table: Turntable, licence: Licence
) -> dict[str, bytes]:
    """The files of one thing by their names."""
    colour, alpha, depth, light = (
        np.stack([getattr(view, k) for view in table.views]) for k in ("colour", "alpha", "depth", "light")
    )
    firm = alpha > 0.5
    share = np.zeros_like(alpha)
    share.reshape(-1)[:] = _spread_mask(colour, firm, people)
    relief = float(np.abs(depth[firm]).max()) + 1e-3
    chosen = firm & (share > 0.5)
    tone = float((colour[chosen] @ np.array(_LUMA)).mean()) if chosen.any() else 0.5
    flat = colour[firm].mean(axis=0)
    facts = Facts(
        name, subject, facing, (table.left, table.right, table.bottom, table.top), relief, round(max(tone, 0.08), 4),
        (float(flat[0]), float(flat[1]), float(flat[2])), len(table.views), licence,
    )  # fmt: skip
    rgba = np.concatenate([colour, alpha[..., None]], axis=-1)
    maps = [depth / relief * 0.5 + 0.5, light / 1.275, share]
    return {
        f"{name}.json": json.dumps(asdict(facts)).encode(),
        f"{name}.webp": _webp(_sheet(rgba)),
        f"{name}.maps.webp": _webp(np.concatenate([_sheet(plane) for plane in maps])),
    }


def _spread_mask(colour: NDArray[np.float32], firm: NDArray[np.bool_], people: bool) -> NDArray[np.float32]:
    """The share of every pixel of all views, judged by those that are firmly the thing's."""
    every = colour.reshape(-1, 3)
    weights = np.zeros(len(every), np.float32)
    inside = np.flatnonzero(firm.reshape(-1))
    weights[inside] = tint_mask(every[inside], people)
    rim = cv2.dilate(weights.reshape(-1, firm.shape[2]), np.ones((3, 3), np.uint8)).reshape(-1)
    return np.where(firm.reshape(-1), weights, rim)


def _sheet(pictures: NDArray) -> NDArray[np.uint8]:
    """(n, H, W, ...) in 0..1 as one picture of rows of `ACROSS`."""
    rows = [np.concatenate(list(pictures[i : i + ACROSS]), axis=1) for i in range(0, len(pictures), ACROSS)]
    return np.asarray(np.clip(np.rint(np.concatenate(rows) * 255), 0, 255), np.uint8)


def _cells(sheet: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    height, width = sheet.shape[0] // (count // ACROSS), sheet.shape[1] // ACROSS
    cells = sheet.reshape(count // ACROSS, height, ACROSS, width, -1).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(cells).reshape(count, height, width, -1)


def _webp(picture: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "WEBP", quality=QUALITY, alpha_quality=90, method=5, exact=True)
    return data.getvalue()


def keep(files: Iterable[tuple[str, bytes]], path: Path) -> None:
    """Write the file whole, or not at all."""
    part = path.with_suffix(".tmp")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), data)
    part.rename(path)


def things(path: Path) -> list[Thing]:
    """Everything in the file, in the order of names. Raises MediaError where there is none."""
    if not path.exists():
        raise MediaError(f"There are no pictures of things at {path}. Make them with “make world”.")
    with zipfile.ZipFile(path) as archive:
        names = sorted(name.removesuffix(".json") for name in archive.namelist() if name.endswith(".json"))
        return [_thing(archive, name) for name in names]


def _thing(archive: zipfile.ZipFile, name: str) -> Thing:
    told: dict[str, Any] = json.loads(archive.read(f"{name}.json"))
    told |= {"licence": Licence(**told["licence"]), "rect": tuple(told["rect"]), "flat": tuple(told["flat"])}
    facts = Facts(**told)
    colour = _cells(np.asarray(_opened(archive, f"{name}.webp").convert("RGBA")), facts.views)
    maps = np.asarray(_opened(archive, f"{name}.maps.webp").convert("L"))
    planes = [_cells(part, facts.views) for part in np.split(maps, 3)]
    return Thing(facts, np.concatenate([colour, *planes, np.zeros_like(planes[0])], axis=-1))


def _opened(archive: zipfile.ZipFile, name: str) -> Image.Image:
    return Image.open(io.BytesIO(archive.read(name)))


def panoramas(path: Path) -> dict[str, NDArray[np.uint8]]:
    """The surroundings in the file, (H, W, 3) uint8 by name."""
    with zipfile.ZipFile(path) as archive:
        return {
            Path(name).stem: np.asarray(_opened(archive, name).convert("RGB"))
            for name in archive.namelist()
            if name.startswith("around/")
        }
