"""Writing a clip: H.264 in an MP4 that plays everywhere, or as asked; published whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipelines.errors import MediaError
from pipelines.media.audio import Soundtrack, soundtrack
from pipelines.media.container import shown_name
from pipelines.media.encodings import Codec, Encoding, Preset, codec_for, encoding_for
from pipelines.media.metadata import KEY, parse_recipe
from pipelines.media.probe import inspect
from pipelines.media.provenance import TAG, Origin, add_origin
from pipelines.media.publish import published
from pipelines.settings import Quality
from pipelines.types import Clip, Frame, FrameStream, Mask, Sound

_BT709 = 1  # primaries, transfer and matrix, as numbered in ITU-T H.273
# AREA averages the four pixels a chroma sample stands for; ACCURATE_RND keeps the conversion free of a darkening bias.
_TO_YUV = Interpolation.AREA | Interpolation.ACCURATE_RND
_FEW = 4


def write_video(
    stream: FrameStream,
    path: Path | str,
    *,
    codec: Codec | None = None,
    quality: Quality = "good",
    preset: Preset = "medium",
    sound: Sound | None = None,
    metadata: dict[str, str] | None = None,
    threads: int = 0,
    matte: Iterator[Mask] | None = None,
    origin: Origin | None = None,
) -> Clip:
    """Encode the frames and what is heard with them, and publish the file at `path`.

    The end of the name says what it becomes unless `codec` does: .mp4 H.264 (or H.265, AV1) with AAC and its index at
    the front, .webm VP9 with Opus, .mov ProRes with PCM. Converted and tagged as limited-range BT.709, exact rational
    rate, exact count. `matte` (chunks of (n, H, W) uint8, 255 = seen) makes VP9 and ProRes transparent where it is 0.
    `origin` marks the file as what a machine made or changed.
    Pictures in 4:2:0 have even sides only: the last column or row of an odd size is left out, nothing is rescaled.
    The file is made beside `path` as `<name>.part`, checked by opening it again, and renamed; a failure leaves nothing.
    `threads` 0 means all cores. Raises DiskFull, MediaError (unreadable sound), InputError (a
    codec that does not fit), ValueError (frames unlike promised).
    """
    path = Path(path)
    encoding = encoding_for(codec_for(path.name, codec), quality, preset, threads, alpha=matte is not None)
    with published(path) as part:
        _encode(_Pictures(stream, encoding.pixels, matte), part, encoding, sound, metadata or {}, origin)
        if origin is not None and encoding.container in ("mp4", "mov"):
            add_origin(part, origin)
        _verify(part, stream, shown_name(path))
    recipe = parse_recipe((metadata or {}).get(KEY)) or {}
    return Clip(path, stream.frame_rate, stream.num_frames, _even(stream.width), _even(stream.height), recipe)


def _even(side: int) -> int:
    return side - side % 2


def _encode(
    pictures: _Pictures,
    part: Path,
    encoding: Encoding,
    heard: Sound | None,
    metadata: dict[str, str],
    origin: Origin | None,
) -> None:
    """Write the whole file, a few frames encoded in a thread of its own while the next few are being made."""
    stream = pictures.stream
    length = float(stream.num_frames / stream.frame_rate)
    with av.open(f"file:{part}", "w", format=encoding.container, container_options=encoding.container_options) as out:
        out.metadata.update(metadata)
        if origin is not None and encoding.container == "webm":
            out.metadata[TAG] = origin
        video = _video_stream(out, stream, encoding)
        # The encoder's thread is done before the files it reads and writes are closed, whatever happens.
        sounds = soundtrack(out, heard, length, encoding.sound)
        with sounds as sound, ThreadPoolExecutor(1) as encoder:
            before: Future[None] | None = None
            for few in pictures.by_the_few():
                if before is not None:
                    before.result()
                before = encoder.submit(_mux, out, video, sound, few)
            if before is not None:
                before.result()
            out.mux(video.encode(None))
            if sound is not None:
                sound.write_until(length)


def _mux(out: OutputContainer, video: VideoStream, sound: Soundtrack | None, pictures: list[av.VideoFrame]) -> None:
    for picture in pictures:
        out.mux(video.encode(picture))
    if sound is not None and pictures:
        sound.write_until(float(pictures[-1].time or 0))


def _video_stream(out: OutputContainer, stream: FrameStream, encoding: Encoding) -> VideoStream:
    video = cast(VideoStream, out.add_stream(encoding.codec, rate=stream.frame_rate, options=encoding.options))
    video.width, video.height, video.pix_fmt = _even(stream.width), _even(stream.height), encoding.pixels
    context = video.codec_context
    if encoding.tag:
        context.codec_tag = encoding.tag
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = ColorRange.MPEG
    with ordinary_priority():
        context.open()
    return video


@contextmanager
def ordinary_priority() -> Iterator[None]:
    """SVT-AV1, opened by root, makes the process and threads of its own real-time ones, which would starve all others
    on the machine and stay so: whatever it did is undone."""
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for thread in map(int, os.listdir("/proc/self/task")):
            with suppress(ProcessLookupError):  # it may have ended
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, parameters)


@dataclass(frozen=True)
class _Pictures:
    """Frames on their way into the encoder: `pixels` of its kind, with `matte` as their transparency."""

    stream: FrameStream
    pixels: str
    matte: Iterator[Mask] | None

    def by_the_few(self) -> Iterator[list[av.VideoFrame]]:
        """A few at a time, so that the encoder need not wait for the whole of the first chunk. Raises ValueError."""
        count = 0
        masks = (mask for chunk in self.matte for mask in chunk) if self.matte is not None else None
        for chunk in self.stream.chunks:
            for start in range(0, len(chunk), _FEW):
                few = []
                for frame in chunk[start : start + _FEW]:
                    few.append(self._picture(frame, None if masks is None else next(masks), count))
                    count += 1
                yield few
        if count != self.stream.num_frames:
            raise ValueError(f"the stream promised {self.stream.num_frames} frames and gave {count}")

    def _picture(self, frame: Frame, mask: NDArray[np.uint8] | None, index: int) -> av.VideoFrame:
        """The frame as the encoder takes it, cropped to even sides, not otherwise changed."""
        width, height = self.stream.width, self.stream.height
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8 or index >= self.stream.num_frames:
            raise ValueError(
                f"frame {index} is {frame.dtype} {frame.shape}; "
                f"the stream promised {self.stream.num_frames} of uint8 {(height, width, 3)}"
            )
        if mask is not None:
            frame = np.dstack([frame, mask])
        even = np.ascontiguousarray(frame[: _even(height), : _even(width)])
        picture = av.VideoFrame.from_numpy_buffer(even, format="rgb24" if mask is None else "rgba").reformat(
            format=self.pixels,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            dst_color_trc=_BT709,
            dst_color_primaries=_BT709,
            interpolation=_TO_YUV,
        )
        picture.pts, picture.time_base = index, 1 / self.stream.frame_rate
        return picture


def _verify(part: Path, stream: FrameStream, name: str) -> None:
    info = inspect(part).info
    expected = (_even(stream.width), _even(stream.height), stream.num_frames)
    if (info.width, info.height, info.num_frames) != expected:
        raise MediaError(f"{name} was written wrongly: expected {expected}, found {info}. Try again.")
