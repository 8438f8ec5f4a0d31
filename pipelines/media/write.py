"""Writing a clip: H.264 in an MP4 that plays everywhere, or VP9 in a WebM; published whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from pipelines.errors import MediaError
from pipelines.media.audio import SoundCodec, Soundtrack, soundtrack
from pipelines.media.container import shown_name
from pipelines.media.metadata import KEY, parse_recipe
from pipelines.media.probe import inspect
from pipelines.media.publish import published
from pipelines.types import Clip, Frame, Frames, FrameStream

Quality = Literal["draft", "good", "best"]
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]

CRF: dict[Quality, int] = {"draft": 26, "good": 18, "best": 12}
VP9_CRF: dict[Quality, int] = {"draft": 40, "good": 28, "best": 18}
_BT709 = 1  # primaries, transfer and matrix, as numbered in ITU-T H.273
# AREA averages the four pixels a chroma sample stands for; ACCURATE_RND keeps the conversion free of a darkening bias.
_TO_YUV = Interpolation.AREA | Interpolation.ACCURATE_RND
_FEW = 4


def write_video(
    stream: FrameStream,
    path: Path | str,
    *,
    quality: Quality = "good",
    preset: Preset = "medium",
    audio: Path | None = None,
    audio_start: float = 0.0,
    metadata: dict[str, str] | None = None,
    threads: int = 0,
) -> Clip:
    """Encode the frames, add the sound of `audio` from `audio_start` seconds on, and publish the file at `path`.

    A name that ends in .webm becomes VP9 with Opus, any other H.264 with AAC and its index at the front: yuv420p,
    tagged and converted as limited-range BT.709, exact rational rate, exact count.
    Pictures in 4:2:0 have even sides only: the last column or row of an odd size is left out, nothing is rescaled.
    The file is made beside `path` as `<name>.part`, checked by opening it again, and renamed; a failure leaves nothing.
    `threads` 0 means all cores. Raises DiskFull, MediaError (unreadable `audio`), ValueError (frames unlike promised).
    """
    path = Path(path)
    with published(path) as part:
        encoding = _vp9(quality, threads) if path.suffix.lower() == ".webm" else _h264(quality, preset, threads)
        _encode(stream, part, encoding, audio, audio_start, metadata or {})
        _verify(part, stream, shown_name(path))
    recipe = parse_recipe((metadata or {}).get(KEY)) or {}
    return Clip(path, stream.frame_rate, stream.num_frames, _even(stream.width), _even(stream.height), recipe)


@dataclass(frozen=True)
class _Encoding:
    """A container, what its pictures and its sound are encoded with, and how."""

    container: str
    codec: str
    options: dict[str, str]
    sound: SoundCodec
    container_options: dict[str, str] = field(default_factory=dict)


def _h264(quality: Quality, preset: Preset, threads: int) -> _Encoding:
    options = {"crf": str(CRF[quality]), "preset": preset, "threads": str(threads)}
    return _Encoding("mp4", "libx264", options, "aac", {"movflags": "+faststart"})


def _vp9(quality: Quality, threads: int) -> _Encoding:
    how = {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
    options = {"crf": str(VP9_CRF[quality]), "threads": str(threads or os.cpu_count()), **how}
    return _Encoding("webm", "libvpx-vp9", options, "libopus")


def _even(side: int) -> int:
    return side - side % 2


def _encode(
    stream: FrameStream,
    part: Path,
    encoding: _Encoding,
    audio: Path | None,
    audio_start: float,
    metadata: dict[str, str],
) -> None:
    """Write the whole file, a few frames encoded in a thread of its own while the next few are being made."""
    length = float(stream.num_frames / stream.frame_rate)
    with av.open(f"file:{part}", "w", format=encoding.container, container_options=encoding.container_options) as out:
        out.metadata.update(metadata)
        video = _video_stream(out, stream, encoding)
        # The encoder's thread is done before the files it reads and writes are closed, whatever happens.
        sounds = soundtrack(out, audio, audio_start, length, encoding.sound)
        with sounds as sound, ThreadPoolExecutor(1) as encoder:
            count = 0
            before: Future[None] | None = None
            for few in _by_the_few(stream.chunks):
                pictures = [_yuv(frame, count + index, stream) for index, frame in enumerate(few)]
                count += len(few)
                if before is not None:
                    before.result()
                before = encoder.submit(_mux, out, video, sound, pictures)
            if before is not None:
                before.result()
            if count != stream.num_frames:
                raise ValueError(f"the stream promised {stream.num_frames} frames and gave {count}")
            out.mux(video.encode(None))
            if sound is not None:
                sound.write_until(length)


def _by_the_few(chunks: Iterable[Frames]) -> Iterator[Frames]:
    """The same frames in smaller chunks: the encoder need not wait for the whole of the first one."""
    for chunk in chunks:
        for start in range(0, len(chunk), _FEW):
            yield chunk[start : start + _FEW]


def _mux(out: OutputContainer, video: VideoStream, sound: Soundtrack | None, pictures: list[av.VideoFrame]) -> None:
    for picture in pictures:
        out.mux(video.encode(picture))
    if sound is not None and pictures:
        sound.write_until(float(pictures[-1].time or 0))


def _video_stream(out: OutputContainer, stream: FrameStream, encoding: _Encoding) -> VideoStream:
    video = cast(VideoStream, out.add_stream(encoding.codec, rate=stream.frame_rate, options=encoding.options))
    video.width, video.height, video.pix_fmt = _even(stream.width), _even(stream.height), "yuv420p"
    context = video.codec_context
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = ColorRange.MPEG
    return video


def _yuv(frame: Frame, index: int, stream: FrameStream) -> av.VideoFrame:
    """The frame as the encoder takes it, cropped to even sides, not otherwise changed."""
    if frame.shape != (stream.height, stream.width, 3) or frame.dtype != np.uint8 or index >= stream.num_frames:
        raise ValueError(
            f"frame {index} is {frame.dtype} {frame.shape}; "
            f"the stream promised {stream.num_frames} of uint8 {(stream.height, stream.width, 3)}"
        )
    even = np.ascontiguousarray(frame[: _even(stream.height), : _even(stream.width)])
    picture = av.VideoFrame.from_numpy_buffer(even, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        dst_color_trc=_BT709,
        dst_color_primaries=_BT709,
        interpolation=_TO_YUV,
    )
    picture.pts, picture.time_base = index, 1 / stream.frame_rate
    return picture


def _verify(part: Path, stream: FrameStream, name: str) -> None:
    info = inspect(part).info
    expected = (_even(stream.width), _even(stream.height), stream.num_frames)
    if (info.width, info.height, info.num_frames) != expected:
        raise MediaError(f"{name} was written wrongly: expected {expected}, found {info}. Try again.")
