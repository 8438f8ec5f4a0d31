"""What is heard with a clip, as samples: a source's sound in step with its pictures, music under it, faded at the ends.

Samples are float32 in -1..1, (channels, n), 48 kHz, without gaps.
"""

from __future__ import annotations

import wave
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import FFmpegError, Packet
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from pipelines.errors import MediaError
from pipelines.media.confined import confined, confined_stream
from pipelines.media.container import AUDIO_DECODERS, SOUND_FORMATS, opened, shown_name
from pipelines.media.filters import pulled
from pipelines.types import Sound

Samples = NDArray[np.float32]

RATE = 48_000
_GAP = 0.05  # seconds by which a source's clock may wander before silence fills in or samples are dropped
_SHORTEST = 0.1  # seconds of music: it is opened anew each time it begins again
_BLOCK = 4096  # samples mixed at a time
_SLOWEST = 0.5  # what one tempo filter can do; slower takes two


@confined
def check_sound(path: Path) -> None:
    """Raises MediaError for a file that holds no sound Septet can read."""
    name = shown_name(path)
    with opened(path, sound=True) as source:
        if audio_stream(source) is None:
            raise MediaError(f"{name} holds no sound Septet can read. Use {SOUND_FORMATS}.")
        if source.duration is not None and source.duration < _SHORTEST * 1e6:
            raise MediaError(f"{name} lasts {source.duration / 1e6:.3f} s; music must last {_SHORTEST} s. Choose more.")


def audio_stream(source: InputContainer) -> AudioStream | None:
    """The first sound an allowed decoder reads."""
    for stream in source.streams.audio:
        if stream.codec_context is not None and stream.codec_context.codec.name in AUDIO_DECODERS:
            return stream
    return None


def layout_of(stream: AudioStream) -> str:
    """Mono stays mono; everything else becomes stereo."""
    return "mono" if stream.codec_context.layout.nb_channels == 1 else "stereo"


def first_picture_time(source: InputContainer) -> float:
    """Seconds on the file's own clock at which the first picture is shown, or the first sound where there is none."""
    streams = source.streams.video or source.streams.audio
    stream = streams[0]
    return float((stream.start_time or 0) * (stream.time_base or 1))


def packets_from(source: InputContainer, stream: AudioStream, origin: float) -> Iterator[tuple[Packet, float, float]]:
    """(packet, seconds after `origin` at which it begins, seconds it lasts), from a little before `origin` on."""
    base = Fraction(stream.time_base or 1)
    if origin > 1:
        source.seek(int((origin - 0.5) / base), stream=stream)
    for packet in source.demux(stream):
        if packet.pts is not None:
            yield packet, float(packet.pts * base) - origin, float((packet.duration or 0) * base)


def recorded(source: InputContainer, stream: AudioStream, layout: str, origin: float, total: int) -> Iterator[Samples]:
    """The source's sound from `origin` on, in step with its own clock, `total` samples at most."""
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
    given = 0
    for packet, _, _ in packets_from(source, stream, origin):
        try:
            decoded = stream.codec_context.decode(packet)
        except FFmpegError:
            continue  # the gap is filled when sound comes back
        for frame in decoded:
            begin = None if frame.time is None else round((frame.time - origin) * RATE)
            samples = np.concatenate(
                [part.to_ndarray() for part in resampler.resample(frame)] or [_none(layout)], axis=1
            )
            if begin is not None and (given == 0 or abs(begin - given) > _GAP * RATE):
                silence = np.zeros((samples.shape[0], max(0, min(begin, total) - given)), np.float32)
                samples = np.concatenate([silence, samples[:, max(0, given - begin) :]], axis=1)
            samples = samples[:, : total - given]
            given += samples.shape[1]
            yield samples
            if given >= total:
                return


def mixed(sound: Sound, length: float) -> Generator[Samples, None, None]:
    """Everything `sound` asks for over `length` seconds, in stereo, blocks of equal size but for the last."""
    total = round(length * RATE)
    with ExitStack() as stack:
        voices = []
        if sound.source is not None:
            used = min(length * sound.speed, length * sound.speed if sound.seconds is None else sound.seconds)
            voice = _source_voice(sound.source, sound.start, round(used * RATE), sound.speed)
            voices.append((voice, _factor(sound.gain)))
        if sound.music is not None:
            voices.append((_music_voice(sound.music, total), _factor(sound.music_gain)))
        streams = [(_then_silence(stack.enter_context(closing(voice))), factor) for voice, factor in voices]
        for begin in range(0, total, _BLOCK):
            count = min(_BLOCK, total - begin)
            block = np.zeros((2, _BLOCK), np.float32)
            for stream, factor in streams:
                block += np.float32(factor) * next(stream)
            block *= _fades(sound, begin, total)
            yield np.clip(block[:, :count], -1, 1)


