"""What ties the worker's process to its parent's: commands through a pipe, death together, memory in use."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable

import psutil

WAKE = b"w"  # there is something in the queue
STOP = b"q"  # finish orderly: the running job goes back to its place

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however that happens. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def listen(pipe: int, on_byte: Callable[[bytes], None]) -> threading.Thread:
    """Hand each byte read from a descriptor to `on_byte`; once it is closed the parent is gone: end this process."""

    def loop() -> None:
        while byte := os.read(pipe, 1):  # not through sys.stdin, whose lock would outlive this thread
            on_byte(byte)
        os._exit(0)  # publishing is atomic, so nothing finished can be lost here

    thread = threading.Thread(target=loop, name="parent", daemon=True)
    thread.start()
    return thread


def give_back_memory() -> None:
    """Return freed memory to the system, where the C library keeps it (glibc); a worker lives for thousands of jobs."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def resident_bytes() -> int:
    """Memory this process holds, in bytes."""
    return int(psutil.Process().memory_info().rss)
