"""Videos whose pixels are not plain: of other shapes, woven, brighter than a screen, sampled otherwise, changing."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from tests.corpus.kinds import Place, Table
from tests.corpus.raw import box, change_box
from tests.corpus.videos import HEIGHT, LOSSLESS, RATE, VP9, WIDTH, clip, frames
from tests.media_samples import moving_square

COLOURS = Table("video")
row = COLOURS.row


@row("V22", "pixels that are not square", "taken")
def _(place: Place) -> list[Path]:
    return [
        clip(place, "wide.mp4", frames(3, 72, 48), aspect=Fraction(16, 9)),
        clip(place, "dv.mov", frames(3, 72, 48), aspect=Fraction(16, 15)),
    ]


@row("V23", "woven from fields", "taken")
def _(place: Place) -> list[Path]:
    moving = moving_square(24, WIDTH, HEIGHT, step=3)
    woven = moving[::2].copy()
    woven[:, 1::2] = moving[1::2, 1::2]
    options = {"flags": "+ilme+ildct", "x264-params": "interlaced=1:tff=1", "crf": "2"}
    return [clip(place, "tv.mp4", woven, options=options)]


@row("V24", "HDR10", "taken")
def _(place: Place) -> list[Path]:
    return [_high_range(place, "hdr10.mp4", 16, 0.58)]


@row(
    "V25",
    "hybrid log-gamma, and Dolby Vision of profile 5",
    "survived",
    why="the first is brought to ordinary brightness; the second has colours of its own and is refused by its name",
)
def _(place: Place) -> list[Path]:
    hlg = _high_range(place, "hlg.mp4", 18, 0.75)
    hevc = {"x265-params": "log-level=error", "preset": "ultrafast"}
    data = clip(place, "dolby.mp4", frames(3), codec="libx265", pixels="yuv420p10le", options=hevc).read_bytes()
    profile_5 = struct.pack(">BBHB", 1, 0, 5 << 9 | 1 << 3 | 5, 0x10) + bytes(19)
    way = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hev1"]
    data = change_box(data, way, lambda entry: entry + box(b"dvcC", profile_5))
    return [hlg, place.write("dolby.mp4", data.replace(b"hev1", b"dvh1"))]


def _high_range(place: Place, name: str, transfer: int, white: float) -> Path:
    """The left half diffuse white (ITU-R BT.2408), the right darker."""
    shown = np.full((2, HEIGHT, WIDTH, 3), round(white * 255), np.uint8)
    shown[:, :, WIDTH // 2 :] = round(white * 255 * 0.6)
    return clip(place, name, shown, pixels="yuv420p10le", colour=(9, transfer, 9, 1), options=LOSSLESS)


@row("V26", "4:4:4, 4:2:2, grey, a palette", "taken")
def _(place: Place) -> list[Path]:
    return [
        clip(place, "444.mp4", pixels="yuv444p", options=LOSSLESS),
        clip(place, "422.mov", codec="prores_ks", pixels="yuv422p10le"),
        clip(place, "grey.mkv", codec="ffv1", pixels="gray"),
        clip(place, "palette.gif", codec="gif", pixels="rgb8"),
    ]


@row("V27", "transparent ProRes, VP9 and Animation", "taken", why="HEVC with transparency cannot be written here")
def _(place: Place) -> list[Path]:
    rgba = np.zeros((3, HEIGHT, WIDTH, 4), np.uint8)
    rgba[:, :, : WIDTH // 2] = (200, 0, 0, 255)
    return [
        clip(place, "cut.mov", rgba, codec="prores_ks", pixels="yuva444p10le"),
        clip(place, "cut.webm", rgba, codec="libvpx-vp9", pixels="yuva420p", options=VP9),
        clip(place, "rle.mov", rgba, codec="qtrle", pixels="argb"),
    ]


def _spliced(place: Place, name: str, codec: str, one: tuple[int, int, str], other: tuple[int, int, str]) -> Path:
    """Six frames of (width, height, pixels), then six of another: each key frame says which it is."""
    with av.open(str(place.folder / name), "w") as out:
        stream = out.add_stream(codec, rate=RATE, options=VP9)
        stream.width, stream.height, stream.pix_fmt = one
        for begin, (width, height, pixels) in ((0, one), (6, other)):
            context: Any = stream if begin == 0 else VideoCodecContext.create(codec, "w")
            if begin:
                context.width, context.height, context.pix_fmt = width, height, pixels
                context.time_base, context.options = Fraction(1, RATE), VP9
            packets = []
            for index, shown in enumerate(frames(6, width, height)):
                frame = av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format=pixels)
                frame.pts, frame.time_base = begin + index, Fraction(1, RATE)
                packets += context.encode(frame)
            for each in [*packets, *context.encode(None)]:
                each.stream = stream
                out.mux(each)
    return place.folder / name


@row("V38", "AV1 with film grain", "taken")
def _(place: Place) -> list[Path]:
    options = {"crf": "20", "preset": "10", "svtav1-params": "film-grain=10"}
    return [clip(place, "grain.mp4", codec="libsvtav1", options=options)]


@row("V28", "its size changes half-way", "taken")
def _(place: Place) -> list[Path]:
    return [_spliced(place, "grows.webm", "libvpx-vp9", (96, 64, "yuv420p"), (64, 96, "yuv420p"))]


@row("V29", "its sampling changes half-way", "taken")
def _(place: Place) -> list[Path]:
    return [_spliced(place, "sampling.webm", "libvpx-vp9", (96, 64, "yuv420p"), (96, 64, "yuv444p"))]
