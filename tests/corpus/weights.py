"""Archives, and weights that are none, or do more than weights should."""

from __future__ import annotations

import io
import pickle
import stat
import zipfile
from pathlib import Path

import numpy as np

from tests.corpus.kinds import Place, Table, noise

WEIGHTS = Table("adapter")
row = WEIGHTS.row


def archive(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """A ZIP of those."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for info, data in entries:
            out.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _both(place: Place, name: str, data: bytes) -> list[Path]:
    """As what it is, and as what it is not."""
    return [place.write(f"{name}.zip", data), place.write(f"{name}.safetensors", data)]


@row("A01", "an archive that unfolds to a hundred megabytes", "refused", says="safetensors|damaged")
def _(place: Place) -> list[Path]:
    return _both(place, "bomb", archive((zipfile.ZipInfo("zeros"), bytes(100_000_000))))


@row("A02", "an archive whose entries leave the folder", "refused", says="safetensors|damaged", confined=True)
def _(place: Place) -> list[Path]:
    return _both(
        place, "slip", archive((zipfile.ZipInfo("../../slipped.txt"), b"x"), (zipfile.ZipInfo("/tmp/x"), b"x"))
    )


@row("A03", "an archive with a link to another file", "refused", says="safetensors|damaged", confined=True)
def _(place: Place) -> list[Path]:
    link = zipfile.ZipInfo("link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _both(place, "link", archive((link, str(place.canary).encode())))


class Opened:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.mark), "w")


@row("A04", "a pickle that runs code", "refused", says="safetensors|damaged")
def _(place: Place) -> list[Path]:
    code = pickle.dumps(Opened(place.folder / "opened"))
    inside = archive((zipfile.ZipInfo("archive/data.pkl"), code))
    return [place.write("old.pt", code), place.write("new.pth", inside), place.write("named.safetensors", inside)]


@row("A05", "weights whose header claims two gigabytes", "refused", says="damaged")
def _(place: Place) -> list[Path]:
    return [
        place.write("claims.safetensors", (2 << 30).to_bytes(8, "little") + b"{" + noise(400)),
        place.write("more.safetensors", b"\xff" * 8 + noise(400)),
    ]


@row(
    "A06", "weights that are no numbers", "refused", says="no numbers", late=True,
    why="its values are looked at when they are loaded, a gigabyte not at the door: the job ends with the sentence",
)  # fmt: skip
def _(place: Place) -> list[Path]:
    from safetensors.numpy import save_file

    paths = []
    for name, value in (("nan", np.nan), ("infinite", np.inf)):
        pair = {f"blocks.0.lora_{side}.weight": np.full((2, 2), value, np.float32) for side in ("A", "B")}
        save_file(pair, place.folder / f"{name}.safetensors")
        paths.append(place.folder / f"{name}.safetensors")
    return paths
