"""What it costs to decode in a confined child rather than in the process itself: `make bench`, or this file with -s.

Seconds of processor time are those of the process, the nursery and its children together; on a machine that is busy
with other things they say more than the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from pipelines.media import confined
from pipelines.media.probe import _measured
from pipelines.media.read import read_image, read_video
from tests.media_samples import make_video, picture

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]
ROUNDS = 5


@dataclass
class Cost:
    """Seconds: the best by the clock, and the mean of the processor's."""

    clock: float = float("inf")
    processor: float = 0.0


def _clip(path: Path, width: int, height: int, seconds: int) -> Path:
    """A clip that moves as a whole, so that every picture has to be decoded in earnest."""
    still = picture(width + 200, height)
    frames = np.stack([still[:, index % 200 : index % 200 + width] for index in range(25 * seconds)])
    return make_video(path, frames, 25, options={"preset": "veryfast"})


def _read(path: Path) -> int:
    return sum(len(chunk) for chunk in read_video(path).chunks)


def _processor() -> float:
    """Seconds that this process, the nursery and every child so far have computed."""
    me = psutil.Process()
    times = [me.cpu_times()] + [child.cpu_times() for child in me.children()]
    return sum(each.user + each.system + (each.children_user + each.children_system) for each in times)


def _compared(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> tuple[Cost, Cost]:
    """The cost here and in a child, in turns because other programs come and go."""
    what()
    costs = Cost(), Cost()
    for _ in range(ROUNDS):
        for cost, apart in zip(costs, (False, True), strict=True):
            with monkeypatch.context() as patch:
                if not apart:
                    patch.setattr(confined, "decodes_apart", lambda: False)
                computed, begin = _processor(), time.perf_counter()
                what()
                cost.clock = min(cost.clock, time.perf_counter() - begin)
                time.sleep(0.2)  # until the nursery has buried the child, whose time only then counts
                cost.processor += (_processor() - computed) / ROUNDS
    return costs


@pytest.mark.parametrize(("width", "height", "seconds"), [(640, 360, 10), (1920, 1080, 4)])
def test_reading_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int, seconds: int) -> None:
    path, frames = _clip(tmp_path / "clip.mp4", width, height, seconds), 25 * seconds
    here, apart = _compared(monkeypatch, lambda: _read(path))
    print(
        f"\n{width}x{height}, {seconds} s: {frames / here.clock:.0f} frames/s in process, {frames / apart.clock:.0f} "
        f"in a child, {here.clock / apart.clock:.2f} times the speed; processor {here.processor:.2f} s and "
        f"{apart.processor:.2f} s, {apart.processor / here.processor:.2f} times"
    )


def test_small_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, photo = _clip(tmp_path / "clip.mp4", 640, 360, 2), tmp_path / "photo.png"
    Image.fromarray(picture(2000, 1500)).save(photo)
    confined._NURSERY.close()
    begin = time.perf_counter()
    confined.confinement()
    print(f"\nthe first child, with the nursery: {time.perf_counter() - begin:.2f} s")
    for name, what in (("probe", lambda: _measured(path)), ("3-megapixel PNG", lambda: read_image(photo))):
        here, apart = _compared(monkeypatch, what)
        print(
            f"{name}: {here.clock * 1000:.1f} ms in process, {apart.clock * 1000:.1f} ms in a child; "
            f"processor {here.processor * 1000:.0f} ms and {apart.processor * 1000:.0f} ms"
        )


def test_memory_while_a_clip_is_read(tmp_path: Path) -> None:
    path = _clip(tmp_path / "clip.mp4", 1280, 720, 6)
    me, seen = psutil.Process(), []
    for number, _chunk in enumerate(read_video(path).chunks):
        if number % 2 == 0:
            family = [me, *me.children(recursive=True)]
            seen.append([process.memory_info().rss >> 20 for process in family])
    print(f"\nMiB of this process, nursery and child along a clip: {seen[2]} {seen[len(seen) // 2]} {seen[-1]}")
