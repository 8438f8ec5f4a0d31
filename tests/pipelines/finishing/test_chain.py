"""A resolved Finishing becomes exactly the clip it describes."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from pipelines.finishing import finishing_chain
from pipelines.finishing.effect import finish
from pipelines.settings import Finishing
from pipelines.types import FrameStream
from tests.media_samples import collect, moving_square, picture, stream_of


def _finished(finishing: Finishing, frames: np.ndarray, rate: int = 8, **options: object) -> FrameStream:
    height, width = frames.shape[1:3]
    return finish(stream_of(frames, rate), finishing_chain(finishing, width, height, Fraction(rate), **options))


@pytest.mark.parametrize(
    ("finishing", "expected"),
    [
        (Finishing(), (160, 96, 8, 5)),
        (Finishing(upscale=1, frame_rate="8", colour_match=False), (160, 96, 8, 5)),
        (Finishing(upscale=2, upscaler="lanczos", frame_rate="24"), (320, 192, 24, 15)),
        (Finishing(upscale=4, upscaler="lanczos", aspect_ratio="16:9"), (640, 360, 8, 5)),
        (Finishing(size="100x70", upscale=8, upscaler="lanczos"), (100, 70, 8, 5)),
        (Finishing(size="200x120", frame_rate="30000/1001"), (200, 120, Fraction(30000, 1001), 19)),
    ],
)
def test_size_rate_and_count_are_as_asked(finishing: Finishing, expected: tuple[object, ...]) -> None:
    stream = _finished(finishing, moving_square(5, 160, 96))
    assert (stream.width, stream.height, stream.frame_rate, stream.num_frames) == expected
    assert collect(stream).shape == (expected[3], expected[1], expected[0], 3)


def test_nothing_asked_changes_nothing() -> None:
    frames = moving_square(5)
    assert finishing_chain(Finishing(), 64, 48, Fraction(8)) == ()
    assert (collect(_finished(Finishing(upscale=1, frame_rate="8"), frames)) == frames).all()


def test_a_size_of_another_shape_covers_and_crops() -> None:
    frame = np.zeros((1, 96, 160, 3), np.uint8)
    cv2.circle(frame[0], (80, 48), 20, (255, 255, 255), -1)
    square = collect(_finished(Finishing(size="200x200", upscaler="lanczos"), frame))[0]
    down, across = np.nonzero(square[..., 0] > 127)
    assert square.shape == (200, 200, 3)
    assert abs(np.ptp(down) - np.ptp(across)) <= 1


def test_the_meant_aspect_undoes_the_models_rounding() -> None:
    frames = moving_square(2, 144, 112)  # what a model in steps of 16 makes of 4:3
    stream = _finished(Finishing(size="320x240", upscaler="lanczos"), frames, aspect=4 / 3)
    edge = np.asarray(cv2.resize(frames[0], (320, 240), interpolation=cv2.INTER_CUBIC))
    assert np.abs(collect(stream)[0].astype(int) - edge).max() <= 1


def test_a_number_of_frames_beats_the_length() -> None:
    stream = _finished(Finishing(frame_rate="24"), moving_square(5), num_frames=17)
    assert stream.num_frames == len(collect(stream)) == 17


def test_colours_are_matched_only_when_asked() -> None:
    frames, reference = moving_square(5), picture(64, 48)
    plain = collect(_finished(Finishing(colour_match=False), frames, reference=reference))
    matched = collect(_finished(Finishing(colour_match=True), frames, reference=reference))
    assert (plain == frames).all()
    assert np.abs(matched.mean((0, 1, 2)) - reference.mean((0, 1))).max() < 6


def test_effects_are_lazy() -> None:
    def refuse() -> object:
        raise AssertionError("frames were taken before anyone asked for them")
        yield

    effects = finishing_chain(
        Finishing(upscale=4, frame_rate="24", aspect_ratio="1:1", colour_match=True), 160, 96, Fraction(8)
    )
    stream = finish(FrameStream(refuse(), 160, 96, Fraction(8), 9), effects)
    assert (stream.width, stream.height, stream.num_frames) == (384, 384, 27)
