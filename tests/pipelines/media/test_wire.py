"""What a child says arrives as it was meant; what it should not say is not believed."""

from __future__ import annotations

import json
import os
import pickle
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pipelines.media import wire


@dataclass(frozen=True)
class Ends:
    """A line, and the socket through which its other end speaks."""

    ours: wire.Line
    its: wire.Line
    its_sock: socket.socket


@pytest.fixture
def line() -> Iterator[Ends]:
    sock, its_sock = socket.socketpair()
    memory = wire.shared_memory()
    ends = Ends(wire.Line(sock, memory), wire.Line(its_sock, memory), its_sock)
    os.close(memory)
    yield ends
    ends.ours.close()
    ends.its.close()


def said(content: Any) -> bytes:
    data = json.dumps(content).encode()
    return struct.pack(">I", len(data)) + data


@pytest.mark.parametrize("content", [None, 3, "a word", {"a": [1, 2.5, None]}])
def test_values_arrive_as_they_were_sent(line: Ends, content: Any) -> None:
    line.its.send("value", content)
    assert line.ours.receive(1) == ("value", content)


@pytest.mark.parametrize("shape", [(3,), (2, 4, 5, 3), (2, 0), (3, 400, 100)])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_arrays_arrive_as_they_were_sent(line: Ends, shape: tuple[int, ...], kind: str) -> None:
    array = np.asarray(np.random.default_rng(0).integers(0, 200, shape), kind)
    line.its.send("array", array)
    name, got = line.ours.receive(1)
    assert name == "array" and got.dtype == array.dtype and got.shape == shape and np.array_equal(got, array)


def test_an_array_that_does_not_lie_in_one_piece_arrives(line: Ends) -> None:
    array = np.broadcast_to(np.arange(4, dtype=np.float32), (2, 4))[:, ::-1]
    line.its.send("array", array)
    assert np.array_equal(line.ours.receive(1)[1], array)


def test_large_arrays_follow_each_other_through_the_same_two_places(line: Ends) -> None:
    def speak() -> None:
        for level in range(7):
            line.its.send("array", np.full(1 << 17, level, np.uint8))

    thread = threading.Thread(target=speak)
    thread.start()
    got = [line.ours.receive(5)[1] for _ in range(7)]
    thread.join()
    assert [(array.min(), array.max(), len(array)) for array in got] == [(n, n, 1 << 17) for n in range(7)]


def test_who_sends_large_arrays_waits_until_one_of_two_is_read(line: Ends) -> None:
    sent: list[int] = []

    def speak() -> None:
        for level in range(4):
            line.its.send("array", np.full(1 << 17, level, np.uint8))
            sent.append(level)

    thread = threading.Thread(target=speak)
    thread.start()
    time.sleep(0.3)
    assert len(sent) == 2
    for _ in range(4):
        line.ours.receive(5)
    thread.join()


@pytest.mark.parametrize(
    "content",
    [
        ["array", ["object", [4]]],
        ["array", ["uint8", [1 << 40]]],
        ["array", ["uint8", [1 << 20, 1 << 20, 1 << 20, 1 << 20]]],
        ["array", ["uint8", [-1, -4]]],
        ["array", ["uint8", "four"]],
        ["array", 5],
        ["placed", ["object", [4], 0]],
        ["placed", ["uint8", [4], 2]],
        ["placed", ["uint8", [4], -1]],
        ["placed", ["uint8", [1 << 29], 1]],
        ["placed", ["uint8", [4]]],
        "ready",
        {},
        ["value"],
    ],
)
def test_what_is_no_message_is_refused(line: Ends, content: Any) -> None:
    line.its_sock.sendall(said(content))
    with pytest.raises(wire.Silent):
        line.ours.receive(1)


@pytest.mark.parametrize(
    "data", [pickle.dumps(print), b"\xff\xff\xff\xff", struct.pack(">I", 4) + b"\xff{[1", said([["["] * 9] * 9)[:-3]]
)
def test_neither_pickles_nor_rubbish_nor_half_a_message_are_taken(line: Ends, data: bytes) -> None:
    line.its_sock.sendall(data)
    line.its_sock.shutdown(socket.SHUT_WR)
    with pytest.raises(wire.Silent):
        line.ours.receive(1)


def test_deeply_nested_words_are_refused(line: Ends) -> None:
    data = b"[" * 100_000
    line.its_sock.sendall(struct.pack(">I", len(data)) + data)
    with pytest.raises(wire.Silent):
        line.ours.receive(1)


def test_a_message_has_to_be_whole_in_time_however_slowly_it_drips(
    line: Ends,
) -> None:
    over = threading.Event()

    def drip() -> None:
        for byte in said(["value", "x" * 200]):
            if over.wait(0.05):
                return
            line.its_sock.sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    begin = time.monotonic()
    with pytest.raises(wire.Silent, match="time"):
        line.ours.receive(0.5)
    assert time.monotonic() - begin < 3
    over.set()
    thread.join()
