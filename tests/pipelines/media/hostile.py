"""What a damaged file might make a decoder do, as readers that do it without one. A child loads this by its name."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import MediaError
from pipelines.media.confined import confined, confined_stream


@confined
def tried(what: str, given: str) -> str:
    """What came of it: the answer, or the name of the error."""
    try:
        return str(_TRIES[what](given))
    except OSError as error:
        return type(error).__name__


@confined
def first_bytes(path: Path) -> list[int]:
    """Through the descriptor that was handed over, and nothing else."""
    from pipelines.media.container import open_bytes

    with open_bytes(path) as file:
        return list(file.read(4))


@confined
def name_of(path: Path) -> str:
    """What a child knows a file by."""
    return str(path)


@confined
def ends(path: Path, how: str) -> int:
    """It does not come back."""
    if how == "null pointer":
        ctypes.string_at(0)
    elif how == "abort":
        os.abort()
    elif how == "leaves":
        os._exit(0)
    elif how == "too much memory":
        return len(np.ones(8 << 30, np.uint8))
    elif how == "many words":
        raise MediaError("x" * 1_000_000)
    elif how == "a bug":
        raise KeyError(path.name)
    return 0


@confined
def lies(path: Path) -> int:
    """An answer that is not what the function promises."""
    return "not a number"  # type: ignore[return-value]


@confined_stream
def for_ever(path: Path, busy: bool) -> Iterator[NDArray[np.uint8]]:
    """One answer, then nothing any more."""
    yield np.zeros(3, np.uint8)
    while True:
        if not busy:
            time.sleep(0.1)


@confined_stream
def without_end(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Megabytes, as long as somebody takes them."""
    while True:
        yield np.zeros(1 << 20, np.uint8)


def _connected(port: str) -> str:
    with socket.socket() as line:
        line.connect(("127.0.0.1", int(port)))
        return "connected"


def _raw_thread_count(_given: str) -> str:
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(1))
    thread.start()
    thread.join()
    return f"{len(done)} thread"


_TRIES: dict[str, Callable[[str], object]] = {
    "open": lambda path: os.open(path, os.O_RDONLY),
    "write": lambda path: os.open(path, os.O_WRONLY | os.O_CREAT),
    "look": lambda path: os.stat(path),
    "list": lambda path: os.listdir(path),
    "remove": lambda path: os.remove(path),
    "connect": _connected,
    "run": lambda program: subprocess.run([program], check=False),
    "become": lambda program: os.execv(program, [program]),
    "fork": lambda _given: os.fork(),
    "kill": lambda process: os.kill(int(process), signal.SIGKILL),
    "descriptors": lambda most: [number for number in range(int(most)) if _is_open(number)],
    "secret": lambda name: os.environ.get(name),
    "thread": _raw_thread_count,
    "modules": lambda name: name in sys.modules,
}


def _is_open(descriptor: int) -> bool:
    """Asked by reading nothing from it: what is not open says so."""
    try:
        os.preadv(descriptor, [bytearray(0)], 0)
    except OSError as error:
        return error.errno != 9  # EBADF
    return True
