"""A clip in other clothes: what a file's name ends in decides what it becomes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import cast

import av
import cv2
from av.filter import Graph
from av.video.stream import VideoStream

from pipelines.errors import InputError
from pipelines.media.publish import published
from pipelines.media.write import write_video
from pipelines.types import FrameStream

FORMATS = (".mp4", ".webm", ".gif", ".webp", ".zip")
FASTEST_GIF = 50  # frames a second: a GIF counts in hundredths, and browsers slow down what is shown for less than two


def export_video(stream: FrameStream, path: Path, audio: Path | None = None) -> None:
    """Write the frames, and the sound of `audio` where the format has any, as the format `path` ends in: H.264 with
    AAC, VP9 with Opus, a GIF or an animated WebP, PNG pictures in a ZIP.

    Raises InputError for an ending not in FORMATS and for a GIF too fast, before a frame is asked for; DiskFull,
    MediaError; a failure leaves nothing.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise InputError(f"{path.name} does not end in a format Septet writes. Use one of {', '.join(FORMATS)}.")
    if kind in (".mp4", ".webm"):
        write_video(stream, path, audio=audio)
        return
    if kind == ".gif" and stream.frame_rate > FASTEST_GIF:
        raise InputError(
            f"A GIF shows {FASTEST_GIF} frames a second at most, not {float(stream.frame_rate):g}. "
            "Choose a frame rate of 25."
        )
    with published(path) as part:
        {".gif": _gif, ".webp": _webp, ".zip": _pictures}[kind](stream, part)


def _gif(stream: FrameStream, part: Path) -> None:
    _animate(part, "gif", "gif", "pal8", stream, _coloured(stream))


def _webp(stream: FrameStream, part: Path) -> None:
    options = {"quality": "82", "compression_level": "4"}
    _animate(part, "webp", "libwebp_anim", "bgra", stream, _timed(stream), options)


def _pictures(stream: FrameStream, part: Path) -> None:
    """frame-00000.png and on: PNG is packed already, so the archive only holds them together."""
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for index, frame in enumerate(chain.from_iterable(stream.chunks)):
            _, data = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
            archive.writestr(f"frame-{index:05}.png", data.tobytes())


def _animate(
    part: Path,
    container: str,
    codec: str,
    pixels: str,
    stream: FrameStream,
    frames: Iterable[av.VideoFrame],
    options: dict[str, str] | None = None,
) -> None:
    """An animated picture of the frames that repeats for ever."""
    with av.open(f"file:{part}", "w", format=container, container_options={"loop": "0"}) as out:
        video = cast(VideoStream, out.add_stream(codec, rate=stream.frame_rate, options=options or {}))
        video.width, video.height, video.pix_fmt = stream.width, stream.height, pixels
        for frame in frames:
            out.mux(video.encode(frame))
        out.mux(video.encode(None))


def _timed(stream: FrameStream) -> Iterator[av.VideoFrame]:
    for index, frame in enumerate(chain.from_iterable(stream.chunks)):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts, picture.time_base = index, 1 / stream.frame_rate
        yield picture


def _coloured(stream: FrameStream) -> Iterator[av.VideoFrame]:
    """Every frame with the 256 colours that suit it best, dithered in a pattern that stands still."""
    graph = Graph()
    pixels = av.VideoFormat("rgb24")
    source = graph.add_buffer(width=stream.width, height=stream.height, format=pixels, time_base=1 / stream.frame_rate)
    split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=single")
    use, sink = graph.add("paletteuse", "dither=bayer:bayer_scale=3:new=1"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    for frame in chain(_timed(stream), (None,)):
        graph.push(frame)
        yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[av.VideoFrame]:
    """What the filters have ready."""
    while True:
        try:
            yield cast(av.VideoFrame, graph.pull())
        except (av.BlockingIOError, av.EOFError):
            return
