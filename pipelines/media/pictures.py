"""Decoded pictures on a constant clock: nearest in time, whole where they were woven, whatever the file's own rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
from av import FFmpegError, VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import MediaError
from pipelines.media.container import decoder_of, opened, shown_name, video_stream
from pipelines.media.filters import pulled
from pipelines.media.probe import Track

MAX_CHUNK = 16  # frames
_CHUNK_BYTES = 24_000_000
_SEEK_FROM = 1.0  # seconds; before that, decoding from the start is as quick as seeking
_TOLERATED_LOSS = 1.0  # seconds of a damaged file's end that may be replaced by its last good picture
_MAX_DAMAGED = 100  # packets in a row


class Picture(NamedTuple):
    """A decoded picture and when it is shown, in seconds after the first one of the file."""

    time: float
    frame: VideoFrame


def chunk_length(width: int, height: int) -> int:
    """How many frames of that size travel together: at most 16, fewer where they are very large."""
    return max(1, min(MAX_CHUNK, _CHUNK_BYTES // (width * height * 3)))


def pictures_at(path: Path, track: Track, start: float, rate: Fraction, count: int) -> Iterator[VideoFrame]:
    """Exactly `count` decoded pictures: for each i the one nearest in time to start + i / rate; the last is held."""
    with opened(path) as container:
        stream = video_stream(container, shown_name(path))
        if start > _SEEK_FROM:
            yield from _nearest(_sought(container, stream, track, start, path), start, rate, count, track, path)
        else:
            yield from _nearest(_pictures(container, stream, track), start, rate, count, track, path)


def _nearest(
    pictures: Iterator[Picture], start: float, rate: Fraction, count: int, track: Track, path: Path
) -> Iterator[VideoFrame]:
    current = next(pictures, None)
    if current is None:
        raise MediaError(f"{shown_name(path)} holds no picture that can be decoded. Export or upload it again.")
    following = next(pictures, None)
    for index in range(count):
        time = start + float(index / rate)
        while following is not None and abs(following.time - time) < abs(current.time - time):
            current, following = following, next(pictures, None)
        if following is None and min(time, track.last) - current.time > _TOLERATED_LOSS:
            raise MediaError(
                f"{shown_name(path)} is damaged: nothing can be read after {current.time:.1f} s of {track.last:.1f} s. "
                "Use the part before that, or export it again."
            )
        yield current.frame


def _sought(
    container: InputContainer, stream: VideoStream, track: Track, start: float, path: Path
) -> Iterator[Picture]:
    """The pictures from the last key frame before `start` on; from the beginning where seeking overshoots."""
    base = Fraction(stream.time_base or 1)
    container.seek(int((track.first + Fraction(start)) / base), stream=stream)
    pictures = _pictures(container, stream, track)
    first = next(pictures, None)
    if first is not None and first.time <= start:
        yield first
        yield from pictures
        return
    with opened(path) as again:
        yield from _pictures(again, video_stream(again, shown_name(path)), track)


def _pictures(container: InputContainer, stream: VideoStream, track: Track) -> Iterator[Picture]:
    """Every picture that decodes, in order of time, woven fields made whole."""
    frames: Iterable[VideoFrame] = _decoded(container, stream)
    if track.interlaced:
        frames = _deinterlaced(frames, stream)
    base, time = Fraction(stream.time_base or 1), 0.0
    for frame in frames:
        if frame.pts is not None:
            time = float(frame.pts * Fraction(frame.time_base or base) - track.first)
        yield Picture(time, frame)


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    damaged, decode = 0, decoder_of(stream)
    for packet in container.demux(stream):
        try:
            frames = decode(packet)
        except FFmpegError:
            damaged += 1
            if damaged > _MAX_DAMAGED:
                return
            continue
        damaged = 0
        yield from frames


def _deinterlaced(frames: Iterable[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """One whole picture per pair of fields, at the same times (ffmpeg's bwdif)."""
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(template=stream),
        graph.add("bwdif", "mode=send_frame:deint=interlaced"),
        graph.add("buffersink"),
    ).configure()
    for frame in frames:
        graph.vpush(frame)
        yield from cast(Iterator[VideoFrame], pulled(graph))
    graph.vpush(None)
    yield from cast(Iterator[VideoFrame], pulled(graph))
