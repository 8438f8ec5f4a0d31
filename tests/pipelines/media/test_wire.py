"""What a child says arrives as it was meant; what it should not say is not believed."""

from __future__ import annotations

import json
import pickle
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pipelines.media import wire


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, its = socket.socketpair()
    with ours, its:
        yield ours, its


def said(content: Any) -> bytes:
    data = json.dumps(content).encode()
    return struct.pack(">I", len(data)) + data


@pytest.mark.parametrize("content", [None, 3, "a word", {"a": [1, 2.5, None]}])
def test_values_arrive_as_they_were_sent(line: tuple[socket.socket, socket.socket], content: Any) -> None:
    wire.send(line[1], "value", content)
    assert wire.receive(line[0], 1) == ("value", content)


@pytest.mark.parametrize("shape", [(3,), (2, 4, 5, 3), (2, 0)])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_arrays_arrive_as_they_were_sent(
    line: tuple[socket.socket, socket.socket], shape: tuple[int, ...], kind: str
) -> None:
    array = np.asarray(np.random.default_rng(0).integers(0, 200, shape), kind)
    wire.send(line[1], "array", array)
    name, got = wire.receive(line[0], 1)
    assert name == "array" and got.dtype == array.dtype and got.shape == shape and np.array_equal(got, array)


def test_an_array_that_does_not_lie_in_one_piece_arrives(line: tuple[socket.socket, socket.socket]) -> None:
    array = np.broadcast_to(np.arange(4, dtype=np.float32), (2, 4))[:, ::-1]
    wire.send(line[1], "array", array)
    assert np.array_equal(wire.receive(line[0], 1)[1], array)


@pytest.mark.parametrize(
    "content",
    [
        ["array", ["object", [4]]],
        ["array", ["uint8", [1 << 40]]],
        ["array", ["uint8", [1 << 20, 1 << 20, 1 << 20, 1 << 20]]],
        ["array", ["uint8", [-1, -4]]],
        ["array", ["uint8", "four"]],
        ["array", 5],
        "ready",
        {},
        ["value"],
    ],
)
def test_what_is_no_message_is_refused(line: tuple[socket.socket, socket.socket], content: Any) -> None:
    line[1].sendall(said(content))
    with pytest.raises(wire.Silent):
        wire.receive(line[0], 1)


@pytest.mark.parametrize(
    "data", [pickle.dumps(print), b"\xff\xff\xff\xff", struct.pack(">I", 4) + b"\xff{[1", said([["["] * 9] * 9)[:-3]]
)
def test_neither_pickles_nor_rubbish_nor_half_a_message_are_taken(
    line: tuple[socket.socket, socket.socket], data: bytes
) -> None:
    line[1].sendall(data)
    line[1].shutdown(socket.SHUT_WR)
    with pytest.raises(wire.Silent):
        wire.receive(line[0], 1)


def test_deeply_nested_words_are_refused(line: tuple[socket.socket, socket.socket]) -> None:
    data = b"[" * 100_000
    line[1].sendall(struct.pack(">I", len(data)) + data)
    with pytest.raises(wire.Silent):
        wire.receive(line[0], 1)


def test_a_message_has_to_be_whole_in_time_however_slowly_it_drips(
    line: tuple[socket.socket, socket.socket],
) -> None:
    over = threading.Event()

    def drip() -> None:
        for byte in said(["value", "x" * 200]):
            if over.wait(0.05):
                return
            line[1].sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    begin = time.monotonic()
    with pytest.raises(wire.Silent, match="time"):
        wire.receive(line[0], 0.5)
    assert time.monotonic() - begin < 3
    over.set()
    thread.join()
