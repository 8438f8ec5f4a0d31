"""What a decoding child cannot do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.media import confined
from tests.media_samples import make_video, moving_square, tone
from tests.pipelines.media import hostile
from tests.pipelines.media.children import in_process

pytestmark = pytest.mark.skipif(not confined.decodes_apart(), reason="decoding in a child needs Linux")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return make_video(tmp_path / "sample.mp4", moving_square(12), sound=tone(0.5))


@pytest.fixture(scope="module")
def protections() -> tuple[str, ...]:
    return confined.confinement()


def needs(protections: tuple[str, ...], protection: str) -> None:
    if protection not in protections:
        pytest.skip(f"this kernel does not keep a child from {protection}")


def test_a_linux_machine_of_a_usual_kind_has_every_protection(protections: tuple[str, ...]) -> None:
    assert "limits" in protections
    if os.uname().machine in ("x86_64", "aarch64"):
        assert {"network", "files", "calls"} <= set(protections)


@pytest.mark.parametrize("what", ["open", "write", "remove"])
def test_a_child_opens_makes_and_removes_no_file(tmp_path: Path, protections: tuple[str, ...], what: str) -> None:
    needs(protections, "files")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    assert hostile.tried(what, str(secret)) == "PermissionError"
    assert hostile.tried(what, str(tmp_path / "new.txt")) == "PermissionError"
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"] and secret.read_text() == "secret"


@pytest.mark.parametrize(
    ("what", "given"), [("look", "/"), ("list", "/"), ("run", sys.executable), ("become", sys.executable), ("fork", "")]
)
def test_a_child_sees_no_folder_and_starts_no_program(protections: tuple[str, ...], what: str, given: str) -> None:
    needs(protections, "calls")
    assert hostile.tried(what, given) == "PermissionError"


def test_a_child_ends_nobody(protections: tuple[str, ...]) -> None:
    needs(protections, "calls")
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert hostile.tried("kill", str(victim.pid)) == "PermissionError"
    victim.kill()
    assert victim.wait() == -9


def test_a_child_reaches_no_port_of_this_machine(protections: tuple[str, ...]) -> None:
    needs(protections, "network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert hostile.tried("connect", port) in ("PermissionError", "OSError")
        with in_process():
            assert hostile.tried("connect", port) == "connected"


def test_a_child_may_start_threads() -> None:
    assert hostile.tried("thread", "") == "1 thread"


def test_a_child_holds_its_file_its_line_and_no_other_descriptor(sample: Path) -> None:
    with read_descriptor_of_ours():
        assert len(hostile.tried("descriptors", "200").split(",")) == 4  # three times nothing, and the line


@contextmanager
def read_descriptor_of_ours() -> Iterator[None]:
    """A child more, so that the nursery holds a life and a line that are not the next child's."""
    stream = hostile.without_end(Path(__file__))
    next(stream)
    yield
    stream.close()


def test_a_child_knows_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEPTET_SECRET", "a token")
    confined._NURSERY.close()  # the next begins with this environment
    assert hostile.tried("secret", "SEPTET_SECRET") == "None"


def test_a_child_is_given_a_descriptor_and_no_path(tmp_path: Path) -> None:
    path = tmp_path / "private" / "holiday.mp4"
    path.parent.mkdir()
    path.write_bytes(b"\1\2\3\4\5")
    assert hostile.first_bytes(path) == [1, 2, 3, 4]
    assert hostile.name_of(path) == "0/holiday.mp4"


def test_the_nursery_never_loads_torch() -> None:
    assert hostile.tried("modules", "av") == "True"
    assert hostile.tried("modules", "torch") == "False"


# each wall alone: two stand behind each other, so that one may fall


@pytest.mark.parametrize(
    ("wall", "then"),
    [
        ("_lock_files", "open('/etc/passwd')"),
        ("_lock_files", "open('/tmp/septet-test', 'w')"),
        ("_refuse_calls", "open('/etc/passwd')"),
        ("_refuse_calls", "socket.socket()"),
    ],
)
def test_a_wall_holds_by_itself(wall: str, then: str) -> None:
    code = f"""
import os, socket
from pipelines.media import confinement
confinement._control(38, 1)  # PR_SET_NO_NEW_PRIVS
if not confinement.{wall}():
    os._exit(3)
try:
    {then}
except PermissionError:
    os._exit(4)
"""
    status = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode
    if status == 3:
        pytest.skip(f"this kernel cannot do what {wall} asks")
    assert status == 4


def test_without_a_network_a_local_port_is_out_of_reach() -> None:
    code = """
import socket, sys
from pipelines.media import confinement
print(confinement.leave_network())
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
    print("connected")
except OSError:
    print("out of reach")
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = subprocess.run(
            [sys.executable, "-c", code, port], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
    if said[0] == "False":
        pytest.skip("this kernel gives nobody a network of their own")
    assert said[1] == "out of reach"
