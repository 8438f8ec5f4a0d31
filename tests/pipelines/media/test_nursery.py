"""How a decoding child ends: whatever happens in it is a file that cannot be read, and nothing is left of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipelines.errors import MediaError
from pipelines.media import confined
from pipelines.media.read import read_image, read_video
from tests.media_samples import make_video, moving_square, tone
from tests.pipelines.media import hostile
from tests.pipelines.media.children import children, nurseries, open_descriptors, soon

pytestmark = pytest.mark.skipif(not confined.decodes_apart(), reason="decoding in a child needs Linux")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return make_video(tmp_path / "sample.mp4", moving_square(12), sound=tone(0.5))


def frames_of(path: Path) -> int:
    return sum(len(chunk) for chunk in read_video(path).chunks)


@pytest.mark.parametrize("how", ["null pointer", "abort", "leaves", "too much memory", "a bug"])
def test_a_child_that_ends_badly_is_a_file_that_cannot_be_read_and_the_next_can(sample: Path, how: str) -> None:
    with pytest.raises(MediaError, match=r"sample\.mp4 cannot be read: its decoder"):
        hostile.ends(sample, how)
    assert frames_of(sample) == 12


def test_what_went_wrong_in_a_child_is_in_the_traceback_not_in_the_message(sample: Path) -> None:
    with pytest.raises(MediaError) as caught:
        hostile.ends(sample, "a bug")
    assert "KeyError" not in str(caught.value)
    assert any("KeyError" in note for note in caught.value.__notes__)


def test_a_refusal_is_no_longer_than_a_person_would_read(sample: Path) -> None:
    with pytest.raises(MediaError) as caught:
        hostile.ends(sample, "many words")
    assert len(str(caught.value)) == 1000


def test_an_answer_of_another_kind_than_promised_is_refused(sample: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        hostile.lies(sample)


@pytest.mark.parametrize("busy", [True, False])
def test_a_child_that_never_answers_is_ended(sample: Path, monkeypatch: pytest.MonkeyPatch, busy: bool) -> None:
    monkeypatch.setattr(confined, "PATIENCE_FOR_PICTURES", 0.5)
    stream = hostile.for_ever(sample, busy)
    assert len(next(stream)) == 3
    with pytest.raises(MediaError, match="took too long"):
        next(stream)
    assert soon(lambda: not children())


def test_nobody_is_hurried_who_takes_answers_slowly(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = hostile.without_end(sample)
    next(stream)
    monkeypatch.setattr(confined, "PATIENCE_FOR_PICTURES", 0.5)
    with_little = hostile.without_end(sample)
    next(with_little)
    time.sleep(1.0)
    assert len(next(with_little)) == len(next(stream)) == 1 << 20
    stream.close()
    with_little.close()


def test_a_child_that_nobody_waits_for_runs_out_of_processor_time(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "LONGEST_READING", 1)
    stream = hostile.for_ever(sample, True)
    next(stream)
    assert soon(lambda: all(child.status() == psutil.STATUS_ZOMBIE for child in children()))
    with pytest.raises(MediaError, match="stopped"):
        next(stream)


def test_a_stream_closed_early_leaves_no_child_and_no_descriptor(sample: Path) -> None:
    frames_of(sample)
    before = open_descriptors()
    for _ in range(3):
        stream = read_video(sample, size=(640, 480))
        next(stream.chunks)
        assert len(children()) == 1
        stream.chunks.close()  # type: ignore[attr-defined]
        assert soon(lambda: not children())
    hostile_stream = hostile.without_end(sample)
    next(hostile_stream)
    del hostile_stream
    assert soon(lambda: not children())
    assert open_descriptors() == before


def test_errors_leave_no_child_and_no_descriptor(sample: Path) -> None:
    frames_of(sample)
    before = open_descriptors()
    for how in ("leaves", "a bug"):
        with pytest.raises(MediaError):
            hostile.ends(sample, how)
    with pytest.raises(MediaError):
        read_image(sample.parent / "missing.png")
    assert soon(lambda: not children())
    assert open_descriptors() == before


def test_a_nursery_that_was_killed_is_replaced(sample: Path) -> None:
    frames_of(sample)
    stream = hostile.without_end(sample)
    next(stream)
    (first,) = nurseries()
    assert soon(lambda: len(children()) == 1)  # the one before may still be on its way out
    (child,) = children()
    first.kill()
    with pytest.raises(MediaError, match="stopped"):
        list(stream)
    assert soon(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert frames_of(sample) == 12
    (second,) = nurseries()
    assert second.pid != first.pid


def test_the_nursery_ends_with_the_program_that_needed_it(sample: Path) -> None:
    code = f"""
import os, psutil
from pathlib import Path
from tests.pipelines.media import hostile
stream = hostile.without_end(Path({str(sample)!r}))
next(stream)
print([process.pid for process in psutil.Process().children(recursive=True)], flush=True)
os.kill(os.getpid(), 9)
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    family = eval(said.stdout)
    assert len(family) == 2
    assert soon(lambda: not any(psutil.pid_exists(pid) and _runs(pid) for pid in family))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_many_threads_read_at_once(sample: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: frames_of(sample), range(24))) == [12] * 24
