"""Every experiment at many instants. What was tried in an earlier run is not tried again."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from studio.jobs import supervisor
from tests.endurance.results import INSTANTS, Results
from tests.studio.jobs.bench import Bench
from tests.studio.jobs.disks import small_disk
from tests.studio.jobs.experiments import EXPERIMENTS
from tests.studio.jobs.serving import hurry

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(6 * 3600)]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "Watchdog", supervisor.Watchdog)  # put back at the end
    hurry()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_rule_holds_at_every_instant(name: str, results: Results, tmp_path: Path) -> None:
    left = [instant for instant in range(INSTANTS) if f"{name}@{instant}" not in results]
    faults = []
    with ExitStack() as stack:
        bench = None
        for instant in left:
            if bench is None or name.startswith("c6"):  # a full disk has no room for many clips
                root = tmp_path / f"{instant}"
                root = stack.enter_context(small_disk(root)) if name.startswith("c6") else root
                bench = stack.enter_context(Bench(root))
            began = time.monotonic()
            try:
                EXPERIMENTS[name](bench, Random(f"{name}@{instant}"))
            except AssertionError as error:
                faults.append(f"{name}@{instant}: {error}")
                results.add(f"{name}@{instant}", held=0, seconds=time.monotonic() - began, fault=str(error))
                stack.close()
                bench = None
            else:
                results.add(f"{name}@{instant}", held=1, seconds=time.monotonic() - began)
        if bench is not None:
            bench.check_after_the_end()
    assert not faults, "\n".join(faults)
