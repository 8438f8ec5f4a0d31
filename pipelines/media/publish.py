"""A file appears whole or not at all, and once it has its name it is on the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import DiskFull
from pipelines.media.container import shown_name

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """The path `<name>.part` beside `path` to write to; it takes the name when the block ends well.

    A failure leaves nothing behind, and an older file of that name as it was. Raises DiskFull.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        _flush(part)
        os.replace(part, path)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(
                f"The disk is full: {shown_name(path)} could not be written. Free some room and retry."
            ) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def _flush(part: Path) -> None:
    """Everything on the disk before the name is given away."""
    descriptor = os.open(part, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
