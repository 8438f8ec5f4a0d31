"""Processes are killed, disks fill, jobs misbehave: nothing that was finished or promised is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from studio.jobs.desk import JobDesk
from studio.jobs.job import Job
from studio.person import LOCAL
from tests.studio.jobs.fakes import LOADER, PlainRequest

LONG = 20.0  # seconds; nothing here takes that long unless it is broken


def until(fact: Callable[[], object], seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def submit(desk: JobDesk, *prompts: str) -> list[Job]:
    return [desk.submit(LOCAL, PlainRequest(prompt=prompt)) for prompt in prompts]


def log(desk: JobDesk) -> list[str]:
    return (desk.folder.root / "log").read_text().splitlines()


def test_bad_jobs_fail_each_with_its_own_sentence_and_the_next_one_runs(shared_desk: JobDesk) -> None:
    bad = submit(shared_desk, "fail", "bug", "oom", "full")
    (good,) = submit(shared_desk, "good")
    assert shared_desk.wait(LOCAL, good.id, LONG).state == "done"
    ends = [shared_desk.job(LOCAL, job.id) for job in bad]
    assert [job.state for job in ends] == ["failed"] * 4
    assert [job.error_code for job in ends] == ["bad_param", "internal", "oom", "disk_full"]
    assert ends[0].error == "This one cannot be done."
    assert "KeyError" in ends[1].error
    assert "Traceback" in (shared_desk.folder.job(ends[1].id) / "error.txt").read_text()
    assert shared_desk.worker_status().loads == 1


def test_out_of_memory_a_job_is_tried_with_less_and_with_less_again(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk().start()
    once, twice, always, after = submit(desk, "oom-once", "oom-twice", "oom", "after")
    ends = [desk.wait(LOCAL, job.id, LONG) for job in (once, twice, always, after)]
    assert [job.state for job in ends] == ["done", "done", "failed", "done"]
    assert [job.attempt for job in ends] == [1] * 4
    assert "smaller size or fewer frames" in ends[2].error
    assert [line for line in log(desk) if line.startswith("oom")][:4] == [
        "oom-once released False shrunk False",
        "oom-once step 0",
        "oom-once step 1",
        "oom-once step 2",
    ]
    assert [line for line in log(desk) if line.startswith("oom-twice released")] == [
        "oom-twice released True shrunk False"
    ] * 2
    assert desk.worker_status().loads == 1


def test_a_model_too_large_for_the_machine_fails_its_jobs_in_words(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk("huge").start()
    (job,) = submit(desk, "hello")
    ended = desk.wait(LOCAL, job.id, LONG)
    assert (ended.error_code, ended.error) == ("oom", "The fake model does not fit. Choose a smaller one.")


def test_cancel_takes_within_two_steps(shared_desk: JobDesk) -> None:
    (job,) = submit(shared_desk, "slow 200")
    mine = "slow 200 step"
    until(lambda: (shared_desk.folder.root / "log").exists() and any(mine in line for line in log(shared_desk)))
    shared_desk.cancel(LOCAL, job.id)
    steps = sum(mine in line for line in log(shared_desk))
    assert shared_desk.wait(LOCAL, job.id, LONG).state == "cancelled"
    assert sum(mine in line for line in log(shared_desk)) - steps <= 2
    assert not list(shared_desk.folder.job(job.id).glob("*"))


def test_a_killed_worker_is_restarted_and_the_job_retried_once(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk().start()
    once, twice, after = submit(desk, "crash-decode", "crash", "after")
    assert desk.wait(LOCAL, once.id, LONG).state == "done"
    assert desk.job(LOCAL, once.id).attempt == 2
    ended = desk.wait(LOCAL, twice.id, LONG)
    assert (ended.state, ended.error_code, ended.attempt) == ("failed", "crashed", 2)
    assert "each of 2 tries" in ended.error
    assert desk.wait(LOCAL, after.id, LONG).state == "done"
    assert not list(desk.folder.jobs.glob("*/.work-*"))


def test_latents_outlive_a_failure_and_a_retry_starts_from_them(shared_desk: JobDesk) -> None:
    (full,) = submit(shared_desk, "full-decode")
    assert shared_desk.wait(LOCAL, full.id, LONG).error_code == "disk_full"
    assert [path.name for path in shared_desk.folder.job(full.id).rglob("*") if path.is_file()] == [
        "error.txt",
        "latents-0000.safetensors",
    ]
    again = shared_desk.retry(LOCAL, full.id)
    assert shared_desk.wait(LOCAL, again.id, LONG).state == "done"
    assert not list(shared_desk.folder.job(again.id).glob(".work-*"))


def test_ctrl_c_leaves_no_process_and_keeps_the_running_job(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk().start()
    running, waiting = submit(desk, "slow 300", "waiting")
    until(lambda: desk.job(LOCAL, running.id).progress > 0)
    worker = desk.worker_status().pid
    desk.close()
    assert not psutil.pid_exists(worker)
    left = open_desk()
    assert [(job.id, job.attempt, job.state) for job in left.active(LOCAL)] == [
        (running.id, 0, "queued"),
        (waiting.id, 0, "queued"),
    ]


SERVER = f"""
import sys, time
from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.studio.jobs.fakes import FAKES, PlainRequest
desk = JobDesk(DataFolder(__import__("pathlib").Path(sys.argv[1])), sys.argv[2], pipelines=FAKES, loader={LOADER!r})
desk.start()
for prompt in ("first", "slow 400", "third", "fourth"):
    desk.submit(LOCAL, PlainRequest(prompt=prompt))