def write_wav(samples: Iterable[Samples], path: Path) -> None:
    """Stereo samples as a 16-bit WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", "not compressed"))
        for block in samples:
            out.writeframes(np.rint(block.T * 32767).astype("<i2").tobytes())


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _fades(sound: Sound, begin: int, total: int) -> Samples:
    """(_BLOCK,) how loud each sample is to be."""
    places = np.arange(begin, begin + _BLOCK, dtype=np.float64)
    loud = np.ones(_BLOCK)
    if sound.fade_in:
        loud = np.minimum(loud, places / (sound.fade_in * RATE))
    if sound.fade_out:
        loud = np.minimum(loud, (total - places) / (sound.fade_out * RATE))
    return np.clip(loud, 0, 1).astype(np.float32)


@confined_stream
def _source_voice(path: Path, start: float, total: int, speed: float) -> Iterator[Samples]:
    """`total` samples of the file's sound, `start` seconds after its first picture on, paced."""
    with opened(path) as source:
        stream = audio_stream(source)
        if stream is None:
            return
        samples = _in_stereo(source, stream, first_picture_time(source) + start, total)
        yield from samples if speed == 1 else _paced(samples, speed)


def _in_stereo(source: InputContainer, stream: AudioStream, origin: float, total: int) -> Iterator[Samples]:
    """Like `recorded`; mono goes to both sides as loud as it is, where a resampler would take 3 dB from it."""
    for samples in recorded(source, stream, layout_of(stream), origin, total):
        yield np.broadcast_to(samples, (2, samples.shape[1]))


@confined_stream
def _music_voice(path: Path, total: int) -> Iterator[Samples]:
    """The file's sound over and over; each pass is decoded anew, so that nothing long is held."""
    left = total
    while left > 0:
        before = left
        with opened(path) as source:
            stream = audio_stream(source)
            if stream is None:
                return
            start = float((stream.start_time or 0) * (stream.time_base or 1))
            for samples in _in_stereo(source, stream, start, left):
                left -= samples.shape[1]
                yield samples
        if left == before:
            return


def _paced(samples: Iterator[Samples], speed: float) -> Iterator[Samples]:
    """The same sound `speed` times as fast at the same pitch (ffmpeg's atempo)."""
    graph = av.filter.Graph()
    steps = [_SLOWEST, speed / _SLOWEST] if speed < _SLOWEST else [speed]
    graph.link_nodes(
        graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE)),
        *(graph.add("atempo", f"{step:.6f}") for step in steps),
        graph.add("aformat", "sample_fmts=fltp"),
        graph.add("abuffersink"),
    ).configure()
    position = 0
    for block in samples:
        if block.shape[1]:
            graph.push(audio_frame(block, "stereo", position))
            position += block.shape[1]
        yield from (np.asarray(frame.to_ndarray(), np.float32) for frame in pulled(graph))
    graph.push(None)
    yield from (np.asarray(frame.to_ndarray(), np.float32) for frame in pulled(graph))


def _then_silence(voice: Iterator[Samples]) -> Iterator[Samples]:
    """The same samples, _BLOCK at a time, then silence for ever."""
    for block in in_blocks(voice, _BLOCK):
        yield np.pad(block, ((0, 0), (0, _BLOCK - block.shape[1])))
    while True:
        yield np.zeros((2, _BLOCK), np.float32)


def in_blocks(samples: Iterator[Samples], size: int) -> Iterator[Samples]:
    """The same samples, `size` at a time; the last block may be shorter."""
    pending: Samples | None = None
    for part in samples:
        pending = part if pending is None else np.concatenate([pending, part], axis=1)
        while pending.shape[1] >= size:
            yield pending[:, :size]
            pending = pending[:, size:]
    if pending is not None and pending.shape[1]:
        yield pending


def audio_frame(samples: Samples, layout: str, position: int) -> av.AudioFrame:
    """The samples as PyAV takes them, `position` samples after the beginning."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = RATE, position, Fraction(1, RATE)
    return frame


def _none(layout: str) -> Samples:
    return np.zeros((1 if layout == "mono" else 2, 0), np.float32)
