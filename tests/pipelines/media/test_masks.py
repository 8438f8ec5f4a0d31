"""Masks: held pictures and moving ones, exact where they say keep and where they say make."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import MediaError
from pipelines.media.masks import check_mask, is_video, mask_size
from pipelines.media.read import read_mask
from tests.media_samples import make_video, picture

DISC = cv2.circle(np.zeros((48, 64), np.uint8), (30, 24), 14, 255, -1)
RATE = Fraction(24)


def _read(path: Path, count: int = 20, **options: object) -> np.ndarray:
    return np.concatenate(list(read_mask(path, size=(64, 48), num_frames=count, frame_rate=RATE, **options)))


def _save(path: Path, mask: np.ndarray, **options: object) -> Path:
    Image.fromarray(mask).save(path, **options)
    return path


def test_a_picture_is_held_for_the_whole_clip(tmp_path: Path) -> None:
    chunks = list(read_mask(_save(tmp_path / "m.png", DISC), size=(64, 48), num_frames=20, frame_rate=RATE))
    assert [len(chunk) for chunk in chunks] == [16, 4]
    assert (np.concatenate(chunks) == DISC).all()


def test_soft_edges_stay_soft_and_coding_noise_goes(tmp_path: Path) -> None:
    soft = cv2.GaussianBlur(DISC, (0, 0), 3)
    mask = _read(_save(tmp_path / "m.jpg", soft, quality=90))[0]
    assert (mask[:, :8] == 0).all()
    assert mask[24, 30] == 255
    assert np.abs(mask.astype(int) - soft).max() < 25
    assert ((mask > 60) & (mask < 200)).any()


def test_transparency_counts_before_brightness(tmp_path: Path) -> None:
    painted = np.zeros((48, 64, 4), np.uint8)
    painted[..., 3] = DISC
    assert (_read(_save(tmp_path / "m.png", painted))[0] == DISC).all()


def test_sixteen_bits_are_read(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), DISC.astype(np.uint16) * 257)
    assert (_read(tmp_path / "m.png")[0] == DISC).all()


def test_a_video_runs_alongside_and_is_held_at_its_end(tmp_path: Path) -> None:
    moving = np.zeros((6, 48, 64, 3), np.uint8)
    for index in range(6):
        moving[index, :, index * 10 : index * 10 + 10] = 255
    path = make_video(tmp_path / "m.mp4", moving, 12, options={"crf": "4"})
    masks = _read(path, 20)
    assert len(masks) == 20
    columns = [int(np.median(np.nonzero(mask[24] > 127)[0])) // 10 for mask in masks]
    assert columns[0] == 0
    assert columns[11:] == [5] * 9
    assert columns == sorted(columns)
    assert (masks[0][:, 40:] == 0).all()
    late = _read(path, 4, start=0.25)
    assert int(np.median(np.nonzero(late[0][24] > 127)[0])) // 10 == 3


def test_size_is_scaled_to(tmp_path: Path) -> None:
    large = cv2.resize(DISC, (256, 192), interpolation=cv2.INTER_LINEAR)
    mask = _read(_save(tmp_path / "m.png", large))[0]
    assert np.abs(mask.astype(int) - DISC).mean() < 4


def test_a_mask_of_another_size_or_without_a_mark_is_refused(tmp_path: Path) -> None:
    good = _save(tmp_path / "m.png", DISC)
    check_mask(good, 64, 48)
    with pytest.raises(MediaError, match=r"m\.png is 64x48 pixels but the video is 128x96"):
        check_mask(good, 128, 96)
    with pytest.raises(MediaError, match="all black"):
        check_mask(_save(tmp_path / "b.png", np.zeros((48, 64), np.uint8)), 64, 48)


def test_pictures_and_videos_are_told_apart_by_content(tmp_path: Path) -> None:
    assert is_video(make_video(tmp_path / "m.mp4", np.stack([picture(64, 48)] * 2)))
    assert not is_video(_save(tmp_path / "m.png", DISC))
    assert not is_video(_save(tmp_path / "m.avif", DISC))
    assert mask_size(tmp_path / "m.mp4") == mask_size(tmp_path / "m.png") == (64, 48)
