"""Videos that are taken look, last and sound as they were meant to, and bring nothing along."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from pipelines.types import Sound
from studio.credentials import read_statement, sign_if_possible
from tests.corpus.pictures import WHERE
from tests.corpus.test_pictures import grown
from tests.corpus.videos import COUNT, HEIGHT, WIDTH, frames
from tests.media_samples import collect, picture, psnr

Made = Callable[[str], list[Any]]
LOOKS_LIKE = 27.0  # dB


@pytest.mark.parametrize("id", ["V03", "V33", "V38", "V47", "V48", "V52", "V53"])
def test_what_a_video_shows_is_what_is_read(made: Made, id: str) -> None:
    for path in made(id):
        read = collect(read_video(path))
        assert psnr(read, frames()[: len(read)]) > LOOKS_LIKE, path.name
        assert len(read) == (6 if id == "V33" else COUNT)


def test_every_sampling_shows_the_same(made: Made) -> None:
    for path in made("V26"):
        read, shown = collect(read_video(path)), frames()
        if path.stem == "grey":
            shown = np.repeat(np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in shown])[..., None], 3, axis=3)
        assert psnr(read, shown) > (18 if path.stem == "palette" else LOOKS_LIKE), path.name


@pytest.mark.parametrize(
    ("id", "count", "rate"),
    [("V09", 12, 25), ("V11", 1, None), ("V13", 2, None), ("V15", 12, 12), ("V32", 12, 12), ("V50", 30, 30)],
)
def test_length_and_rate_come_from_the_pictures(made: Made, id: str, count: int, rate: int | None) -> None:
    for path in made(id):
        stream = read_video(path)
        assert stream.num_frames == count == len(collect(stream))
        assert rate is None or stream.frame_rate == rate
        assert probe_video(path).duration < 3


def test_turned_video_comes_upright_with_its_sides_exchanged(made: Made) -> None:
    shown = picture(WIDTH, HEIGHT)
    upright = {
        "90": np.rot90(shown, -1),
        "180": np.rot90(shown, 2),
        "270": np.rot90(shown, 1),
        "mirror": shown[:, ::-1],
        "flip": shown[::-1],
    }
    for path in made("V17"):
        info = probe_video(path)
        expected = upright[path.stem]
        assert (info.height, info.width) == expected.shape[:2]
        assert psnr(collect(read_video(path))[1], expected) > LOOKS_LIKE
    (askew,) = made("V18")
    assert psnr(collect(read_video(askew))[1], shown) > LOOKS_LIKE


def test_odd_sizes_are_kept_and_narrow_pixels_made_square(made: Made) -> None:
    for path in made("V19"):
        assert collect(read_video(path)).shape == (3, 481, 853, 3)
    sizes = {path.stem: (probe_video(path).width, probe_video(path).height) for path in made("V22")}
    assert sizes == {"wide": (128, 48), "dv": (77, 48)}


def test_woven_fields_are_made_whole(made: Made) -> None:
    def combing(shown: np.ndarray) -> float:
        grey = shown.astype(float).mean(-1)[2:-2]
        return float(np.abs(grey[:, 1:-1] * 2 - grey[:, :-2] - grey[:, 2:]).mean())

    (path,) = made("V23")
    woven = [frame.to_ndarray(format="rgb24") for frame in av.open(str(path)).decode(video=0)]
    assert combing(collect(read_video(path))) < 0.5 * combing(np.stack(woven))


def test_high_dynamic_range_is_not_grey_and_is_tagged_as_what_it_became(made: Made, tmp_path: Path) -> None:
    for path in (*made("V24"), made("V25")[0]):
        stream = read_video(path)
        frame = collect(stream)[0].astype(int)
        assert frame[10, 10].min() > 215
        assert np.ptp(frame[10, 10]) <= 4
        assert 40 < frame[10, -10].mean() < 170
        written = write_video(read_video(path), tmp_path / f"out-{path.name}").path
        context = av.open(str(written)).streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)


def test_dolby_vision_without_a_picture_underneath_is_named(made: Made) -> None:
    with pytest.raises(MediaError, match="Dolby Vision"):
        probe_video(made("V25")[1])


def test_what_is_transparent_lies_on_white(made: Made) -> None:
    for path in made("V27"):
        read = collect(read_video(path)).astype(int)
        assert read[:, 5, -5].min() >= 250, path.name
        assert np.abs(read[:, 5, 5] - (200, 0, 0)).max() <= 12, path.name


def test_what_changes_half_way_keeps_the_size_it_began_with(made: Made) -> None:
    for id in ("V28", "V29"):
        (path,) = made(id)
        read = collect(read_video(path))
        assert read.shape == (12, HEIGHT, WIDTH, 3)
        later = frames(6, WIDTH, HEIGHT) if id == "V29" else None
        assert later is None or psnr(read[6:], later) > LOOKS_LIKE
        assert read[6:].std() > 20


def test_pictures_come_in_the_order_they_are_shown(made: Made) -> None:
    edited, late = made("V31")
    levels = [round((float(frame.mean()) - 20) / 4) for frame in collect(read_video(edited))]
    assert levels == list(range(12, 24))
    assert psnr(collect(read_video(late)), frames()) > LOOKS_LIKE
    (shuffled,) = made("V30")
    assert probe_video(shuffled).duration == pytest.approx(0.36, abs=0.05)


def test_sound_and_picture_stay_together_whatever_the_rate_was(made: Made, tmp_path: Path) -> None:
    """The picture turns white when the tone begins."""
    (path,) = made("V16")
    stream = read_video(path)
    written = write_video(stream, tmp_path / "out.mp4", sound=Sound(path)).path
    rate = float(stream.frame_rate)
    bright = next(index for index, frame in enumerate(collect(read_video(written))) if frame.mean() > 128) / rate
    heard = np.concatenate([part.to_ndarray()[0] for part in av.open(str(written)).decode(audio=0)])
    loud = int(np.argmax(np.abs(heard) > 0.1)) / 48_000
    assert abs(bright - 1.0) <= 1 / rate
    assert abs(bright - loud) <= 1 / rate


def test_a_fast_video_is_brought_to_the_rate_asked_for(made: Made) -> None:
    (path,) = made("V51")
    assert probe_video(path).frame_rate == 240
    slow = collect(read_video(path, frame_rate=Fraction(24)))
    assert psnr(slow, frames(120)[::10]) > LOOKS_LIKE


def test_nothing_of_where_it_was_recorded_or_lies_behind_it_gets_into_a_clip(made: Made, tmp_path: Path) -> None:
    for path in (*made("V52"), *made("V53"), *made("V36")):
        data = write_video(read_video(path), tmp_path / f"out-{path.stem}.mp4", sound=Sound(path)).path.read_bytes()
        for secret in (WHERE.encode(), b"+48.1", b"script", b"a.ttf"):
            assert secret not in data


def test_a_moving_gif_is_a_video_and_a_moving_webp_is_refused(made: Made) -> None:
    gif, webp = made("V49")
    assert len(collect(read_video(gif))) == 6
    with pytest.raises(MediaError, match=r"moving\.webp is not a video"):
        probe_video(webp)


def test_damage_costs_pictures_or_is_said_and_the_length_stays(made: Made) -> None:
    scratch, half = made("V04")
    assert len(collect(read_video(scratch))) == 48
    with pytest.raises(MediaError, match="nothing can be read after"):
        collect(read_video(half))
    for path in made("V05"):
        stream = read_video(path)
        assert 12 <= stream.num_frames < 48
        assert psnr(collect(stream), frames(48)[: stream.num_frames]) > 20


def test_four_hours_are_refused_before_they_are_read_and_a_part_is_taken(made: Made) -> None:
    (path,) = made("V14")
    begin = time.process_time()
    with pytest.raises(MediaError, match="600 s"):
        read_video(path)
    assert time.process_time() - begin < 2
    assert len(collect(read_video(path, start=7200, seconds=3))) == 3


@pytest.mark.parametrize("id", ["V21", "V54", "V55"])
def test_what_unfolds_does_so_in_little_memory(made: Made, id: str) -> None:
    imports = "from pipelines.media.probe import probe_video\nfrom pipelines.errors import MediaError"
    for path in made(id):
        done = f"probe_video({str(path)!r}); raise MediaError"
        assert grown(done, imports) < 300, path.name


def test_the_statement_of_a_signed_video_is_kept_in_that_of_the_clip(made: Made, tmp_path: Path) -> None:
    (path,) = made("V56")
    made_of_it = write_video(read_video(path), tmp_path / "out.mp4", origin="compositeWithTrainedAlgorithmicMedia").path
    assert sign_if_possible(path.parent, made_of_it, {"video": path}) is None
    said = read_statement(made_of_it)
    assert said is not None and not said.altered
    assert read_statement(path) is not None
    assert made_of_it.read_bytes().count(b"c2pa.claim") > path.read_bytes().count(b"c2pa.claim")
