"""Readers of other people's files, each run in a process of its own that can do nothing else.

`confined` and `confined_stream` stand before the functions that decode. Called, such a function opens the files it was
given as paths, hands their descriptors to a child of the nursery (nursery.py), and passes on what that answers. The
child knows a file by a number and the name that a message may show, and has given up everything else (confinement.py).
Where there is no Linux, the function runs right here.
"""

from __future__ import annotations

import atexit
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import TypeAdapter, ValidationError

from pipelines.errors import MediaError, StudioError
from pipelines.media import wire
from pipelines.media.container import is_decoding_child, open_bytes, shown_name

_P = ParamSpec("_P")
_T = TypeVar("_T")

PATIENCE = 60.0  # seconds somebody waits for an answer before the child is ended
PATIENCE_FOR_PICTURES = 600.0  # a part late in a long file is decoded up to from the last key frame before it
LONGEST_READING = 86_400  # seconds of processor time; ten minutes of large high dynamic range video take hours
_LONGEST_REFUSAL = 1000  # characters
_ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "LANG", "LC_ALL")  # of the environment; it has secrets
# one thread, because it forks; and few heaps, because their address space counts against a child's memory
_ADDED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True)
class Errand:
    """What a child is to do: a confined function by its name, its arguments with files as what the child calls them."""

    module: str
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    files: tuple[Path, ...]
    cpu_seconds: int


def confined(read: Callable[_P, _T]) -> Callable[_P, _T]:
    """`read`, run in a decoding child. Its arguments that are Paths are the files it reads.

    Raises the MediaError that `read` raises, and one of its own where the child ends, runs into a limit or is too slow.
    """

    @wraps(read)
    def reading(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if not decodes_apart():
            return read(*args, **kwargs)
        cpu = int(PATIENCE) * (os.cpu_count() or 1)
        with closing(_answers(read, args, kwargs, PATIENCE, cpu)) as answers:
            answer: _T = next(answers)
        return answer

    return reading


def confined_stream(read: Callable[_P, Iterator[_T]]) -> Callable[_P, Generator[_T, None, None]]:
    """The same for a generator. It works one answer ahead; closed early, the child is ended."""

    @wraps(read)
    def reading(*args: _P.args, **kwargs: _P.kwargs) -> Generator[_T, None, None]:
        if decodes_apart():
            yield from _answers(read, args, kwargs, PATIENCE_FOR_PICTURES, LONGEST_READING)
        else:
            yield from read(*args, **kwargs)

    return reading


def decodes_apart() -> bool:
    """Whether files are decoded in a child rather than here. In a child they are decoded right there."""
    return sys.platform == "linux" and not is_decoding_child()


def confinement() -> tuple[str, ...]:
    """Which of confinement.PROTECTIONS a decoding child has on this machine, as the child itself says.

    Raises StudioError where no child can be had.
    """
    if not decodes_apart():
        return ()
    try:
        with _child(Errand(__name__, confinement.__name__, (), {}, (), 1), ()) as child:
            return child.protections
    except (wire.Silent, OSError) as error:
        raise StudioError(f"No process to decode files in can be started: {error}.") from error


def get_ready() -> None:
    """Start what the children come from, which the first of them otherwise waits for."""
    if decodes_apart():
        _NURSERY.start()


@cache
def answer_type(read: Callable[..., Any]) -> TypeAdapter[Any] | None:
    """What checks and carries an answer of a confined function, from its annotation; None for an array."""
    hint = get_type_hints(read, include_extras=True)["return"]
    if issubclass(get_origin(hint) or object, Iterator):
        (hint, *_) = get_args(hint)
    return None if get_origin(hint) is np.ndarray else TypeAdapter(hint)


def _answers(
    read: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], patience: float, cpu_seconds: int
) -> Generator[Any, None, None]:
    """What `read` returns or yields, in a child."""
    with ExitStack() as opened:
        files: list[BinaryIO] = []
        names: list[Path] = []

        def known(value: Any) -> Any:
            if not isinstance(value, Path):
                return value
            files.append(opened.enter_context(open_bytes(value)))
            names.append(Path(str(len(names)), shown_name(value)))
            return names[-1]

        args, kwargs = tuple(map(known, args)), {key: known(value) for key, value in kwargs.items()}
        errand = Errand(read.__module__, read.__qualname__, args, kwargs, tuple(names), cpu_seconds)
        try:
            with _child(errand, files) as child:
                opened.close()
                yield from child.answers(answer_type(read), patience)
        except (wire.Silent, ValidationError) as error:
            failed = MediaError(
                f"{' or '.join(name.name for name in names)} cannot be read: its decoder stopped, ran out of memory or "
                "took too long. Export it again, or choose another file."
            )
            failed.add_note(str(error))
            raise failed from error


