"""Two ways of doing the same work, timed in turn in one run so that whatever else the machine does slows both."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Median seconds of each side; `ratio` above 1 means ours is the faster one."""

    name: str
    frames: int
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours

    def __str__(self) -> str:
        return (
            f"{self.name:<46} {self.frames / self.ours:8.1f} frames/s   "
            f"{self.frames / self.theirs:8.1f} frames/s   {self.ratio:5.2f} x"
        )


def compare(
    name: str, frames: int, ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 5
) -> Comparison:
    """Run both sides once to warm up, then `rounds` times in turn; which goes first alternates."""
    times: dict[Callable[[], object], list[float]] = {ours: [], theirs: []}
    for side in times:
        side()
    for index in range(rounds):
        for side in (ours, theirs) if index % 2 == 0 else (theirs, ours):
            begin = time.perf_counter()
            side()
            times[side].append(time.perf_counter() - begin)
    return Comparison(name, frames, statistics.median(times[ours]), statistics.median(times[theirs]))


def heading(title: str, other: str) -> str:
    """What was measured on, and the columns of the lines that follow."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"{os.cpu_count()} cores, {platform.machine()}{load}"
    return f"\n{title} ({machine})\n{'':<46} {'Septet':>17}   {other:>17}"
