"""A clip in other clothes: what a file's name ends in decides what it becomes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.filter import Graph
from av.video.stream import VideoStream
from PIL import Image

from pipelines.errors import InputError
from pipelines.media.encodings import CODECS, Codec
from pipelines.media.filters import pulled
from pipelines.media.provenance import Origin
from pipelines.media.publish import published
from pipelines.media.write import write_video
from pipelines.settings import Quality
from pipelines.types import FrameStream, Mask, Sound

FORMATS = (*CODECS, ".gif", ".webp", ".zip", ".jpg")
_SHEET_FRAMES, _SHEET_COLUMNS, _SHEET_SIDE, _SHEET_GROUND = 12, 4, 480, 24
FASTEST_GIF = 50  # frames a second: a GIF counts in hundredths, and browsers slow down what is shown for less than two


def export_video(
    stream: FrameStream,
    path: Path,
    sound: Sound | None = None,
    *,
    codec: Codec | None = None,
    quality: Quality = "good",
    matte: Iterator[Mask] | None = None,
    metadata: dict[str, str] | None = None,
    origin: Origin | None = None,
) -> None:
    """Write the frames, and what is heard where the format has any, as the format `path` ends in: a video as
    `write_video` does, a GIF or an animated WebP, PNG pictures in a ZIP, a contact sheet as a JPEG.

    `matte` (chunks of (n, H, W) uint8) is transparency for WebM, MOV and PNG; `metadata` and `origin` go into videos.
    Raises InputError for an ending not in FORMATS, a codec that does not fit and a GIF too fast, before a frame is
    asked for; DiskFull, MediaError; a failure leaves nothing.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise InputError(f"{path.name} does not end in a format Septet writes. Use one of {', '.join(FORMATS)}.")
    if kind in CODECS:
        write_video(
            stream,
            path,
            codec=codec,
            quality=quality,
            sound=sound,
            matte=matte,
            metadata=metadata,
            origin=origin,
        )
        return
    if codec is not None:
        raise InputError(f"{codec} is a codec for video; a {kind} file takes none. Leave it out.")
    if kind == ".gif" and stream.frame_rate > FASTEST_GIF:
        raise InputError(
            f"A GIF shows {FASTEST_GIF} frames a second at most, not {float(stream.frame_rate):g}. "
            "Choose a frame rate of 25."
        )
    with published(path) as part:
        if kind == ".zip":
            _pictures(stream, part, matte)
        else:
            {".gif": _gif, ".webp": _webp, ".jpg": _contact_sheet}[kind](stream, part)


def _gif(stream: FrameStream, part: Path) -> None:
    _animate(part, "gif", "gif", "pal8", stream, _coloured(stream))


def _webp(stream: FrameStream, part: Path) -> None:
    options = {"quality": "82", "compression_level": "4"}
    _animate(part, "webp", "libwebp_anim", "bgra", stream, _timed(stream), options)


def _pictures(stream: FrameStream, part: Path, matte: Iterator[Mask] | None) -> None:
    """frame-00000.png and on: PNG is packed already, so the archive only holds them together."""
    masks = None if matte is None else chain.from_iterable(matte)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for index, frame in enumerate(chain.from_iterable(stream.chunks)):
            bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(".png", bgr if masks is None else np.dstack([bgr, next(masks)]))
            archive.writestr(f"frame-{index:05}.png", data.tobytes())


def _contact_sheet(stream: FrameStream, part: Path) -> None:
    """Up to twelve frames, evenly spread over the clip, in rows of four, in order."""
    count = min(_SHEET_FRAMES, stream.num_frames)
    wanted = {round(index * (stream.num_frames - 1) / max(1, count - 1)) for index in range(count)}
    scale = min(1.0, _SHEET_SIDE / max(stream.width, stream.height))
    size = max(1, round(stream.width * scale)), max(1, round(stream.height * scale))
    columns = min(_SHEET_COLUMNS, len(wanted))
    sheet = np.full((-(-len(wanted) // columns) * size[1], columns * size[0], 3), _SHEET_GROUND, np.uint8)
    place = 0
    for index, frame in enumerate(chain.from_iterable(stream.chunks)):
        if index in wanted:
            top, left = place // columns * size[1], place % columns * size[0]
            small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            sheet[top : top + size[1], left : left + size[0]] = small
            place += 1
    Image.fromarray(sheet).save(part, "JPEG", quality=90)


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
        yield from cast(Iterator[av.VideoFrame], pulled(graph))
