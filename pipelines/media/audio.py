"""The sound of a clip: the source's own AAC packets where they fit, anything else encoded; always in sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av import FFmpegError, Packet
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from pipelines.media.container import AUDIO_DECODERS, opened

SoundCodec = Literal["aac", "libopus"]

_RATE = 48_000
_FRAME: dict[SoundCodec, int] = {"aac": 1024, "libopus": 960}  # samples an encoder takes at a time
_BIT_RATE = 192_000
_GAP = 0.05  # seconds by which the source's clock may wander before silence fills in or samples are dropped


class Soundtrack:
    """Adds the sound of `source`, from `start` seconds on for `length` seconds, to a file being written.

    Seconds are counted from the source's first picture, so that sound stays with the picture it was recorded with.
    """

    def __init__(
        self, out: OutputContainer, source: InputContainer, start: float, length: float, codec: SoundCodec
    ) -> None:
        self._out = out
        stream = _audio_stream(source)
        self._next: Packet | None = None
        self._packets: Iterator[Packet] = iter(())
        if stream is None:
            return
        origin = _first_picture_time(source) + start
        if codec == stream.codec_context.name and stream.codec_context.extradata:
            target = out.add_stream_from_template(stream)
            self._packets = _copied(source, stream, target, origin, length)
        else:
            target = out.add_stream(codec, rate=_RATE, layout=_layout(stream), options={"b": str(_BIT_RATE)})
            self._packets = _encoded(source, stream, target, origin, length, _FRAME[codec])

    def write_until(self, seconds: float) -> None:
        """Write the sound up to that moment of the clip, so that sound and picture lie side by side in the file."""
        self._next = self._next or next(self._packets, None)
        while self._next is not None and float((self._next.pts or 0) * self._next.time_base) <= seconds:
            self._out.mux(self._next)
            self._next = next(self._packets, None)


@contextmanager
def soundtrack(
    out: OutputContainer, path: Path | None, start: float, length: float, codec: SoundCodec = "aac"
) -> Iterator[Soundtrack | None]:
    """A Soundtrack fed from `path` while inside the block; None without a path. A file without sound adds none."""
    if path is None:
        yield None
        return
    with opened(path) as source:
        yield Soundtrack(out, source, start, length, codec)


def _audio_stream(source: InputContainer) -> AudioStream | None:
    for stream in source.streams.audio:
        if stream.codec_context is not None and stream.codec_context.codec.name in AUDIO_DECODERS:
            return stream
    return None


def _layout(stream: AudioStream) -> str:
    return "mono" if stream.codec_context.layout.nb_channels == 1 else "stereo"


def _first_picture_time(source: InputContainer) -> float:
    """Seconds on the file's own clock at which the first picture is shown, or the first sound where there is none."""
    streams = source.streams.video or source.streams.audio
    stream = streams[0]
    return float((stream.start_time or 0) * (stream.time_base or 1))


def _packets(source: InputContainer, stream: AudioStream, origin: float) -> Iterator[tuple[Packet, float, float]]:
    """(packet, seconds after `origin` at which it begins, seconds it lasts), from a little before `origin` on."""
    base = Fraction(stream.time_base or 1)
    if origin > 1:
        source.seek(int((origin - 0.5) / base), stream=stream)
    for packet in source.demux(stream):
        if packet.pts is not None:
            yield packet, float(packet.pts * base) - origin, float((packet.duration or 0) * base)


def _copied(
    source: InputContainer, stream: AudioStream, target: AudioStream, origin: float, length: float
) -> Iterator[Packet]:
    """The packets as they are, on the clip's clock. One before the beginning primes the decoder; players skip it."""
    shift = round(Fraction(origin) / Fraction(stream.time_base or 1))
    for packet, begin, lasts in _packets(source, stream, origin):
        if begin + 2 * lasts <= 0:
            continue
        if begin + lasts > length + 1e-6:
            return
        packet.pts = (packet.pts or 0) - shift
        packet.dts = packet.pts
        packet.stream = target
        yield packet


def _encoded(
    source: InputContainer, stream: AudioStream, target: AudioStream, origin: float, length: float, size: int
) -> Iterator[Packet]:
    """The sound decoded, cut to the sample, encoded at 48 kHz, `size` samples at a time."""
    layout = _layout(stream)
    total = int(length * _RATE)
    pending = np.zeros((1 if layout == "mono" else 2, 0), np.float32)
    position = 0
    for samples in _samples(source, stream, layout, origin, total):
        pending = np.concatenate([pending, samples], axis=1)
        while pending.shape[1] >= size:
            yield from target.encode(_frame(pending[:, :size], layout, position))
            pending, position = pending[:, size:], position + size
    if pending.shape[1]:
        yield from target.encode(_frame(pending, layout, position))
    if position or pending.shape[1]:
        yield from target.encode(None)


def _samples(
    source: InputContainer, stream: AudioStream, layout: str, origin: float, total: int
) -> Iterator[NDArray[np.float32]]:
    """(channels, n) float32 without gaps from `origin` on, `total` samples at most."""
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=_RATE)
    given = 0
    for packet, _, _ in _packets(source, stream, origin):
        try:
            decoded = stream.codec_context.decode(packet)
        except FFmpegError:
            continue  # the gap is filled when sound comes back
        for frame in decoded:
            begin = None if frame.time is None else round((frame.time - origin) * _RATE)
            samples = np.concatenate(
                [part.to_ndarray() for part in resampler.resample(frame)] or [_none(layout)], axis=1
            )
            if begin is not None and (given == 0 or abs(begin - given) > _GAP * _RATE):
                silence = np.zeros((samples.shape[0], max(0, min(begin, total) - given)), np.float32)
                samples = np.concatenate([silence, samples[:, max(0, given - begin) :]], axis=1)
            samples = samples[:, : total - given]
            given += samples.shape[1]
            yield samples
            if given >= total:
                return


def _none(layout: str) -> NDArray[np.float32]:
    return np.zeros((1 if layout == "mono" else 2, 0), np.float32)


def _frame(samples: NDArray[np.float32], layout: str, position: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = _RATE, position, Fraction(1, _RATE)
    return frame
