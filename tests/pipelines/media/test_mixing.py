"""Sound and music are mixed, paced and faded as asked, to the sample."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.media.mixing import RATE, check_sound, mixed
from pipelines.media.write import write_video
from pipelines.types import Sound
from tests.media_samples import make_video, moving_square, stream_of, tone


def _song(path: Path, seconds: float, pitch: float = 880.0, codec: str | None = None) -> Path:
    """A sound file of one steady tone."""
    codec = codec or {".mp3": "libmp3lame", ".flac": "flac", ".ogg": "libopus", ".wav": "pcm_s16le"}.get(
        path.suffix, "aac"
    )
    samples = (0.25 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE, layout="stereo")
        size = stream.codec_context.frame_size or 1024
        for begin in range(0, len(samples), size):
            part = np.repeat(samples[None, begin : begin + size], 2, axis=0)
            planar = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout="stereo")
            planar.sample_rate, planar.pts = RATE, begin
            for fitting in av.AudioResampler(format=stream.codec_context.format, layout="stereo").resample(planar):
                out.mux(stream.encode(fitting))
        out.mux(stream.encode(None))
    return path


def _heard(sound: Sound, length: float) -> np.ndarray:
    return np.concatenate(list(mixed(sound, length)), axis=1)


def _loudness(samples: np.ndarray, pitch: float, begin: float, end: float) -> float:
    """The amplitude of one tone between two moments, of the left channel."""
    part = samples[0, round(begin * RATE) : round(end * RATE)]
    wave = np.exp(-2j * np.pi * pitch * np.arange(len(part)) / RATE)
    return float(2 * np.abs(np.mean(part * wave)))


def test_the_length_is_exact_whatever_the_files_last(tmp_path: Path) -> None:
    music = _song(tmp_path / "song.wav", 0.7)
    for seconds in (0.01, 0.5, 1.0, 3.21):
        assert _heard(Sound(music=music), seconds).shape == (2, round(seconds * RATE))


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "wav", "flac", "ogg"])
def test_music_of_every_usual_kind_is_heard_and_begins_again_where_it_ends(tmp_path: Path, suffix: str) -> None:
    music = _song(tmp_path / f"song.{suffix}", 1.0)
    check_sound(music)
    heard = _heard(Sound(music=music), 3.0)
    for begin in (0.2, 1.3, 2.3):
        assert _loudness(heard, 880, begin, begin + 0.5) == pytest.approx(0.25, rel=0.1)


def test_gains_are_decibels_and_both_voices_are_in_the_mix(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", moving_square(48), sound=tone(2))  # 440 Hz, 0.5
    music = _song(tmp_path / "song.wav", 2.0)
    heard = _heard(Sound(source, gain=-6.0206, music=music, music_gain=-12.0412), 2.0)
    assert _loudness(heard, 440, 0.5, 1.5) == pytest.approx(0.25, rel=0.05)
    assert _loudness(heard, 880, 0.5, 1.5) == pytest.approx(0.0625, rel=0.05)


def test_what_is_too_loud_is_held_at_full_scale(tmp_path: Path) -> None:
    heard = _heard(Sound(music=_song(tmp_path / "song.wav", 1.0), music_gain=20.0), 1.0)
    assert np.abs(heard).max() == 1.0


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 4.0])
def test_another_speed_keeps_the_pitch_and_changes_the_time(tmp_path: Path, speed: float) -> None:
    source = make_video(tmp_path / "source.mov", moving_square(96), sound=tone(4, onset=2), sound_codec="pcm_s16le")
    heard = _heard(Sound(source, speed=speed), 4 / speed)
    onset = float(np.argmax(np.abs(heard[0]) > 0.2)) / RATE
    assert onset == pytest.approx(2 / speed, abs=max(0.06, 0.03 / speed))
    middle = 3 / speed
    assert _loudness(heard, 440, middle - 0.1, middle + 0.1) == pytest.approx(0.5, rel=0.15)


def test_only_the_part_in_use_is_heard(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", moving_square(96), sound=tone(4, onset=1))
    heard = _heard(Sound(source, start=0.5, seconds=1.0, gain=-1.0), 2.0)
    assert np.abs(heard[:, : round(0.45 * RATE)]).max() < 0.02
    assert _loudness(heard, 440, 0.6, 0.95) > 0.4
    assert np.abs(heard[:, round(1.05 * RATE) :]).max() < 0.02


def test_sound_comes_up_and_goes_away_evenly(tmp_path: Path) -> None:
    music = _song(tmp_path / "song.wav", 4.0)
    heard = _heard(Sound(music=music, fade_in=1.0, fade_out=2.0), 4.0)
    assert _loudness(heard, 880, 0.45, 0.55) == pytest.approx(0.125, rel=0.1)
    assert _loudness(heard, 880, 1.2, 1.8) == pytest.approx(0.25, rel=0.05)
    assert _loudness(heard, 880, 2.95, 3.05) == pytest.approx(0.125, rel=0.1)
    assert np.abs(heard[:, :20]).max() < 0.01 and np.abs(heard[:, -20:]).max() < 0.01


def test_a_file_without_sound_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"silent\.mp4 holds no sound"):
        check_sound(make_video(tmp_path / "silent.mp4", moving_square(5)))


def test_the_mix_lies_in_the_clip_in_step_with_its_pictures(tmp_path: Path) -> None:
    music = _song(tmp_path / "song.mp3", 0.5)
    path = write_video(stream_of(moving_square(48), 24), tmp_path / "clip.mp4", sound=Sound(music=music)).path
    with av.open(str(path)) as container:
        sound, video = container.streams.audio[0], container.streams.video[0]
        assert float(sound.duration * sound.time_base) == pytest.approx(2.0, abs=0.03)
        assert float(video.duration * video.time_base) == pytest.approx(2.0, abs=0.001)
