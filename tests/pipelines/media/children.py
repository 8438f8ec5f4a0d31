"""What the tests of decoding children share: reading here instead, and who is alive."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from pipelines.media import confined


@contextmanager
def in_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(confined, "decodes_apart", lambda: False)
        yield


def children() -> list[psutil.Process]:
    """Decoding children at work, wherever they hang."""
    return [child for nursery in nurseries() for child in nursery.children()]


def nurseries() -> list[psutil.Process]:
    return [process for process in psutil.Process().children() if "pipelines.media.nursery" in process.cmdline()]


def soon(what: Callable[[], object]) -> bool:
    """Whether it becomes true within a few seconds."""
    deadline = time.monotonic() + 10
    while not what() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(what())


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
