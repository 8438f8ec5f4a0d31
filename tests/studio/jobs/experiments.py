"""What is done to a studio at work, and what must come of it. Each takes a bench and chance, which says when and where.

C4 (`systemctl restart` under load) needs systemd as the first process, and real device faults and real exhaustion of
a GPU's memory (C10, part of C9) need a GPU: here both are injected where the libraries would raise them.
C11, a tab that is closed or offline: jobs are the ledger's, and tests/browser/test_making.py reloads half-way.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from random import Random

import pytest

from pipelines.errors import StudioError
from studio.jobs.desk import JobDesk
from studio.jobs.recovery import Recovery
from studio.jobs.restoring import restore
from studio.person import LOCAL
from tests.studio.jobs.bench import ANN, Bench
from tests.studio.jobs.fakes import PictureRequest
from tests.studio.jobs.invariants import workers_of
from tests.studio.jobs.test_desk import picture
from tests.studio.jobs.traps import LOADER, PLACES, PUBLISHING, STAGES, TRAPPED

Experiment = Callable[[Bench, Random], None]
EXPERIMENTS: dict[str, Experiment] = {}
OUT = PLACES.index("published")  # from this place on the clip is at its public name


def experiment(what: Experiment) -> Experiment:
    EXPERIMENTS[what.__name__] = what
    return what


@experiment
def c1_the_worker_is_killed_anywhere(bench: Bench, chance: Random) -> None:
    kill_at(bench, chance.choice(("load", *PLACES)))


def kill_at(bench: Bench, place: str) -> None:
    bench.set_trap(place, "kill")
    bench.start()
    if place == "load":
        bench.kill_worker()
    names = bench.submit(2) + bench.submit(1, ANN)
    assert bench.ends(names) == ["done"] * 3
    assert bench.snapped()
    attempts = sorted(bench.job(name).attempt for name in names)
    assert attempts == [1, 1, 1] if place == "load" or PLACES.index(place) >= OUT else attempts[2] <= 2
    bench.check()


@experiment
def c1_the_worker_is_killed_at_any_instant(bench: Bench, chance: Random) -> None:
    bench.start()
    names = bench.submit(3)
    bench.some_instant(chance)
    bench.kill_worker()
    assert bench.ends(names) == ["done"] * 3
    bench.check()


@experiment
def c2_the_web_process_is_killed(bench: Bench, chance: Random) -> None:
    _web_is_killed(bench, chance, worker_first=False)


@experiment
def c3_both_processes_are_killed(bench: Bench, chance: Random) -> None:
    _web_is_killed(bench, chance, worker_first=True)


def _web_is_killed(bench: Bench, chance: Random, *, worker_first: bool) -> None:
    bench.stop()
    bench.start_web()
    names = bench.submit(3)
    bench.some_instant(chance)
    if worker_first:
        bench.kill_worker()
    bench.kill_web()
    bench.until(lambda: not workers_of(bench.folder))
    bench.start()
    assert bench.ends(names) == ["done"] * 3
    assert max(bench.job(name).crashes for name in names) <= worker_first  # nobody's fault but the killer's
    bench.check()


@experiment
def c5_a_frozen_worker_is_replaced(bench: Bench, chance: Random) -> None:
    bench.set_trap(chance.choice(PLACES), "stop")
    bench.start()
    names = bench.submit(2)
    assert bench.ends(names) == ["done"] * 2
    assert bench.snapped()
    bench.check()


@experiment
def c5_a_worker_that_wakes_up_after_its_lease_publishes_nothing(bench: Bench, chance: Random) -> None:
    bench.start()
    bench.set_trap(chance.choice(PLACES[: OUT - 1]), "stop")
    (name,) = bench.submit()
    bench.until(bench.snapped)
    recovery = Recovery(bench.desk._ledger)
    recovery.interrupt(crashed=True)
    bench.desk.cancel(LOCAL, name)
    bench.kill_worker(signal.SIGCONT)
    (after,) = bench.submit()
    assert bench.ends([name, after]) == ["cancelled", "done"]
    assert bench.desk.clip(LOCAL, name) is None
    bench.check()


@experiment
def c5_a_hung_worker_is_replaced(bench: Bench, chance: Random) -> None:
    bench.set_trap(chance.choice(STAGES), "hang")
    bench.start()
    names = bench.submit(2)
    assert bench.ends(names) == ["done"] * 2
    assert bench.snapped()
    bench.check()


@experiment
def c6_the_disk_fills_up(bench: Bench, chance: Random) -> None:
    fill_at(bench, chance.choice(PLACES))


def fill_at(bench: Bench, place: str) -> None:
    """Needs a bench on a small disk of its own."""
    bench.start()
    bench.until(lambda: bench.folder.ballast.exists())
    bench.set_trap(place, "full")
    (name,) = bench.submit()
    job = bench.end(name)
    assert bench.snapped()
    bench.until(lambda: (bench.folder.root / "hog").exists())
    assert job.state == "done" or job.error_code == "disk_full", (job.error_code, job.error)
    assert job.state == "done" or "Make room" in job.error or "Free some room" in job.error
    (bench.folder.root / "hog").unlink()
    again = bench.desk.retry(LOCAL, name)
    bench.accepted.append(again.id)
    assert bench.end(again.id).state == "done"
    bench.check()


@experiment
def c7_the_disk_reports_an_error(bench: Bench, chance: Random) -> None:
    _fails_once(bench, chance.choice((*STAGES, *PUBLISHING[: OUT - 6])), "broken-disk", "studio", "written")


@experiment
def c7_the_folder_of_clips_cannot_be_written(bench: Bench, _chance: Random) -> None:
    bench.start()
    bench.ends(bench.submit())
    jobs = str(bench.folder.jobs)
    try:
        subprocess.run(["mount", "--bind", jobs, jobs], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a folder can only be mounted read-only by root on Linux")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", jobs], check=True)
        (name,) = bench.submit()
        job = bench.end(name)
        assert (job.state, job.error_code) == ("failed", "studio"), job.error
        assert "Read-only file system" in job.error and "retry" in job.error
    finally:
        subprocess.run(["umount", "--lazy", jobs], check=True)
    again = bench.desk.retry(LOCAL, name)
    bench.accepted.append(again.id)
    assert bench.end(again.id).state == "done"
    bench.check()


@experiment
def c8_the_encoder_fails(bench: Bench, _chance: Random) -> None:
    _fails_once(bench, "write", "encoder", "internal", "went wrong")


def _fails_once(bench: Bench, place: str, accident: str, code: str, words: str) -> None:
    bench.start()
    bench.set_trap(place, accident)
    bad, good = bench.submit(2)
    assert bench.ends([bad, good]) == ["failed", "done"]
    job = bench.job(bad)
    assert job.error_code == code and words in job.error, (job.error_code, job.error)
    assert not list(bench.folder.job(bad).rglob("*.mp4*"))
    bench.check()


@experiment
def c9_memory_runs_out(bench: Bench, chance: Random) -> None:
    bench.start()
    bench.set_trap(chance.choice(STAGES), "oom")
    names = bench.submit(2)
    worker = {process.pid for process in workers_of(bench.folder)}
    assert bench.ends(names) == ["done"] * 2
    assert bench.snapped()
    assert [bench.job(name).attempt for name in names] == [1, 1]
    assert not worker or worker == {process.pid for process in workers_of(bench.folder)}
    bench.check()


@experiment
def c10_the_device_is_lost(bench: Bench, chance: Random) -> None:
    bench.start()
    bench.set_trap(chance.choice(STAGES), "device")
    names = bench.submit(2)
    assert bench.ends(names) == ["done"] * 2
    assert [(bench.job(name).attempt, bench.job(name).crashes) for name in names] == [(2, 1), (1, 0)]
    bench.check()


@experiment
def c11_whoever_asked_is_gone(bench: Bench, chance: Random) -> None:
    bench.start()
    with JobDesk(bench.folder, bench.model, pipelines=TRAPPED, loader=LOADER) as page:
        bench.desk, own = page, bench.desk
        names = bench.submit(2)
        bench.desk = own
        time.sleep(chance.uniform(0, 0.5))
    assert bench.ends(names) == ["done"] * 2
    bench.check()


@experiment
def c12_a_job_is_cancelled_anywhere(bench: Bench, chance: Random) -> None:
    place = chance.choice(PLACES)
    bench.start()
    bench.set_trap(place, "pause")
    name, after = bench.submit(2)
    bench.until(bench.snapped)
    bench.desk.cancel(LOCAL, name)
    job = bench.end(name, 20)
    # while it publishes it is no longer asked: then the clip is whole, and may be deleted
    assert job.state == ("cancelled" if place in ("claimed", *STAGES) else "done"), (place, job.state)
    assert bench.end(after).state == "done"
    bench.check()


@experiment
def c13_files_are_deleted_meanwhile(bench: Bench, chance: Random) -> None:
    bench.stop()
    request = PictureRequest(prompt="with a picture", image=picture(bench.root / "a.png", chance.randrange(256)))
    lost = bench.desk.submit(LOCAL, request)
    bench.accepted.append(lost.id)
    for path in bench.folder.inputs.iterdir():
        path.unlink()
    bench.start()
    job = bench.end(lost.id)
    assert (job.state, job.error_code) == ("failed", "bad_media")
    assert "a.png" in job.error and "Give them again" in job.error
    bench.desk.delete(LOCAL, lost.id)
    bench.accepted.remove(lost.id)
    bench.set_trap(chance.choice(STAGES), "pause")
    name, after = bench.submit(2)
    bench.until(bench.snapped)
    shutil.rmtree(bench.folder.job(name))
    assert bench.end(name).state == "failed"
    assert bench.end(after).state == "done"
    bench.check()


@experiment
def c14_the_clock_is_set(bench: Bench, chance: Random) -> None:
    bench.start()
    names = bench.submit(2)
    bench.some_instant(chance, 0.3)
    shift, real = chance.choice((-3600, 3600)), time.time
    with pytest.MonkeyPatch.context() as patch:  # for the studio; its worker goes on with the old time
        patch.setattr(time, "time", lambda: real() + shift)
        names += bench.submit()
        assert bench.ends(names) == ["done"] * 3
    assert [bench.job(name).attempt for name in names] == [1] * 3
    bench.check()


@experiment
def c15_a_page_of_the_ledger_is_damaged(bench: Bench, chance: Random) -> None:
    bench.start()
    bench.ends(bench.submit(2))
    bench.until(lambda: bool(bench.folder.ledger_copies()))
    bench.ends(bench.submit(2, ANN))
    bench.stop()
    bench.desk.close()
    content = bytearray(bench.folder.ledger.read_bytes())
    pages = len(content) // 4096
    for page in {1, chance.randrange(1, pages)}:
        content[page * 4096 : page * 4096 + 200] = chance.randbytes(200)
    bench.folder.ledger.write_bytes(content)
    with pytest.raises(StudioError, match=r"damaged.*jobs restore"):
        JobDesk(bench.folder, bench.model, pipelines=TRAPPED, loader=LOADER).start()
    restored = restore(bench.folder)
    assert restored.copy is not None
    for path in restored.unknown:  # what failed or was cancelled since the copy
        assert not (path / "clip.mp4").exists()
        shutil.rmtree(path)
    bench.desk = bench._desk()
    bench.start()
    bench.accepted = [job.id for job in bench.desk.jobs(LOCAL, 1000, everybodys=True)]
    clips = {path.parent.name for path in bench.folder.jobs.glob("*/clip.mp4")}
    assert clips <= set(bench.accepted)
    assert len(bench.desk.jobs(ANN)) >= 2
    bench.ends(bench.accepted + bench.submit())
    bench.check()


@experiment
def c16_a_second_server_is_refused_until_the_first_is_gone(bench: Bench, chance: Random) -> None:
    bench.stop()
    bench.start_web()
    names = bench.submit(2)
    bench.some_instant(chance)
    with pytest.raises(StudioError, match="already running"):
        bench.desk.start()
    bench.kill_web()
    bench.start()
    assert bench.ends(names) == ["done"] * 2
    bench.check()
