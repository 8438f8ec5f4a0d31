"""Results that outlive a run, and a page about them at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.endurance.results import PAGE, Results, page


@pytest.fixture(scope="session")
def results() -> Iterator[Results]:
    results = Results()
    yield results
    PAGE.write_text(page(results), "utf-8")
    print(f"\n\n{page(results)}")
