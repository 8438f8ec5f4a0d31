"""What it costs to decode in a confined child rather than in the process itself: `make bench`, or this file with -s."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipelines.media import confined
from pipelines.media.probe import inspect
from pipelines.media.read import read_image, read_video
from tests.media_samples import make_video, picture

ROUNDS = 3


def _clip(path: Path, width: int, height: int, seconds: int) -> Path:
    """A clip that moves as a whole, so that every picture has to be decoded in earnest."""
    still = picture(width + 200, height)
    frames = np.stack([still[:, index % 200 : index % 200 + width] for index in range(25 * seconds)])
    return make_video(path, frames, 25, options={"preset": "veryfast"})


def _read(path: Path) -> int:
    return sum(len(chunk) for chunk in read_video(path).chunks)


def _compared(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> tuple[float, float]:
    """Seconds here and in a child: the best of a few, taken in turns because other programs come and go."""
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for place, apart in enumerate((False, True)):
            with monkeypatch.context() as patch:
                if not apart:
                    patch.setattr(confined, "decodes_apart", lambda: False)
                begin = time.perf_counter()
                what()
                best[place] = min(best[place], time.perf_counter() - begin)
    return best[0], best[1]


@pytest.mark.benchmark
@pytest.mark.parametrize(("width", "height", "seconds"), [(640, 360, 10), (1920, 1080, 5)])
def test_reading_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int, seconds: int) -> None:
    path = _clip(tmp_path / "clip.mp4", width, height, seconds)
    inspect(path)
    here, apart = _compared(monkeypatch, lambda: _read(path))
    frames = 25 * seconds
    print(
        f"\n{width}x{height}: {frames / here:.0f} frames/s in process, {frames / apart:.0f} in a child, "
        f"{here / apart:.2f} times the speed"
    )


@pytest.mark.benchmark
def test_small_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _clip(tmp_path / "clip.mp4", 640, 360, 2)
    begin = time.perf_counter()
    confined.confinement()
    print(f"\nthe first child: {time.perf_counter() - begin:.2f} s")
    photo = tmp_path / "photo.png"
    from PIL import Image

    Image.fromarray(picture(2000, 1500)).save(photo)
    for name, what in (("probe", lambda: inspect(path)), ("3-megapixel PNG", lambda: read_image(photo))):
        here, apart = _compared(monkeypatch, lambda what=what: [what() for _ in range(10)])
        print(f"{name}: {here * 100:.1f} ms in process, {apart * 100:.1f} ms in a child")


@pytest.mark.benchmark
def test_memory_while_a_clip_is_read(tmp_path: Path) -> None:
    path = _clip(tmp_path / "clip.mp4", 1280, 720, 6)
    me, seen = psutil.Process(), []
    for number, _chunk in enumerate(read_video(path).chunks):
        if number % 2 == 0:
            family = [me, *me.children(recursive=True)]
            seen.append([process.memory_info().rss >> 20 for process in family])
    print(f"\nMiB of studio, nursery, child along a clip: {seen[1]} {seen[len(seen) // 2]} {seen[-1]}")
