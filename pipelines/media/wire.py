"""What comes back from a decoding child: small JSON, and arrays as the bytes they are. Nothing of it can run here.

A message is its length, a JSON list [kind, content], and after an array's the array itself.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["ready", "value", "array", "refused", "broken", "end"]

_TYPES = ("uint8", "float32")
_LENGTH = struct.Struct(">I")
_LONGEST = 32 << 20  # bytes of JSON: the words and packets of a file, never its pictures
_LARGEST = 1 << 30  # bytes of an array; the largest picture has a quarter of that


class Silent(Exception):
    """The child ended, took too long, or said what is no message."""


def send(sock: socket.socket, kind: Kind, content: Any = None) -> None:
    """One message; an array where `kind` is "array"."""
    if kind != "array":
        said = json.dumps([kind, content]).encode()
        sock.sendall(_LENGTH.pack(len(said)) + said)
        return
    array = np.ascontiguousarray(content)
    said = json.dumps([kind, [str(array.dtype), list(array.shape)]]).encode()
    sock.sendall(_LENGTH.pack(len(said)) + said)
    if array.size:
        sock.sendall(array.data.cast("B"))


def receive(sock: socket.socket, patience: float) -> tuple[str, Any]:
    """The next message, which has to be here whole within `patience` seconds. Raises Silent."""
    deadline = time.monotonic() + patience
    (length,) = _LENGTH.unpack(_exactly(sock, bytearray(_LENGTH.size), deadline))
    if length > _LONGEST:
        raise Silent("a message too long")
    try:
        kind, content = json.loads(_exactly(sock, bytearray(length), deadline))
        if kind != "array":
            return str(kind), content
        name, shape = content
        array = _empty(str(name), [int(side) for side in shape])
    except (ValueError, TypeError, RecursionError) as error:
        raise Silent("no message") from error
    if array.size:
        _exactly(sock, array.data.cast("B"), deadline)
    return "array", array


def _empty(name: str, shape: list[int]) -> NDArray[Any]:
    if name not in _TYPES or min(shape, default=0) < 0 or math.prod(shape) * np.dtype(name).itemsize > _LARGEST:
        raise ValueError(f"an array of {name} {shape}")
    return np.empty(shape, name)


def _exactly(sock: socket.socket, buffer: Any, deadline: float) -> Any:
    """The buffer, filled."""
    view, filled = memoryview(buffer), 0
    while filled < len(view):
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            got = sock.recv_into(view[filled:])
        except TimeoutError:
            raise Silent("nothing in time") from None
        except OSError as error:
            raise Silent("gone") from error
        if not got:
            raise Silent("gone")
        filled += got
    return buffer
