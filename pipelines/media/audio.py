"""The sound of a clip in its file: the source's own AAC packets where they fit, anything else encoded, in sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from fractions import Fraction
from typing import Literal

from av import Packet
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

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
            source = stack.enter_context(opened(sound.source)) if sound.source is not None else None
            yield _untouched(out, source, sound, length, codec) if source is not None else None
        else:
            target = _added(out, codec, "stereo")
            samples = stack.enter_context(closing(mixed(sound, length)))
            yield Soundtrack(out, _encoded(samples, target, "stereo", _FRAME[codec]))


def _untouched(
    out: OutputContainer, source: InputContainer, sound: Sound, length: float, codec: SoundCodec
) -> Soundtrack | None:
    stream = audio_stream(source)
    if stream is None:
        return None
    length = length if sound.seconds is None else min(length, sound.seconds)
    origin = first_picture_time(source) + sound.start
    if codec == stream.codec_context.name and stream.codec_context.extradata:
        target = out.add_stream_from_template(stream)
        return Soundtrack(out, _copied(source, stream, target, origin, length))
    layout = layout_of(stream)
    samples = recorded(source, stream, layout, origin, int(length * RATE))
    return Soundtrack(out, _encoded(samples, _added(out, codec, layout), layout, _FRAME[codec]))


def _added(out: OutputContainer, codec: SoundCodec, layout: str) -> AudioStream:
    return out.add_stream(codec, rate=RATE, layout=layout, options={"b": str(_BIT_RATE)})


def _copied(
    source: InputContainer, stream: AudioStream, target: AudioStream, origin: float, length: float
) -> Iterator[Packet]:
    """The packets as they are, on the clip's clock. One before the beginning primes the decoder; players skip it."""
    shift = round(Fraction(origin) / Fraction(stream.time_base or 1))
    for packet, begin, lasts in packets_from(source, stream, origin):
        if begin + 2 * lasts <= 0:
            continue
        if begin + lasts > length + 1e-6:
            return
        packet.pts = (packet.pts or 0) - shift
        packet.dts = packet.pts
        packet.stream = target
        yield packet


def _encoded(samples: Iterator[Samples], target: AudioStream, layout: str, size: int) -> Iterator[Packet]:
    """The samples encoded, `size` at a time."""
    position = 0
    for block in in_blocks(samples, size):
        yield from target.encode(audio_frame(block, layout, position))
        position += block.shape[1]
    if position:
        yield from target.encode(None)
