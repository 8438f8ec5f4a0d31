"""Room on the disk that no job may use up: a floor under what is free, and a ballast to let go when all is full."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

LEAST, MOST = 1 << 30, 10 << 30  # bytes; the floor is 2 % of the disk, between these
BALLAST = 64 << 20  # bytes; thousands of commits
_BLOCK = 1 << 20


def floor(folder: Path) -> int:
    """Bytes of the disk under `folder` that stay free: for the ledger, and for everybody else on this disk."""
    return max(LEAST, min(MOST, shutil.disk_usage(folder).total // 50))


class Ballast:
    """A file that only takes up room. Without it the ledger of a full disk could not even say that it is full."""

    def __init__(self, path: Path, size: int | None = None) -> None:
        self._path = path
        self._size = BALLAST if size is None else size

    def release(self) -> bool:
        """Let go of it; whether there was any. Safe to ask for from several processes."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def fill(self) -> bool:
        """Take up the room, if it is not taken already and the disk has plenty; whether it is taken now."""
        if self._path.exists():
            return True
        if shutil.disk_usage(self._path.parent).free < floor(self._path.parent) + self._size:
            return False
        partial = self._path.with_name(f".{self._path.name}.partial")
        try:
            with partial.open("wb") as file:
                _take(file.fileno(), self._size)
            partial.replace(self._path)
        except OSError:  # somebody else was faster: the next look tries again
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            return False
        return True


def _take(file: int, size: int) -> None:
    """Have the file take up this many bytes in fact and not in name only."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    for _ in range(size // _BLOCK):
        os.write(file, bytes(_BLOCK))
