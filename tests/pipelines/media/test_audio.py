"""The source's sound stays with the clip: copied where it can be, encoded where not, in sync and no longer than it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.media.write import write_video
from pipelines.types import Sound
from tests.media_samples import make_video, moving_square, stream_of, tone


def _sound(path: Path) -> tuple[str, np.ndarray]:
    """The codec, and the samples on the file's clock from its beginning at 48 kHz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        samples = np.zeros(48_000 * 10, np.float32)
        for frame in container.decode(stream):
            begin, data = round(frame.time * 48_000), frame.to_ndarray()[0]
            skip = max(0, -begin)
            samples[max(0, begin) : max(0, begin) + len(data) - skip] = data[skip:]
        return stream.codec_context.name, samples


def _onset(samples: np.ndarray) -> float:
    """Seconds at which the tone begins."""
    return float(np.argmax(np.abs(samples) > 0.2)) / 48_000


def _written(tmp_path: Path, source: Path, count: int, rate: Fraction | int = 24, start: float = 0.0) -> Path:
    stream = stream_of(moving_square(count), rate)
    return write_video(stream, tmp_path / "clip.mp4", sound=Sound(source, start)).path


def test_aac_is_copied_packet_for_packet(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", moving_square(48), sound=tone(2, onset=0.5))
    path = _written(tmp_path, source, 48)
    with av.open(str(source)) as one, av.open(str(path)) as other:
        wanted = [bytes(packet) for packet in one.demux(audio=0) if packet.size]
        given = [bytes(packet) for packet in other.demux(audio=0) if packet.size]
    assert given == wanted[: len(given)]
    assert len(given) >= len(wanted) - 2
    codec, samples = _sound(path)
    assert codec == "aac"
    assert _onset(samples) == pytest.approx(0.5, abs=0.003)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_packets_keep_their_times_whatever_clock_they_come_from(tmp_path: Path, start: float) -> None:
    source = make_video(tmp_path / "source.mkv", moving_square(96), sound=tone(4, onset=2.5))
    path = _written(tmp_path, source, 84, start=start)
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        times = [float(packet.pts * stream.time_base) for packet in container.demux(stream) if packet.pts is not None]
    assert np.diff(times) == pytest.approx(1024 / 48_000, abs=0.002)
    codec, samples = _sound(path)
    assert codec == "aac" and _onset(samples) == pytest.approx(2.5 - start, abs=0.003)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mov", "pcm_s16le"), ("mkv", "libopus"), ("mkv", "libmp3lame"), ("mkv", "flac")]
)
def test_other_sound_is_encoded_and_stays_in_sync(tmp_path: Path, suffix: str, codec: str) -> None:
    source = make_video(tmp_path / f"source.{suffix}", moving_square(48), sound=tone(2, onset=0.5), sound_codec=codec)
    name, samples = _sound(_written(tmp_path, source, 48))
    assert name == "aac"
    assert _onset(samples) == pytest.approx(0.5, abs=0.012)
    assert np.abs(samples[48_000:72_000]).max() == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "aac"), ("mov", "pcm_s16le")])
def test_a_part_takes_its_own_sound(tmp_path: Path, suffix: str, codec: str) -> None:
    source = make_video(tmp_path / f"source.{suffix}", moving_square(96), sound=tone(4, onset=2.5), sound_codec=codec)
    _, samples = _sound(_written(tmp_path, source, 48, start=2.0))
    assert _onset(samples) == pytest.approx(0.5, abs=0.012)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("rate", [24, 60])
def test_longer_sound_ends_with_the_picture(tmp_path: Path, codec: str, rate: int) -> None:
    source = make_video(tmp_path / "source.mov", moving_square(24), sound=tone(5), sound_codec=codec)
    with av.open(str(_written(tmp_path, source, 30, rate))) as container:
        assert container.duration / 1e6 == pytest.approx(30 / rate, abs=1 / rate)
        assert float(container.streams.audio[0].duration * container.streams.audio[0].time_base) > 30 / rate - 0.05


def test_shorter_sound_is_kept_whole(tmp_path: Path) -> None:
    source = make_video(tmp_path / "source.mp4", moving_square(48), sound=tone(1))
    path = _written(tmp_path, source, 48)
    with av.open(str(path)) as container:
        assert container.duration / 1e6 == pytest.approx(2, abs=0.03)
    assert np.abs(_sound(path)[1][40_000:46_000]).max() > 0.4


def test_a_file_without_sound_adds_none(tmp_path: Path) -> None:
    path = _written(tmp_path, make_video(tmp_path / "silent.mp4", moving_square(24)), 24)
    with av.open(str(path)) as container:
        assert not container.streams.audio
