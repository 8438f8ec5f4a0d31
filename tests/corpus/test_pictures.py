"""Pictures that are taken look as they were meant to, and bring nothing along."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.checkpoints import ModelInfo
from pipelines.errors import MediaError
from pipelines.image import image_frame
from pipelines.image_to_video import ImageToVideo, ImageToVideoRequest
from pipelines.media.images import image_size, read_image
from pipelines.media.write import write_video
from tests.corpus.pictures import HEIGHT, WHERE, WIDTH, shown
from tests.media_samples import psnr, stream_of

Made = Callable[[str], list[Any]]
LOOKS_LIKE = 30.0  # dB


def _read(path: Path) -> np.ndarray:
    return read_image(path).astype(int)


@pytest.mark.parametrize("id", ["I04", "I11", "I14", "I22", "I23", "I25", "I26", "I29", "I31", "I40", "I44", "I45"])
def test_what_a_picture_shows_is_what_is_read(made: Made, id: str) -> None:
    for path in made(id):
        assert psnr(read_image(path), shown()) > LOOKS_LIKE, path.name


def test_however_the_camera_was_held_the_picture_is_the_same(made: Made) -> None:
    pictures = [read_image(path) for path in made("I28")]
    assert {image.shape for image in pictures} == {(HEIGHT, WIDTH, 3)}
    assert all(psnr(image, pictures[0]) > LOOKS_LIKE for image in pictures)
    assert psnr(pictures[0], shown()) > LOOKS_LIKE


def test_ink_becomes_the_colours_it_was_printed_from(made: Made) -> None:
    """CIE 1976 colour difference, ten times less than one would see side by side as another colour."""
    for id in ("I11", "I12"):
        (path,) = made(id)
        lab = [
            cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
            for image in (read_image(path), shown())
        ]
        assert np.linalg.norm(lab[0] - lab[1], axis=-1).mean() < 5


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off(made: Made) -> None:
    (path,) = made("I13")
    levels = _read(path)[0, :, 0]
    assert (levels[0], levels[-1]) == (0, 255)
    assert np.abs(levels - np.linspace(0, 255, WIDTH)).max() <= 1


def test_what_is_transparent_lies_on_white(made: Made) -> None:
    for path in made("I15"):
        image = _read(path)
        assert image[5, 5].min() == 255
        assert tuple(image[5, -5]) == (0, 0, 200)
    expected = {"glass": (255, 204, 204), "grey": (204, 204, 204)}
    for path in made("I17"):
        assert np.abs(_read(path)[5, 5] - expected[path.stem]).max() <= 1


def test_one_bit_is_black_or_white(made: Made) -> None:
    for path in made("I16"):
        image = _read(path)
        assert (image[:, : WIDTH // 2] == 0).all() and (image[:, WIDTH // 2 :] == 255).all()


def test_the_first_frame_of_a_moving_picture_is_used(made: Made) -> None:
    (path,) = made("I21")
    assert psnr(read_image(path), shown()) > 20  # a GIF has 256 colours


def test_a_wide_colour_becomes_its_srgb_and_a_bad_profile_is_no_harm(made: Made) -> None:
    wide, broken, large = map(_read, made("I30"))
    assert np.abs(wide[5, 5] - (103, 202, 71)).max() <= 2  # by the matrices of SMPTE EG 432-1 and IEC 61966-2-1
    assert tuple(broken[5, 5]) == (128, 200, 90)
    assert np.abs(large[5, 5] - (128, 200, 90)).max() <= 3


def test_odd_sizes_keep_their_shape_at_the_size_the_model_works_at(made: Made, info: ModelInfo) -> None:
    for path in made("I10"):
        width, height = image_size(path)
        request = ImageToVideo.prepare(ImageToVideoRequest(image=str(path)), info)
        assert request.size[0] / request.size[1] == pytest.approx(width / height, rel=0.2)
        assert image_frame(str(path), *request.size).shape == (request.size[1], request.size[0], 3)


def test_nothing_of_where_it_was_taken_or_lies_behind_it_gets_into_a_clip(made: Made, tmp_path: Path) -> None:
    for path in (*made("I31"), *made("I40"), *made("I44")):
        frames = np.repeat(read_image(path)[None], 2, axis=0)
        data = write_video(stream_of(frames), tmp_path / f"{path.stem}.mp4").path.read_bytes()
        for secret in (WHERE.encode(), b"script", b"Exif"):
            assert secret not in data


def test_a_header_that_lies_is_refused_at_once(made: Made) -> None:
    for path in made("I07"):
        begin = time.process_time()
        with pytest.raises(MediaError):
            read_image(path)
        assert time.process_time() - begin < 0.2


def test_a_bomb_is_refused_in_little_memory(made: Made) -> None:
    (path,) = made("I08")
    assert path.stat().st_size < 500_000
    assert grown(f"read_image({str(path)!r})", "from pipelines.media.images import read_image") < 50


def test_postscript_starts_no_interpreter(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gs", "gswin64c", "convert", "magick"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for id in ("I36", "I41"):
        for path in made(id):
            with pytest.raises(MediaError):
                read_image(path)
    assert not (tmp_path / "started").exists()
    assert Image.open(made("I36")[0]).format == "EPS"  # Pillow itself would have taken it


def grown(call: str, imports: str) -> float:
    """MB by which a process of its own grows at most while it tries `call`, which has to end in a SeptetError."""
    script = f"""
import resource
from pipelines.errors import SeptetError
{imports}
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = most()
try:
    {call}
except SeptetError:
    print(most() - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_a_name_like_a_pattern_is_only_a_name(tmp_path: Path) -> None:
    for name in ("a%04d.png", "-i.png", "concat:a|b.png"):
        Image.fromarray(shown()).save(tmp_path / name, "PNG")
        assert (read_image(tmp_path / name) == shown()).all()
