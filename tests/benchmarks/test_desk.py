"""What the job desk adds to a job: from submit to the clip at its public name, less the pipeline's own time."""

import time
from pathlib import Path
from statistics import median

import pytest

from studio.jobs.desk import JobDesk
from studio.paths import DataFolder
from studio.person import LOCAL
from tests.studio.jobs.fakes import FAKES, LOADER, PlainRequest, model_folder

JOBS = 20


@pytest.mark.benchmark
def test_overhead_of_the_desk_per_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overheads, submits, claims = [], [], []
    with JobDesk(DataFolder(tmp_path / "data"), model_folder(tmp_path), pipelines=FAKES, loader=LOADER) as desk:
        desk.start()
        desk.wait(LOCAL, desk.submit(LOCAL, PlainRequest(prompt="warm up")).id, 60)
        for number in range(JOBS):
            time.sleep(0.1)  # the worker must have gone idle, or waking it would cost nothing
            asked = time.time()
            job = desk.submit(LOCAL, PlainRequest(prompt=f"slow {5 + number % 3}"))
            submits.append(time.time() - asked)
            job = desk.wait(LOCAL, job.id, 60)
            done = time.time()
            assert job.state == "done"
            claims.append(job.started - job.created)
            overheads.append(done - asked - sum(job.timings.values()))
    with capsys.disabled():
        print(
            f"\njob desk: {1000 * median(overheads):.0f} ms a job over {JOBS} jobs (aim: under 150), of which "
            f"submit {1000 * median(submits):.0f} ms, until claimed {1000 * median(claims):.0f} ms; "
            f"slowest {1000 * max(overheads):.0f} ms"
        )
