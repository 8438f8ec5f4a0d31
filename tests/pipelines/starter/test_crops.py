"""What the autoencoder learns from: crops of the world and of photo-like pictures, the same shapes in every process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from pipelines.starter import crops
from pipelines.starter.crops import ClipSource, Crops
from pipelines.starter.exercises import draw, drawn, load_exercises, wide_enough
from tests.pipelines.starter.shooting import NOWHERE, small_source

SHAPES = ((5, 16, 16, 1, 0.5), (9, 24, 16, 2, 0.5))


@pytest.fixture(autouse=True)
def _few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops, "SHAPES", SHAPES)
    monkeypatch.setattr(crops, "LATE_SHAPES", ())
    monkeypatch.setattr(crops, "FEW", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips and two pictures."""
    folder = tmp_path_factory.mktemp("drawn")
    for frames in (1, 5):
        draw(small_source(), folder, 0.0, lambda _, frames=frames: ((48, 32), frames), 2)
    return folder


def asked(folder: Path, begin: int = 0) -> Crops:
    return Crops(NOWHERE, folder, times=2, late=False, seed=3, begin=begin)


def test_single_pictures_and_clips_that_are_too_small_are_passed_over(folder: Path) -> None:
    found = [one for path in drawn(folder) for one in load_exercises(path)]
    assert len(found) == 4
    assert {clip.shape for clip in wide_enough(found, 32)} == {(5, 32, 48, 3)}
    assert not list(wide_enough(found, 33))


def test_structure_that_is_given_is_to_be_known_too(folder: Path) -> None:
    clip = next(one for path in drawn(folder) for one in load_exercises(path) if len(one.frames) > 1)
    given = replace(clip, task=replace(clip.task, kind="structure", video=255 - clip.frames))
    assert [int(frames.mean()) for frames in wide_enough([given], 32)] == [
        int(clip.frames.mean()), int((255 - clip.frames).mean())
    ]  # fmt: skip


def test_a_crop_is_part_of_a_clip_there_and_back(folder: Path) -> None:
    source = ClipSource(1, NOWHERE, folder)
    cut = source._world_crop(np.random.default_rng(0), 9, 32, 48)
    assert any((cut[i] == world).all(axis=(1, 2, 3)).any() for world in source.worlds for i in (0, 8))


def test_what_is_at_hand_changes_along_the_way(folder: Path) -> None:
    source = ClipSource(1, NOWHERE, folder)
    pictures, worlds = len(source.photos.pool), len(source.worlds)
    for _ in range(6):
        source.refresh()
    assert len(source.photos.pool) == pictures + 12 and len(source.worlds) > worlds


def test_every_process_sees_the_same_shapes_whoever_cuts_them_out_and_from_wherever_it_goes_on(folder: Path) -> None:
    def shapes(batches: Iterator[object], count: int) -> list[tuple[int, ...]]:
        return [tuple(batch.shape) for batch in islice(batches, count)]  # type: ignore[attr-defined]

    alone = shapes(asked(folder).on("cpu", 0), 8)
    assert set(alone) == {(2, 3, 5, 16, 16), (4, 3, 9, 24, 16)}
    assert shapes(asked(folder).on("cpu", 2), 8) == alone
    assert shapes(asked(folder, begin=5).on("cpu", 0), 3) == alone[5:]


def test_crops_are_between_minus_one_and_one(folder: Path) -> None:
    batches = list(islice(asked(folder).on("cpu", 0), 8))  # a batch may be grey for the most part
    assert -1 <= min(video.min() for video in batches) < -0.5
    assert 0.5 < max(video.max() for video in batches) <= 1
