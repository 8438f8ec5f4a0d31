"""Every experiment at one instant that chance chose once; `make endurance` repeats each at many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.studio.jobs.bench import Bench
from tests.studio.jobs.experiments import EXPERIMENTS, fill_at, kill_at
from tests.studio.jobs.serving import HURRIED, hurry
from tests.studio.jobs.traps import PLACES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("experiments")]  # two at a time would slow each other down
ON_A_SMALL_DISK = "c6_the_disk_fills_up"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One folder for all of them: whatever one leaves behind, the next one finds."""
    from studio.jobs import supervisor

    patient = supervisor.Watchdog
    hurry()
    with Bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench
        bench.check_after_the_end()
    supervisor.Watchdog = patient


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name != ON_A_SMALL_DISK])
def test_nothing_is_lost_when(name: str, bench: Bench) -> None:
    EXPERIMENTS[name](bench, Random(name))


@pytest.mark.parametrize("place", ["load", *PLACES])
def test_nothing_is_lost_when_the_worker_is_killed_at(place: str, bench: Bench) -> None:
    kill_at(bench, place)


@pytest.mark.parametrize("place", ["encode", "write", "poster", "recipe.json", "clip.mp4", "committing"])
def test_nothing_is_lost_when_the_disk_fills_up_at(place: str, small_disk: Path) -> None:
    with Bench(small_disk) as bench:
        fill_at(bench, place)
        bench.check_after_the_end()


def test_patience_in_experiments_is_scaled_and_no_worker_is_called_stuck_for_being_slow() -> None:
    from studio.jobs import watchdog

    assert HURRIED["hang_seconds"] < watchdog.HANG_SECONDS
    assert HURRIED["frozen_seconds"] < watchdog.FROZEN_SECONDS
