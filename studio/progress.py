"""One line of progress on standard error: redrawn in place on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType

from studio import amounts

_BAR = 24


class Line:
    """Use as a context manager; the line is left clean at the end."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self._redraws = self._stream.isatty()
        self._last = ""

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._redraws and self._last:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, stage: str, fraction: float, eta_seconds: float | None = None, place: int = 0) -> None:
        """Where a job is; `place` in the queue if it waits."""
        head = f"{stage}, {place} in line" if place > 1 else stage
        left = "" if eta_seconds is None else f"  {amounts.eta(eta_seconds)}"
        self._write(head, f"{head:20} {_bar(fraction)} {fraction:4.0%}{left}")

    def show_bytes(self, done: int, total: int) -> None:
        """How far a download is."""
        fraction = done / total if total else 0.0
        self._write(f"{fraction:.1f}", f"{_bar(fraction)} {done / 1e9:.2f} of {total / 1e9:.2f} GB")

    def _write(self, head: str, text: str) -> None:
        if self._redraws:
            self._stream.write("\r\x1b[K" + text[: shutil.get_terminal_size().columns - 1])
            self._stream.flush()
        elif head != self._last:
            self._stream.write(text.rstrip() + "\n")
        self._last = head


def _bar(fraction: float) -> str:
    filled = round(min(max(fraction, 0.0), 1.0) * _BAR)
    return "#" * filled + "." * (_BAR - filled)
