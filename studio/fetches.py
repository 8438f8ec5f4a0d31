"""Downloads of models, one thread each, with how far they are."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from pipelines.errors import SeptetError
from studio.views.header import Fetching


class Fetches:
    """What is being fetched into one models folder. Safe to use from many threads."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._lock = threading.Lock()
        self._known: dict[str, Fetching] = {}

    @property
    def known(self) -> dict[str, Fetching]:
        """Every download begun since the studio started that is running or has failed."""
        with self._lock:
            return dict(self._known)

    def start(self, name: str) -> None:
        """Begin to fetch a model of the catalogue, unless that is going on already."""
        with self._lock:
            if name in self._known and self._known[name].running:
                return
            self._known[name] = Fetching()
        threading.Thread(target=self._run, args=(name,), name=f"fetch {name}", daemon=True).start()

    def _run(self, name: str) -> None:
        from pipelines.fetching import fetch

        try:
            fetch(name, self._models, lambda done, total: self._say(name, Fetching(done, total)))
        except SeptetError as error:
            self._say(name, replace(self.known[name], running=False, error=str(error)))
        else:
            with self._lock:
                del self._known[name]

    def _say(self, name: str, state: Fetching) -> None:
        with self._lock:
            self._known[name] = state
