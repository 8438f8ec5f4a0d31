"""How far a job is, in fractions of its time: stages differ a thousandfold in cost, so each learns its own pace."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from pipelines.types import Frame, OnProgress, Progress

Stage = Literal["encode", "denoise", "decode", "write"]

# seconds per million pixels (and step) of the embedded model on two CPU cores, a first guess the first clip corrects
FIRST_GUESS: dict[Stage, float] = {"encode": 1.2, "denoise": 1.0, "decode": 2.7, "write": 0.3}


@dataclass
class Pace:
    """Seconds per unit of each stage, remembered from clip to clip (exponential average)."""

    seconds: dict[Stage, float] = field(default_factory=lambda: dict(FIRST_GUESS))

    def learn(self, stage: Stage, units: float, seconds: float) -> None:
        if units > 0:
            self.seconds[stage] += 0.5 * (seconds / units - self.seconds[stage])


class Meter:
    """Counts units done per stage against units expected and reports one fraction that never falls.

    Stages interleave (windows, streamed decoding into the writer): time is charged to the stage that reports.
    """

    def __init__(self, expected: dict[Stage, float], pace: Pace, on_progress: OnProgress) -> None:
        self._expected = expected
        self._pace = pace
        self._on_progress = on_progress
        self._done: dict[Stage, float] = dict.fromkeys(expected, 0.0)
        self._spent: dict[Stage, float] = dict.fromkeys(expected, 0.0)
        self._last = monotonic()
        self._fraction = 0.0

    def advance(self, stage: Stage, units: float, preview: Frame | None = None) -> None:
        """Report `units` more of a stage as done. Passes on whatever the listener raises (Cancelled)."""
        now = monotonic()
        self._spent[stage] += now - self._last
        self._last = now
        self._done[stage] = min(self._expected[stage], self._done[stage] + units)
        total = sum(units * self._rate(name) for name, units in self._expected.items())
        done = sum(units * self._rate(name) for name, units in self._done.items())
        self._fraction = min(0.99, max(self._fraction, done / total if total else 0.0))
        shown: Literal["encode", "denoise", "decode", "finish"] = "finish" if stage == "write" else stage
        self._on_progress(Progress(shown, self._fraction, preview))

    def close(self) -> None:
        """The clip is done: let the next one profit from what this one took."""
        for stage, units in self._done.items():
            self._pace.learn(stage, units, self._spent[stage])

    def _rate(self, stage: Stage) -> float:
        if self._done[stage] < 0.25 * self._expected[stage]:
            return self._pace.seconds[stage]
        return self._spent[stage] / self._done[stage] if self._done[stage] else self._pace.seconds[stage]
