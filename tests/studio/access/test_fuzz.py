"""Whatever a signed-in person can ask, asked with what its description allows and much that it does not.

Each answer is one the studio means: no server error, no traceback, no path of this machine. `SEPTET_FUZZ` is how many
examples each operation gets.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.schemas import APIOperation

from tests.studio.access.house import ANN, House

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("SEPTET_FUZZ", "20"))
LEAVING = ("/sign-out", "/sign-in", "/login")  # they end or throttle the session that asks; tests of their own
GIVES_UP = "Traceback", 'File "', "site-packages"


@pytest.fixture(scope="module", autouse=True)
def cancelling(house: House) -> Iterator[None]:
    """Nobody runs the jobs of a house, so what waits for one would wait for ever: they are cancelled all the time."""
    over = threading.Event()

    def cancel() -> None:
        while not over.wait(0.05):
            for job in house.shelf.desk.jobs(ANN, 100):
                if job.state == "queued" and job.id != house.waiting:
                    house.shelf.desk.cancel(ANN, job.id)

    thread = threading.Thread(target=cancel)
    thread.start()
    yield
    over.set()
    thread.join()


def _operations(house: House) -> Iterator[APIOperation]:
    """What both descriptions hold: of the studio's own routes, and of gradio's endpoints as it tells programs."""
    own: dict[str, Any] = house.web.app.openapi()  # type: ignore[attr-defined]
    of_gradio = house.ask("ann", "GET", "/gradio_api/openapi.json").json()
    paths = {path: item for path, item in (own["paths"] | of_gradio["paths"]).items() if path not in LEAVING}
    described = schemathesis.openapi.from_dict(own | {"openapi": "3.1.0", "paths": paths})
    return (found.ok() for found in described.get_all_operations())


def test_no_answer_is_an_accident(house: House) -> None:
    operations = list(_operations(house))
    assert len(operations) > 30
    for operation in operations:

        @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Case) -> None:
            _ask(house, case)

        ask()


def _ask(house: House, case: Case) -> None:
    sent = case.as_transport_kwargs(base_url="http://testserver")
    method, address = sent.pop("method"), sent.pop("url").removeprefix("http://testserver")
    sent.pop("cookies", None)
    if sent.get("files"):  # the client would take any value but text and bytes for an open file
        sent["files"] = [(field, _sendable(part)) for field, part in sent["files"]]
    answer = house.ask("ann", method, address, **sent)
    _is_meant(address, answer.status_code, answer.text)
    if answer.status_code == 200 and address.startswith("/gradio_api/call/v2/"):
        name = case.path.rsplit("/", 1)[1]
        told = house.ask("ann", "GET", f"/gradio_api/call/{name}/{json.loads(answer.text)['event_id']}")
        _is_meant(address, told.status_code, told.text)
        assert "event: complete" in told.text or '"error": "' in told.text, (sent, told.text)


def _sendable(part: Any) -> Any:
    name, content, *kind = part if isinstance(part, tuple) else (None, part)
    return (name, content if isinstance(content, bytes) else str(content), *kind)


def _is_meant(address: str, status: int, text: str) -> None:
    assert status < 500, (address, status, text[:400])
    for sign in GIVES_UP:
        assert sign not in text, (address, text[:400])
