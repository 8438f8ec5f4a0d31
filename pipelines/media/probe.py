"""What a video or picture is, learnt from its headers and first picture: quick enough to ask at the door."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from av import FFmpegError, VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import MediaError
from pipelines.media.confined import confined
from pipelines.media.container import decoder_of, open_bytes, opened, shown_name, size_of, video_stream
from pipelines.media.images import image_size
from pipelines.media.limits import MAX_RATE, MAX_SECONDS, check_video_size
from pipelines.media.upright import Turn, has_alpha, turn_of

_KNOWN_RATES = tuple(
    Fraction(rate) for rate in (8, 10, 12, 15, 16, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
) + tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120, 240))
_ROUNDING = Fraction(1, 5000)  # a fifth of the way from 24 to 23.976; for containers that count in milliseconds
_NEAR = Fraction(1, 50)
_SCAN_SECONDS = 1.2  # patience with a container that does not say how long it is
_FIRST_PACKETS = 300  # patience with one whose first pictures do not decode


@dataclass(frozen=True)
class VideoInfo:
    """A video as Septet sees it: upright, square-pixelled, at one constant rate. `duration` is in seconds."""

    width: int
    height: int
    frame_rate: Fraction
    num_frames: int
    duration: float
    has_audio: bool
    has_alpha: bool


@dataclass(frozen=True)
class Track:
    """What the reader needs beyond VideoInfo.

    first        seconds on the file's own clock at which the first picture is shown
    last         seconds after `first` at which the last picture is shown
    turn         how stored pixels become upright
    interlaced   whether the pictures are woven from two fields
    """

    info: VideoInfo
    first: Fraction
    last: float
    turn: Turn
    interlaced: bool


def probe_video(path: Path | str) -> VideoInfo:
    """What the video is. Raises MediaError, in well under two seconds, for what cannot be read.

    That includes what is too small, large, narrow or fast. Length is limited where a part is read: see `used_seconds`.
    """
    path = Path(path)
    info = inspect(path).info
    check_video_size(shown_name(path), info.width, info.height)
    return info


def probe_image(path: Path | str) -> tuple[int, int]:
    """(width, height) of a picture, upright, from its header. Raises MediaError as `read_image` does."""
    return image_size(Path(path))


def used_seconds(info: VideoInfo, path: Path, start: float, seconds: float | None) -> float:
    """Seconds the part from `start` on lasts, at most `seconds`. Raises MediaError past the end or the limit."""
    if start >= info.duration:
        raise MediaError(
            f"start is {start:g} s, but {shown_name(path)} lasts {info.duration:.2f} s. Choose an earlier start."
        )
    used = info.duration - start if seconds is None else min(seconds, info.duration - start)
    if used > MAX_SECONDS + 1:
        raise MediaError(
            f"{shown_name(path)} would give {used:.0f} s of video; the limit is {MAX_SECONDS:.0f} s. "
            "Choose a part of it with start and seconds."
        )
    return used


def inspect(path: Path) -> Track:
    """Open the file, decode its first picture and measure its timing. No limits are applied but those of reading it.

    The answer is kept while the file stays as it is: one request asks for it half a dozen times.
    """
    with open_bytes(path) as file:
        facts = os.fstat(file.fileno())
    return _inspected(path, (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))


@lru_cache(maxsize=256)
def _inspected(path: Path, _stamp: tuple[int, ...]) -> Track:
    return _measured(path)


@confined
def _measured(path: Path) -> Track:
    name = shown_name(path)
    with opened(path) as container:
        stream = video_stream(container, name)
        frame = _first_picture(container, stream, name)
        timing = _timing(container, stream, path)
        turn = turn_of(frame)
        width, height = turn.size(*_square(frame, stream))
        rate = _rate(stream, timing, name)
        num_frames = max(1, round(timing.duration * rate))
        info = VideoInfo(
            width=width,
            height=height,
            frame_rate=rate,
            num_frames=num_frames,
            duration=float(timing.duration),
            has_audio=bool(container.streams.audio),
            has_alpha=has_alpha(frame),
        )
        first = Fraction(frame.pts or 0) * Fraction(frame.time_base or stream.time_base or 1)
        return Track(info, first, float(timing.last), turn, frame.interlaced_frame)


@dataclass(frozen=True)
class _Timing:
    """Seconds, from the first picture on: when the last one begins, when it ends; and the usual step between two."""

    count: int
    last: Fraction
    duration: Fraction
    step: Fraction


def _first_picture(container: InputContainer, stream: VideoStream, name: str) -> VideoFrame:
    decode = decoder_of(stream)
    for index, packet in enumerate(container.demux(stream)):
        if packet.has_sidedata("encryption_info"):
            raise MediaError(f"{name} is encrypted, so its pictures cannot be seen. Use a copy without protection.")
        try:
            for frame in decode(packet):
                return frame
        except FFmpegError:
            pass  # a damaged packet at the start; the next key frame may still decode
        if index > _FIRST_PACKETS:
            break
    raise MediaError(f"{name} holds no picture that can be decoded. Export or upload it again.")


def _timing(container: InputContainer, stream: VideoStream, path: Path) -> _Timing:
    """From the index where the container has one, by walking the packets where it has not."""
    base = Fraction(stream.time_base or 1)
    if stream.frames and stream.duration and container.format.name == "mov":
        entries = list(stream.index_entries)
        if entries and max(entry.pos + entry.size for entry in entries) > size_of(path):
            raise MediaError(f"{shown_name(path)} is cut off: its end is missing. Copy or upload it again.")
        kept = [entry.timestamp for entry in entries if not entry.is_discard] or [0]
        final = kept[-1] - kept[-2] if len(kept) > 1 else 0
        end = stream.duration if len(kept) == stream.frames else kept[-1] - kept[0] + final
        span = kept[-1] - kept[0]
        return _Timing(len(kept), span * base, max(end, span) * base, _usual(kept) * base)
    times, ends = _walk(container, stream)
    times.sort()
    usual = _usual(times)
    last = times[-1] - times[0] if times else 0
    end = max(ends, default=0) - times[0] if times else 0
    return _Timing(len(times), last * base, max(end, last + usual) * base, usual * base)


def _usual(times: list[int]) -> int:
    """The median step between neighbours; 0 for a single one."""
    steps = sorted(later - earlier for earlier, later in pairwise(times) if later > earlier)
    return steps[len(steps) // 2] if steps else 0


def _walk(container: InputContainer, stream: VideoStream) -> tuple[list[int], list[int]]:
    """Begin and end of every packet in units of the stream's time base; the container's word where patience ends."""
    container.seek(0, backward=True, any_frame=False)
    times: list[int] = []
    ends: list[int] = []
    deadline = time.monotonic() + _SCAN_SECONDS
    for packet in container.demux(stream):
        if packet.pts is None or packet.is_discard:
            continue
        times.append(packet.pts)
        ends.append(packet.pts + (packet.duration or 0))
        if time.monotonic() > deadline and container.duration:
            base = Fraction(stream.time_base or 1)
            ends.append(times[0] + int(Fraction(container.duration, 1_000_000) / base))
            times.append(ends[-1] - (packet.duration or 1))
            break
    return times, ends


def _rate(stream: VideoStream, timing: _Timing, name: str) -> Fraction:
    """The constant rate that fits: the file's own where its pictures are evenly spaced, else the nearest usual one."""
    stated = Fraction(stream.average_rate or 0)
    measured = (timing.count - 1) / timing.last if timing.last > 0 else stated
    if measured == 0:
        measured = stated = 1 / timing.duration if timing.duration else Fraction(24)
    slack = max(Fraction(1, 200), 1 / (Fraction(timing.count) * 2))
    even = stated == stream.base_rate or _known(stated, _ROUNDING) is not None
    if even and abs(stated / measured - 1) <= slack:
        rate = _known(stated, _ROUNDING) or stated.limit_denominator(1001)
    else:
        usual = 1 / timing.step if timing.step else measured
        rate = _known(measured, _NEAR) or _known(max(usual, measured), _NEAR) or measured.limit_denominator(1001)
    if not 1 <= rate <= MAX_RATE:
        if timing.count == 1:
            return Fraction(24) if rate > MAX_RATE else Fraction(1)  # it lasts for as long as a container can say
        if timing.count <= 2 and rate < 1:
            return Fraction(1)  # one or two long pictures
        raise MediaError(
            f"{name} runs at {float(rate):.4g} frames per second; Septet reads 1 to {MAX_RATE}. Convert it to 24 or 30."
        )
    return rate


def _known(rate: Fraction, tolerance: Fraction) -> Fraction | None:
    """The usual rate within that relative distance, or None."""
    nearest = min(_KNOWN_RATES, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= tolerance * rate else None


def _square(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Stored width and height with the width stretched to square pixels."""
    aspect = Fraction(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1)
    return max(1, round(frame.width * (aspect or 1))), frame.height
