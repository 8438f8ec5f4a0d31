"""Slows guessing down: after a few wrong tries, a name or an address has to wait."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW = 15 * 60.0  # seconds
MOST_REMEMBERED = 20_000  # keys
# wrong tries within the window: of one name from one address, from one address, of one name
LIMITS = {"pair": 5, "address": 20, "name": 50}


class Throttle:
    """Counts wrong tries. `clock` gives seconds that nobody sets."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()

    def wait(self, address: str, name: str) -> int:
        """Seconds until another try is allowed; 0 now."""
        now = self._clock()
        longest = 0.0
        with self._lock:
            for key in _keys(address, name):
                recent = [moment for moment in self._wrong.get(key, ()) if now - moment < WINDOW]
                if len(recent) >= LIMITS[key[0]]:
                    longest = max(longest, recent[-LIMITS[key[0]]] + WINDOW - now)
        return math.ceil(longest)

    def failed(self, address: str, name: str) -> None:
        """A wrong try was made."""
        now = self._clock()
        with self._lock:
            for key in _keys(address, name):
                recent = [moment for moment in self._wrong.pop(key, ()) if now - moment < WINDOW]
                self._wrong[key] = [*recent, now][-LIMITS[key[0]] :]
            while len(self._wrong) > MOST_REMEMBERED:
                self._wrong.popitem(last=False)

    def succeeded(self, address: str, name: str) -> None:
        """The right password: earlier slips of this person here are forgotten."""
        with self._lock:
            self._wrong.pop(("pair", address, name), None)


def _keys(address: str, name: str) -> tuple[tuple[str, ...], ...]:
    return ("pair", address, name), ("address", address), ("name", name)
