"""A studio as people run it, `app.py` in a process of its own, but for the model; and a client that believes nothing.

`python -m tests.corpus.serving FLAGS` is that studio.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

import app
from studio.jobs.desk import JobDesk
from tests.corpus.doors import PROMPT
from tests.corpus.kinds import Case, Outcome
from tests.corpus.reader import LOADER
from tests.studio.rooms import paper_model

ROOT = Path(__file__).resolve().parents[2]
API = "/gradio_api"
LONGEST = 120.0  # seconds a job may take here


class Answer(NamedTuple):
    """What became of a call, and what was said or given: the sentence, or the JSON."""

    outcome: Outcome
    said: Any


@dataclass
class Running:
    """A running studio, and who asks it."""

    data: Path
    web: httpx.Client
    process: psutil.Process

    def upload(self, *files: tuple[str, bytes]) -> list[str]:
        """The paths of uploads under names as they are."""
        answer = self.web.post(f"{API}/upload", files=[("files", each) for each in files])
        assert answer.status_code == 200, answer.text
        paths: list[str] = answer.json()
        return paths

    def given(self, path: Path | str) -> dict[str, Any]:
        """A file of ours as a call names it, uploaded."""
        path = Path(path)
        return uploaded(self.upload((path.name, path.read_bytes()))[0])

    def call(self, name: str, *values: Any) -> Answer:
        """An endpoint, asked as gradio's client would."""
        return self.call_raw(name, json.dumps({"data": list(values)}))

    def call_raw(self, name: str, body: str | bytes) -> Answer:
        """An endpoint, asked with that very body."""
        joined = self.web.post(f"{API}/call/{name}", content=body, headers={"Content-Type": "application/json"})
        if joined.status_code != 200:
            return answer_of(joined)
        told = self.web.get(f"{API}/call/{name}/{joined.json()['event_id']}").text
        event, _, data = [part for part in told.split("\n\n") if part][-1].removeprefix("event: ").partition("\ndata: ")
        said = json.loads(data)
        if event == "complete":
            return Answer("taken", said[0] if isinstance(said, list) else said)
        return Answer("refused", said.get("error") if isinstance(said, dict) else said)

    def submit(self, mode: str, fields: Any, key: str | None = None) -> Answer:
        """A request for a clip: the job's record, or the sentence."""
        return self.call("submit", mode, fields, key)

    def ended(self, job: str) -> dict[str, Any]:
        """The job's record once it is over."""
        deadline = time.monotonic() + LONGEST
        while True:
            record: dict[str, Any] = self.call("job", job).said
            if record["state"] in ("done", "failed", "cancelled"):
                return record
            assert time.monotonic() < deadline, record
            time.sleep(0.1)

    @property
    def worker(self) -> psutil.Process:
        """The process that runs jobs."""
        (found,) = (child for child in self.process.children(True) if "studio.jobs.worker" in " ".join(child.cmdline()))
        return found

    def memory(self) -> dict[str, float]:
        """MB in use, of the web side and of the worker."""
        return {name: each.memory_info().rss / 1e6 for name, each in (("web", self.process), ("worker", self.worker))}


def uploaded(path: str) -> dict[str, Any]:
    """An upload as a call names it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def answer_of(answer: httpx.Response) -> Answer:
    """What an HTTP status says."""
    if answer.status_code in (413, 429, 507):
        return Answer("turned away", answer.text)
    return Answer("taken" if answer.is_success else "refused", answer.text)


def fields_of(case: Case, variant: Any, studio: Running) -> tuple[str, dict[str, Any], str]:
    """How a file of the corpus is given: mode, fields, and what its upload is called."""
    if case.into == "mask":
        video, mask = (studio.given(each) for each in variant)
        return "mask", {"video": video, "mask": mask, "prompt": PROMPT}, mask["path"]
    given = studio.given(variant)
    if case.into == "image":
        return "image-to-video", {"image": given}, given["path"]
    if case.into == "adapter":
        return "text-to-video", {"prompt": PROMPT, "adapter": given}, given["path"]
    return "stylization", {"video": given, "prompt": PROMPT}, given["path"]


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Start one, wait until its worker is ready, and stop it afterwards."""
    command = [sys.executable, "-m", __name__, "--data", str(folder / "data"), "--port", "0", "--no-browser"]
    process = subprocess.Popen(
        [*command, "--model", str(paper_model(folder / "paper"))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found, f"it did not start: {line!r}"
        with httpx.Client(base_url=found.group(), timeout=LONGEST) as web:
            studio = Running(folder / "data", web, psutil.Process(process.pid))
            first = studio.submit("text-to-video", {"prompt": "the first of all"})
            studio.ended(first.said["id"])
            yield studio
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            process.kill()


if __name__ == "__main__":
    JobDesk.__init__.__kwdefaults__["loader"] = LOADER
    sys.exit(app.main())
