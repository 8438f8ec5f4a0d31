"""Whole trips: files as cameras, phones and the web make them go in, an independent reader looks at what comes out.

The reader is the ffmpeg program that imageio brings: another build of another version than the library that wrote.
"""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.finish import FinishRequest, FinishVideo
from pipelines.media.read import read_video
from pipelines.settings import Finishing
from pipelines.types import Clip
from tests.media_samples import collect, make_video, moving_square, picture, tone, turn

LOSSLESS = {"crf": "2"}


def _through(video: Path, folder: Path, **finishing: object) -> Clip:
    request = FinishVideo.prepare(FinishRequest(video=str(video), finishing=Finishing(**finishing)))  # type: ignore[arg-type]
    return FinishVideo(None).run(request, folder, lambda _progress: None)  # type: ignore[arg-type]


def _told(path: Path) -> str:
    """What ffmpeg says of a file."""
    return subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", path], capture_output=True, text=True
    ).stderr


def _onset(path: Path) -> float:
    """Seconds at which sound is first heard, as the other reader decodes it, on the pictures' clock."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:a",
        "-af",
        "aresample=async=1:first_pts=0",
    ]
    command += ["-ac", "1", "-ar", "48000", "-f", "f32le", "-"]
    samples = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)
    return float(np.argmax(np.abs(samples) > 0.15)) / 48_000


@pytest.mark.parametrize(
    ("rate", "said"),
    [(Fraction(24000, 1001), "23.98 fps"), (Fraction(30000, 1001), "29.97 fps"), (Fraction(25), "25 fps")],
)
def test_rate_size_length_and_tags_as_another_reader_sees_them(tmp_path: Path, rate: Fraction, said: str) -> None:
    clip = _through(make_video(tmp_path / "in.mp4", moving_square(48, 160, 96), rate), tmp_path / "out")
    told = _told(clip.path)
    assert said in told
    assert re.search(r"h264 \(High\).*yuv420p\(tv, bt709.*160x96", told)
    hours, minutes, seconds = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told).groups()
    length = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    assert length == pytest.approx(float(48 / rate), abs=float(1 / rate))


def test_four_by_three_dv_comes_out_at_its_true_shape(tmp_path: Path) -> None:
    frames = np.stack([picture(720, 576)] * 3)
    video = make_video(tmp_path / "tape.mov", frames, 25, aspect=Fraction(16, 15), options=LOSSLESS)
    clip = _through(video, tmp_path / "out")
    assert (clip.width, clip.height) == (768, 576)
    assert "SAR" not in _told(clip.path) or "[SAR 1:1 DAR 4:3]" in _told(clip.path)


@pytest.mark.parametrize("matrix", ["90", "180", "270", "mirror"])
def test_a_turned_phone_video_is_upright_for_every_reader(tmp_path: Path, matrix: str) -> None:
    video = turn(make_video(tmp_path / "phone.mp4", moving_square(5, 160, 96), options=LOSSLESS), matrix)
    clip = _through(video, tmp_path / "out")
    assert (clip.width, clip.height) == ((96, 160) if matrix in ("90", "270") else (160, 96))
    assert "displaymatrix" not in _told(clip.path)


def test_surround_sound_is_kept_in_step_as_stereo(tmp_path: Path) -> None:
    video = tmp_path / "surround.mkv"
    samples = np.repeat(tone(2, onset=0.5)[None], 6, axis=0)
    make_video(tmp_path / "silent.mp4", moving_square(48), 24)
    with av.open(str(tmp_path / "silent.mp4")) as source, av.open(str(video), "w") as out:
        pictures = out.add_stream_from_template(source.streams.video[0])
        sound = out.add_stream("flac", rate=48_000, layout="5.1")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                out.mux(packet)
        frame = av.AudioFrame.from_ndarray(
            (samples * 32767).astype(np.int16).T.reshape(1, -1), format="s16", layout="5.1"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    clip = _through(video, tmp_path / "out")
    assert re.search(r"Audio: aac.*48000 Hz, stereo", _told(clip.path))
    assert _onset(clip.path) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(60)])
def test_sound_is_in_step_within_twenty_milliseconds(tmp_path: Path, codec: str, rate: Fraction) -> None:
    frames = moving_square(int(2 * rate), 64, 48, step=0.2)
    video = make_video(tmp_path / "in.mov", frames, rate, sound=tone(2, onset=1.0), sound_codec=codec)
    assert _onset(_through(video, tmp_path / "out").path) == pytest.approx(1.0, abs=0.02)


def test_colours_stay_within_a_hundredth_on_the_whole_way(tmp_path: Path) -> None:
    colours = [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 40, 40), (40, 180, 60), (50, 60, 210), (220, 200, 90)]
    frames = np.stack([np.full((48, 64, 3), colour, np.uint8) for colour in colours for _ in range(3)])
    video = make_video(tmp_path / "in.mp4", frames, 24, options=LOSSLESS)
    before, after = (collect(read_video(path)).astype(int) for path in (video, _through(video, tmp_path / "out").path))
    assert np.abs(before - after).max() <= 3
    assert np.abs(before.mean((1, 2)) - after.mean((1, 2))).max() <= 2.55


def test_a_file_of_four_hours_is_refused_by_its_length(tmp_path: Path) -> None:
    frames = np.zeros((4 * 3600, 32, 32, 3), np.uint8)
    video = make_video(tmp_path / "long.mp4", frames, 1, options={"preset": "ultrafast"})
    with pytest.raises(MediaError, match="14400 s long; the limit is 600 s"):
        _through(video, tmp_path / "out")
