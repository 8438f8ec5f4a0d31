"""Results that outlive a run, a page about them at the end, and supervisors in a hurry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studio.jobs import supervisor
from tests.endurance.results import PAGE, Results, page
from tests.studio.jobs.serving import hurry


@pytest.fixture(scope="session")
def results() -> Iterator[Results]:
    results = Results()
    yield results
    PAGE.write_text(page(results), "utf-8")
    print(f"\n\n{page(results)}")


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "Watchdog", supervisor.Watchdog)  # put back at the end
    hurry()
