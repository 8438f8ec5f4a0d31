"""A studio without a page in a process of its own, to be killed: `python -m tests.studio.jobs.serving DATA MODEL`."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

from studio.jobs import reserve, supervisor
from studio.jobs.desk import JobDesk
from studio.jobs.watchdog import Watchdog
from studio.paths import DataFolder
from tests.studio.jobs.traps import LOADER, TRAPPED

HURRIED = {
    "hang_seconds": 10.0,
    "cancel_seconds": 5.0,
    "frozen_seconds": 9.0,
}  # more than a busy machine makes one wait


def hurry() -> None:
    """Let every supervisor of this process lose patience after seconds instead of minutes."""
    supervisor.Watchdog = partial(Watchdog, **HURRIED)  # type: ignore[misc, assignment]


def main() -> None:
    hurry()
    reserve.BALLAST = 1 << 16
    with JobDesk(DataFolder(Path(sys.argv[1])), sys.argv[2], pipelines=TRAPPED, loader=LOADER) as desk:
        desk.start()
        print("serving", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    main()
