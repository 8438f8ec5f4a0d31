"""Where decoding children are born: `python -m pipelines.media.nursery`, a process that loads the decoders once.

It has one thread, looks at no file, and forks a child for each errand it is sent (confined.py), so that a child costs
milliseconds and begins clean. A child ends when its errand is done, or when whoever sent it closes the child's life.
"""

from __future__ import annotations

import gc
import os
import pickle
import pkgutil
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import av
from PIL import Image

from pipelines.errors import MediaError
from pipelines.media import wire
from pipelines.media.confined import Errand, answer_type
from pipelines.media.confinement import confine, leave_network
from pipelines.media.container import hand_over

_MOST_DESCRIPTORS = 16


def serve(control: socket.socket) -> None:
    """Fork a child for each errand until the other end is closed; then end those that are left."""
    offline = leave_network()
    _load_everything()
    gc.freeze()  # a child that collects its garbage need not copy ours
    children: dict[int, int] = {}  # the process that lives as long as a descriptor is not hung up
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != control.fileno():
                poll.unregister(descriptor)
                os.close(descriptor)
                _bury(children.pop(descriptor))
                continue
            sent = _next(control)
            if sent is None:
                for child in children.values():
                    _bury(child)
                return
            (line, memory, life, *files), errand = sent
            child = _born(line, memory, files, errand, offline)
            for handed_on in (line, memory, *files):
                os.close(handed_on)
            children[life] = child
            poll.register(life, 0)  # it is only ever hung up


def _load_everything() -> None:
    """What a decoder would load when it meets a kind of file: a child can load nothing any more."""
    packed = [found.name for found in pkgutil.walk_packages(av.__path__, "av.") if found.name != "av.__main__"]
    for name in [*packed, "pipelines.media.audio", "pipelines.media.masks", "pipelines.media.read"]:
        import_module(name)
    Image.init()


def _next(control: socket.socket) -> tuple[list[int], Errand] | None:
    """The descriptors of line, memory, life and files, and the errand; None when there will be no more."""
    head, descriptors, _, _ = socket.recv_fds(control, 4, _MOST_DESCRIPTORS)
    if len(head) < 4:
        return None
    data = control.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
    return descriptors, pickle.loads(data)  # from our own parent


def _bury(child: int) -> None:
    """The child, ended if it still runs, and no zombie."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _born(line: int, memory: int, files: Sequence[int], errand: Errand, offline: bool) -> int:
    """A new child at work; its process."""
    read = getattr(import_module(errand.module), errand.name)
    if hasattr(read, "__wrapped__"):
        answer_type(read.__wrapped__)  # made here once, rather than in each child
    child = os.fork()
    if child == 0:
        try:
            _live(read, line, memory, files, errand, offline)
        finally:
            os._exit(0)
    return child


def _live(
    read: Callable[..., Any], line: int, memory: int, files: Sequence[int], errand: Errand, offline: bool
) -> None:
    """Give everything up, do the errand, say what came of it."""
    os.dup2(0, 2)  # decoders complain about files there, by what is in them
    out = wire.Line(socket.socket(fileno=line), memory)
    _keep_only({0, 1, 2, line, *files})
    try:
        hand_over(dict(zip(errand.files, files, strict=True)))
        out.send("ready", confine(errand.cpu_seconds, offline=offline))
        for answer in _answers(read, errand):
            out.send(*answer)
        out.send("end")
    except BrokenPipeError:
        pass  # who asked has enough
    except MediaError as error:
        out.send("refused", str(error))
    except Exception:  # noqa: BLE001  whatever a decoder makes of a damaged file ends here and is told
        out.send("broken", traceback.format_exc())


def _answers(read: Callable[..., Any], errand: Errand) -> Iterator[tuple[wire.Kind, Any]]:
    answer = read(*errand.args, **errand.kwargs)
    adapter = answer_type(getattr(read, "__wrapped__"))  # noqa: B009
    for each in answer if isinstance(answer, Iterator) else [answer]:
        yield ("array", each) if adapter is None else ("value", adapter.dump_python(each, mode="json"))


def _keep_only(kept: set[int]) -> None:
    """Close every other descriptor; one of them is another child's life, one the way to our parent."""
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor not in kept:
            with suppress(OSError):  # what the folder was listed through is closed
                os.close(descriptor)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