@dataclass(frozen=True)
class _Child:
    """A decoding child, as it is seen from here."""

    line: wire.Line
    protections: tuple[str, ...]

    def answers(self, kind: TypeAdapter[Any] | None, patience: float) -> Iterator[Any]:
        """Raises MediaError in the child's words, wire.Silent, ValidationError."""
        while True:
            said, content = self.line.receive(patience)
            if said == "end":
                return
            if said == "refused":
                raise MediaError(str(content)[:_LONGEST_REFUSAL])
            if said != ("array" if kind is None else "value"):
                raise wire.Silent(str(content))  # in tears, with its traceback
            yield content if kind is None else kind.validate_python(content)


@contextmanager
def _child(errand: Errand, files: Sequence[BinaryIO]) -> Iterator[_Child]:
    """A child at work on the errand; it is ended on the way out. Raises wire.Silent."""
    with ExitStack() as ours:
        line, protections = _begun(errand, files, ours)
        if protections is None:  # it was killed together with the nursery; a new nursery may do better
            ours.close()
            line, protections = _begun(errand, files, ours)
        if protections is None:
            raise wire.Silent("gone before it began")
        yield _Child(line, tuple(map(str, protections)))


def _begun(errand: Errand, files: Sequence[BinaryIO], ours: ExitStack) -> tuple[wire.Line, list[Any] | None]:
    """The line to a child, and what it says it is protected by; None where it ended before it could."""
    line, life = _NURSERY.send(errand, files)
    ours.callback(os.close, life)
    ours.callback(line.close)
    try:
        said, content = line.receive(PATIENCE)
    except wire.Silent:
        return line, None
    if said != "ready":
        raise wire.Silent(str(content))
    return line, content


class _Nursery:
    """The process that forks the children: started when one is needed, and again when it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def send(self, errand: Errand, files: Sequence[BinaryIO]) -> tuple[wire.Line, int]:
        """Have a child born for the errand: the line to it, and a descriptor that keeps it alive while it is open."""
        data = pickle.dumps(errand)
        with ExitStack() as ours, ExitStack() as its:
            memory = wire.shared_memory()
            its.callback(os.close, memory)
            sock, its_sock = socket.socketpair()
            its.enter_context(its_sock)
            line = wire.Line(sock, memory)
            ours.callback(line.close)
            its_life, life = os.pipe()
            its.callback(os.close, its_life)
            ours.callback(os.close, life)
            descriptors = [its_sock.fileno(), memory, its_life, *(file.fileno() for file in files)]
            with self._lock:
                try:
                    self._tell(data, descriptors)
                except OSError:  # it died; once more with a new one
                    self._end()
                    self._tell(data, descriptors)
            ours.pop_all()
        return line, life

    def start(self) -> None:
        """Have it ready before the first errand."""
        with self._lock:
            if self._control is None:
                self._start()

    def _tell(self, data: bytes, descriptors: list[int]) -> None:
        if self._control is None:
            self._start()
        control = cast(socket.socket, self._control)
        socket.send_fds(control, [len(data).to_bytes(4, "big")], descriptors)
        control.sendall(data)

    def _start(self) -> None:
        control, its_control = socket.socketpair()
        with its_control:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipelines.media.nursery", str(its_control.fileno())],
                pass_fds=[its_control.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ADDED,
                start_new_session=True,  # Ctrl-C is for the studio
            )
        self._control = control

    def _end(self) -> None:
        """It ends, and its children with it, when nobody can tell it anything any more."""
        if self._control is not None and self._process is not None:
            self._control.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._process.kill()
            self._process.wait()
        self._control = self._process = None

    def close(self) -> None:
        """End the nursery; the next errand starts another."""
        with self._lock:
            self._end()


_NURSERY = _Nursery()
atexit.register(_NURSERY.close)
