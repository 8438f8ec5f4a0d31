"""What comes back from a decoding child: small JSON, and arrays as the bytes they are. Nothing of it can run here.

A message is its length and a JSON list [kind, content]. An array follows it, or lies in memory that both ends see.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import socket
import struct
import time
from contextlib import suppress
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["ready", "value", "array", "refused", "broken", "end"]

_TYPES = ("uint8", "float32", "float64", "int64")
_LENGTH = struct.Struct(">I")
_LONGEST = 32 << 20  # bytes of JSON: the words and packets of a file, never its pictures
_LARGEST = 1 << 30  # bytes of an array; the largest picture has a quarter of that
_SMALL = 1 << 16  # bytes of an array that is sent; two copies by the kernel cost more from there on than two of ours
_PLACE = 1 << 28  # bytes; two of them are shared, one is filled while the other is read, and only what is used is held


class Silent(Exception):
    """The other end is gone, took too long, or said what is no message."""


def shared_memory() -> int:
    """A descriptor of memory for both ends of a line."""
    memory = os.memfd_create("septet")
    os.ftruncate(memory, 2 * _PLACE)
    return memory


class Line:
    """One end of the way between a child and its parent. `memory` is what `shared_memory` gave; it may be closed."""

    def __init__(self, sock: socket.socket, memory: int) -> None:
        self._sock = sock
        self._memory = mmap.mmap(memory, 2 * _PLACE)
        self._placed = 0

    def send(self, kind: Kind, content: Any = None) -> None:
        """One message; `content` is an array where `kind` is "array". Waits while both places are full."""
        if kind != "array":
            self._say([kind, content])
            return
        array = np.ascontiguousarray(content)
        described = [str(array.dtype), list(array.shape)]
        if not _SMALL < array.nbytes <= _PLACE:
            self._say([kind, described])
            if array.size:
                self._sock.sendall(array.data.cast("B"))
            return
        if self._placed >= 2:
            self._sock.recv(1)  # one of them was read
        place = self._placed % 2
        self._at(place, array.dtype, array.shape)[...] = array
        self._placed += 1
        self._say(["placed", [*described, place]])

    def receive(self, patience: float) -> tuple[str, Any]:
        """The next message, which has to be here whole within `patience` seconds. Raises Silent."""
        deadline = time.monotonic() + patience
        (length,) = _LENGTH.unpack(self._exactly(bytearray(_LENGTH.size), deadline))
        if length > _LONGEST:
            raise Silent("a message too long")
        try:
            kind, content = json.loads(self._exactly(bytearray(length), deadline))
            if kind == "placed":
                return "array", self._taken(*content)
            if kind != "array":
                return str(kind), content
            name, shape = content
            array = np.empty(*_checked(name, shape, _LARGEST))
        except (ValueError, TypeError, RecursionError) as error:
            raise Silent("no message") from error
        if array.size:
            self._exactly(array.data.cast("B"), deadline)
        return "array", array

    def close(self) -> None:
        self._sock.close()
        self._memory.close()

    def _say(self, message: list[Any]) -> None:
        said = json.dumps(message).encode()
        self._sock.sendall(_LENGTH.pack(len(said)) + said)

    def _taken(self, name: Any, shape: Any, place: Any) -> NDArray[Any]:
        """A copy of the array in that place, which may then be filled again."""
        if place not in (0, 1):
            raise ValueError(f"place {place}")
        sides, kind = _checked(name, shape, _PLACE)
        array = self._at(place, kind, sides).copy()
        with suppress(OSError):  # it was the last, and whoever sent it is gone
            self._sock.send(b".")
        return array

    def _at(self, place: int, kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        return np.frombuffer(self._memory, kind, math.prod(shape), place * _PLACE).reshape(shape)

    def _exactly(self, buffer: Any, deadline: float) -> Any:
        """The buffer, filled."""
        view, filled = memoryview(buffer), 0
        while filled < len(view):
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                got = self._sock.recv_into(view[filled:])
            except TimeoutError:
                raise Silent("nothing in time") from None
            except OSError as error:
                raise Silent("gone") from error
            if not got:
                raise Silent("gone")
            filled += got
        return buffer


def _checked(name: Any, shape: Any, most: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array as a child may send it. Raises ValueError, TypeError."""
    sides = tuple(int(side) for side in shape)
    if name not in _TYPES or min(sides, default=0) < 0 or math.prod(sides) * np.dtype(name).itemsize > most:
        raise ValueError(f"an array of {name} {shape}")
    return sides, np.dtype(name)