print("submitted", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
def test_killing_the_web_process_ends_the_worker_and_the_queue_survives_in_order(
    open_desk: Callable[..., JobDesk],
) -> None:
    desk = open_desk()
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(desk.folder.root), str(desk.model.folder)],
        cwd=root,
        stdout=subprocess.PIPE,
    ) as web:
        assert web.stdout.readline() == b"submitted\n"
        until(lambda: any(job.stage == "denoise" for job in desk.active(LOCAL)))
        worker = desk.worker_status().pid
        web.send_signal(signal.SIGKILL)
        web.wait()
    until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)
    jobs = desk.jobs(LOCAL)[::-1]
    assert [job.state for job in jobs] == ["done", "running", "queued", "queued"]
    desk.cancel(LOCAL, jobs[1].id)
    desk.start()
    assert [desk.wait(LOCAL, job.id, LONG).state for job in jobs] == ["done", "cancelled", "done", "done"]
    ran = [line for line in log(desk) if line.endswith("step 0")]
    assert ran == ["first step 0", "slow 400 step 0", "third step 0", "fourth step 0"]
    assert desk.clip(LOCAL, jobs[0].id) is not None


def test_a_clip_published_just_before_the_end_is_not_made_again(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk()
    (job,) = submit(desk, "never runs")
    assert desk._ledger.claim("a worker that dies", desk._ledger.job(job.id).model)
    desk.folder.job(job.id).mkdir()
    (desk.folder.job(job.id) / "clip.mp4").write_bytes(b"published")
    desk.start()
    assert desk.wait(LOCAL, job.id, LONG).state == "done"
    assert desk.clip(LOCAL, job.id).read_bytes() == b"published"


def test_a_model_that_is_missing_fails_its_jobs_and_another_one_takes_over(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk("missing").start()
    (job,) = submit(desk, "hello")
    ended = desk.wait(LOCAL, job.id, LONG)
    assert (ended.state, ended.error_code) == ("failed", "model_missing")
    assert ended.error == "The fake model is missing. Fetch it."
    assert desk.worker_status().state == "failed"
    desk.use_model(str(open_desk("fake").model.folder))
    (job,) = submit(desk, "hello")
    assert desk.wait(LOCAL, job.id, LONG).state == "done"


@pytest.mark.slow
def test_changing_the_model_lets_waiting_jobs_keep_theirs(open_desk: Callable[..., JobDesk]) -> None:
    desk = open_desk("one").start()
    before = submit(desk, "slow 5", "slow 5")
    desk.use_model(str(open_desk("two").model.folder))
    after = submit(desk, "slow 5")
    assert [desk.wait(LOCAL, job.id, LONG).state for job in before + after] == ["done"] * 3
    loads = [line for line in log(desk) if line.startswith("load")]
    assert loads == ["load one", "load two"]
    assert [Path(job.model).name for job in before + after] == ["one", "one", "two"]


def test_a_second_studio_on_the_same_folder_is_refused(shared_desk: JobDesk) -> None:
    from pipelines.errors import StudioError
    from tests.studio.jobs.fakes import FAKES

    second = JobDesk(shared_desk.folder, str(shared_desk.model.folder), pipelines=FAKES, loader=LOADER)
    with pytest.raises(StudioError, match="already running"):
        second.start()
    # but it may hand jobs to the first
    job = second.submit(LOCAL, PlainRequest(prompt="from elsewhere"))
    assert second.wait(LOCAL, job.id, LONG).state == "done"
    second.close()
