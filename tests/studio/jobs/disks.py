"""Disks that are small enough to be filled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest

from studio.jobs import estimates, reserve


@contextmanager
def small_disk(where: Path) -> Iterator[Path]:
    """A disk of 24 MB of its own, of which the studio keeps half a megabyte free, with a ballast of 4 MB."""
    where.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(where)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk of its own can only be mounted by root on Linux")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reserve, "LEAST", 0)
            patch.setattr(reserve, "BALLAST", 4 << 20)
            patch.setattr(estimates, "LATENTS_BYTES", 1 << 20)
            yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


def fill_up(disk: Path) -> Path:
    """Take up every byte that is left, and return the file that does."""
    hog = disk / "hog"
    with hog.open("wb", buffering=0) as file:
        for block in (1 << 20, 1 << 12):
            while _writes(file, bytes(block)):
                pass
    return hog


def _writes(file: FileIO, block: bytes) -> bool:
    try:
        return file.write(block) == len(block)
    except OSError:
        return False
