"""How a clip longer than the model can make at once is covered by windows that share frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from pipelines.types import Frame, Frames


@dataclass(frozen=True)
class Windows:
    """How `total` frames are covered by windows of `length`, each sharing `overlap` frames with the one before."""

    total: int
    length: int
    overlap: int

    @property
    def count(self) -> int:
        if self.total <= self.length:
            return 1
        return 1 + ceil((self.total - self.length) / (self.length - self.overlap))

    def lengths(self, step: int) -> list[int]:
        """Frames in each window, every one a multiple of `step` plus one; the last is as short as it can be."""
        left, lengths = self.total, []
        for index in range(self.count):
            shared = self.overlap if index else 0
            length = min(self.length, ceil((left + shared - 1) / step) * step + 1)
            lengths.append(length)
            left -= length - shared
        return lengths

    def cut(self, chunks: Iterator[Frames], step: int) -> Iterator[tuple[int, Frames]]:
        """Cut a stream into (index of the first frame, frames); the last frame is held where the stream ends early."""
        pending: list[Frame] = []
        tail: list[Frame] = []
        start = 0
        for length in self.lengths(step):
            needed = length - len(tail)
            while len(pending) < needed and (chunk := next(chunks, None)) is not None:
                pending += list(chunk)
            frames = tail + pending[:needed]
            pending = pending[needed:]
            frames += [frames[-1]] * (length - len(frames))
            yield start, np.stack(frames)
            tail = frames[len(frames) - self.overlap :]
            start += length - self.overlap


class Seam:
    """One window's frames on their way out. Those it shares with the window before dissolve from that one's into its
    own: encoded and decoded once more they are not quite the same, and a hard change would show."""

    def __init__(self, before: Frames | None, shared: int) -> None:
        """`before`: the last frames of the window before, which this one begins with; `shared`: how many of its own
        last frames the next one begins with."""
        self._before = before
        self._shared = shared
        self._begun = 0
        self.held: Frames | None = None  # at the end, the frames shared with the next window

    def passed(self, chunk: Frames) -> Frames:
        """The frames that can go on, as `chunk` (n, H, W, 3) arrives: the last `shared` so far stay."""
        if self._before is not None and self._begun < (count := len(self._before)):
            chunk = chunk.copy()
            for index in range(min(len(chunk), count - self._begun)):
                share = (self._begun + index + 1) / (count + 1)
                old = self._before[self._begun + index]
                chunk[index] = cv2.addWeighted(old, 1 - share, chunk[index], share, 0)
        self._begun += len(chunk)
        waiting = chunk if self.held is None else np.concatenate([self.held, chunk])
        free = max(0, len(waiting) - self._shared)
        self.held = waiting[free:]
        return waiting[:free]
