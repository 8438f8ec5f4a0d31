"""The sound of a clip in its file: the source's own AAC packets where they fit, anything else encoded, in sync."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from av import CodecContext, FFmpegError, Packet
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import OutputContainer
from pydantic import Base64Bytes

from pipelines.media.confined import confined, confined_stream
from pipelines.media.container import opened
from pipelines.media.mixing import (
    RATE,
    Samples,
    audio_frame,
    audio_stream,
    first_picture_time,
    in_blocks,
    layout_of,
    mixed,
    packets_from,
    recorded,
)
from pipelines.types import Sound

SoundCodec = Literal["aac", "libopus", "pcm_s16le"]

_FRAME: dict[SoundCodec, int] = {"aac": 1024, "libopus": 960, "pcm_s16le": 1024}  # samples encoded at a time
_BIT_RATE = 192_000


class Soundtrack:
    """Packets of sound on their way into a file, in step with its pictures."""

    def __init__(self, out: OutputContainer, packets: Iterator[Packet]) -> None:
        self._out = out
        self._next: Packet | None = None
        self._packets = packets

    def write_until(self, seconds: float) -> None:
        """Write the sound up to that moment of the clip, so that sound and picture lie side by side in the file."""
        self._next = self._next or next(self._packets, None)
        while self._next is not None and float((self._next.pts or 0) * self._next.time_base) <= seconds:
            self._out.mux(self._next)
            self._next = next(self._packets, None)


@contextmanager
def soundtrack(
    out: OutputContainer, sound: Sound | None, length: float, codec: SoundCodec = "aac"
) -> Iterator[Soundtrack | None]:
    """What `sound` asks for over `length` seconds, while inside the block; None where nothing is heard.

    Seconds are counted from the source's first picture, so that sound stays with the picture it was recorded with.
    """
    with ExitStack() as stack:
        if sound is None:
            yield None
        elif sound.is_untouched:
            heard = None if sound.source is None else _heard(sound.source)
            if sound.source is None or heard is None:
                yield None
                return
            packets = _untouched(out, sound.source, heard, sound, length, codec)
            yield Soundtrack(out, stack.enter_context(closing(packets)))
        else:
            target = _added(out, codec, "stereo")
            samples = stack.enter_context(closing(mixed(sound, length)))
            yield Soundtrack(out, _encoded(samples, target, "stereo", _FRAME[codec]))


@dataclass(frozen=True)
class _Heard:
    """A source's sound as its container describes it. `origin`: seconds on its clock at the first picture."""

    codec: str
    rate: int
    layout: str
    described: Base64Bytes  # for a decoder; empty where there is nothing to say
    bit_rate: int
    time_base: Fraction
    origin: float
    is_mono: bool


@confined
def _heard(path: Path) -> _Heard | None:
    """The sound that a file has, if any can be read. Raises MediaError."""
    with opened(path) as source:
        stream = audio_stream(source)
        if stream is None:
            return None
        context = stream.codec_context
        return _Heard(
            context.name,
            context.sample_rate,
            context.layout.name,
            context.extradata or b"",
            context.bit_rate or 0,
            Fraction(stream.time_base or 1),
            first_picture_time(source),
            layout_of(stream) == "mono",
        )


def _untouched(
    out: OutputContainer, path: Path, heard: _Heard, sound: Sound, length: float, codec: SoundCodec
) -> Generator[Packet, None, None]:
    length = length if sound.seconds is None else min(length, sound.seconds)
    origin = heard.origin + sound.start
    if codec == heard.codec and heard.described and _can_be_described(heard):
        return _as_packets(_copied(path, origin, length), _described(out, heard), heard.time_base)
    layout = "mono" if heard.is_mono else "stereo"
    samples = _samples(path, layout, origin, int(length * RATE))
    return _encoded(samples, _added(out, codec, layout), layout, _FRAME[codec])


def _added(out: OutputContainer, codec: SoundCodec, layout: str) -> AudioStream:
    return out.add_stream(codec, rate=RATE, layout=layout, options={"b": str(_BIT_RATE)})


def _can_be_described(heard: _Heard) -> bool:
    """Whether the encoder of that name knows such sound; a few odd rates and layouts only a decoder does."""
    context = cast(AudioCodecContext, CodecContext.create(heard.codec, "w"))
    try:
        context.sample_rate, context.layout, context.format = heard.rate, heard.layout, "fltp"
        context.open()
    except (FFmpegError, ValueError):
        return False
    return True


def _described(out: OutputContainer, heard: _Heard) -> AudioStream:
    """A stream for packets that are encoded already: an encoder of ours that never encodes, with their description."""
    target = cast(AudioStream, out.add_stream(heard.codec, rate=heard.rate, layout=heard.layout))
    target.codec_context.open()
    target.codec_context.extradata, target.codec_context.bit_rate = heard.described, heard.bit_rate
    target.time_base = heard.time_base
    return target


@confined_stream
def _samples(path: Path, layout: str, origin: float, total: int) -> Iterator[Samples]:
    with opened(path) as source:
        stream = audio_stream(source)
        if stream is not None:
            yield from recorded(source, stream, layout, origin, total)


@confined_stream
def _copied(path: Path, origin: float, length: float) -> Iterator[tuple[int, int, Base64Bytes]]:
    """(time, duration, bytes) of the packets as they are, in units of the stream's time base, on the clip's clock.

    One before the beginning primes the decoder; players skip it.
    """
    with opened(path) as source:
        stream = audio_stream(source)
        if stream is None:
            return
        shift = round(Fraction(origin) / Fraction(stream.time_base or 1))
        for packet, begin, lasts in packets_from(source, stream, origin):
            if begin + 2 * lasts <= 0:
                continue
            if begin + lasts > length + 1e-6:
                return
            yield (packet.pts or 0) - shift, packet.duration or 0, bytes(packet)


def _as_packets(
    copied: Iterator[tuple[int, int, bytes]], target: AudioStream, base: Fraction
) -> Generator[Packet, None, None]:
    for time, lasts, data in copied:
        packet = Packet(data)
        packet.pts = packet.dts = time
        packet.duration, packet.time_base, packet.stream = lasts, base, target
        packet.is_keyframe = True
        yield packet


def _encoded(samples: Iterator[Samples], target: AudioStream, layout: str, size: int) -> Generator[Packet, None, None]:
    """The samples encoded, `size` at a time."""
    position = 0
    for block in in_blocks(samples, size):
        yield from target.encode(audio_frame(block, layout, position))
        position += block.shape[1]
    if position:
        yield from target.encode(None)
