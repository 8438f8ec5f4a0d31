"""Interpolation keeps time: exact counts, frames passed on untouched, motion half-way between, nothing across a cut."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipelines.finishing.interpolate import Interpolate
from tests.media_samples import collect, moving_square, picture, psnr, stream_of


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        (Fraction(24), Fraction(48)),
        (Fraction(8), Fraction(24)),
        (Fraction(24), Fraction(30000, 1001)),
        (Fraction(24000, 1001), Fraction(24)),
        (Fraction(24), Fraction(10)),
    ],
)
def test_the_length_is_kept_and_the_count_exact(rate: Fraction, wanted: Fraction) -> None:
    stream = Interpolate(wanted).apply(stream_of(moving_square(17), rate))
    frames = collect(stream)
    assert len(frames) == stream.num_frames == round(17 / rate * wanted)
    assert stream.frame_rate == wanted
    assert float(len(frames) / wanted) == pytest.approx(float(17 / rate), abs=float(1 / wanted))


def test_frames_that_exist_are_passed_on_bit_for_bit() -> None:
    frames = moving_square(9)
    tripled = collect(Interpolate(Fraction(24)).apply(stream_of(frames, 8)))
    assert (tripled[::3] == frames).all()


def test_the_same_rate_changes_nothing() -> None:
    stream = stream_of(moving_square(5), 24)
    assert Interpolate(Fraction(24)).apply(stream) is stream


def test_what_is_shown_of_frames_moves_as_they_do() -> None:
    frames = moving_square(5, 160, 96)
    plain, inverted = (
        collect(Interpolate(Fraction(24), shown=shown).apply(stream_of(frames, 8))) for shown in (None, np.invert)
    )
    assert (inverted[::3] == 255 - plain[::3]).all()
    assert np.abs(inverted.astype(int) - (255 - plain.astype(int))).max() <= 1


def test_a_moving_thing_is_where_it_belongs_at_every_moment() -> None:
    truth = moving_square(25, 160, 96, step=2)
    made = collect(Interpolate(Fraction(24)).apply(stream_of(truth[::4], 6)))
    for index in range(24):
        blend_error = psnr(
            np.rint(
                truth[index // 4 * 4] * (1 - index % 4 / 4.0) + truth[min(24, index // 4 * 4 + 4)] * (index % 4 / 4.0)
            ),
            truth[index],
        )
        if index % 4:
            assert psnr(made[index], truth[index]) > blend_error + 3


def test_a_pan_is_followed_at_its_exact_speed() -> None:
    wide = picture(400, 120, seed=3)
    frames = np.stack([wide[20:100, 40 + 6 * index : 200 + 6 * index] for index in range(4)])
    made = collect(Interpolate(Fraction(24)).apply(stream_of(frames, 12)))
    for index in (1, 3, 5):
        expected = wide[20:100, 40 + 3 * index : 200 + 3 * index]
        assert psnr(made[index][8:-8, 12:-12], expected[8:-8, 12:-12]) > 33


@pytest.mark.parametrize("size", [(160, 96), (640, 384)])
def test_nothing_is_mixed_across_a_cut(size: tuple[int, int]) -> None:
    before = np.stack([picture(*size, seed=1)] * 3)
    after = np.stack([picture(*size, seed=2)[:, ::-1]] * 3)
    frames = np.concatenate([before, after])
    made = collect(Interpolate(Fraction(32)).apply(stream_of(frames, 8)))
    assert (made[:12] == before[0]).all()
    assert (made[12:] == after[0]).all()


def test_a_cut_between_colours_of_one_brightness_is_a_cut() -> None:
    frames = np.zeros((2, 48, 64, 3), np.uint8)
    frames[0], frames[1] = (200, 60, 60), (60, 130, 60)
    made = collect(Interpolate(Fraction(16)).apply(stream_of(frames, 8)))
    assert {tuple(frame[0, 0]) for frame in made} == {(200, 60, 60), (60, 130, 60)}


def test_fast_motion_is_not_taken_for_a_cut() -> None:
    wide = picture(900, 240, seed=5)
    frames = np.stack([wide[:, 30 * index : 320 + 30 * index] for index in range(3)])
    made = collect(Interpolate(Fraction(16)).apply(stream_of(frames, 8)))
    assert psnr(made[1][:, 40:-40], wide[:, 15:335][:, 40:-40]) > 24


def test_a_number_of_frames_may_be_asked_for() -> None:
    frames = moving_square(9)
    short = collect(Interpolate(Fraction(24), 20).apply(stream_of(frames, 8)))
    longer = collect(Interpolate(Fraction(24), 30).apply(stream_of(frames, 8)))
    assert (len(short), len(longer)) == (20, 30)
    assert (longer[25:] == frames[-1]).all()


def test_a_single_frame_is_held() -> None:
    frames = moving_square(1)
    assert (collect(Interpolate(Fraction(24)).apply(stream_of(frames, 8))) == frames[0]).all()
