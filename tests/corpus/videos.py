"""Videos as people bring them: of every codec, rate, shape and colour, turned, cut, with things beside them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from studio.certificate import make_certificate
from studio.credentials import sign_if_possible
from tests.corpus.kinds import Place, Table
from tests.corpus.pictures import WHERE, jpeg
from tests.corpus.raw import box, change_box, mkv, mkv_track
from tests.media_samples import grey_levels, make_video, moving_square, picture, tone, turn

VIDEOS = Table("video")
row = VIDEOS.row

WIDTH, HEIGHT, RATE, COUNT = 96, 64, 12, 12
LOSSLESS = {"crf": "0", "preset": "ultrafast"}
VP9 = {"crf": "8", "b": "0", "deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"}
MJPEG = b"V_MJPEG"


def frames(count: int = COUNT, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """What most videos here show: (count, height, width, 3) uint8."""
    return moving_square(count, width, height)


def clip(place: Place, name: str, shown: np.ndarray | None = None, **options: Any) -> Path:
    return make_video(place.folder / name, frames() if shown is None else shown, options.pop("rate", RATE), **options)


def packet(level: int = 90) -> bytes:
    """A grey picture of 64x48 as a packet of motion JPEG."""
    from PIL import Image

    return jpeg(Image.new("RGB", (64, 48), (level, level, level)))


def times(count: int, step: int) -> list[tuple[int, bytes]]:
    """Pictures `step` milliseconds apart."""
    return [(index * step, packet(40 + index % 100)) for index in range(count)]


@row("V09", "no frame rate at all in its header", "taken")
def _(place: Place) -> list[Path]:
    return [place.write("rateless.mkv", mkv([mkv_track(1, MJPEG)], times(12, 40)))]


@row("V10", "a million frames a second, and one in a quarter of an hour", "refused", says="frames per second")
def _(place: Place) -> list[Path]:
    return [
        clip(place, "fast.mp4", rate=1_000_000),
        place.write("slow.mkv", mkv([mkv_track(1, MJPEG)], times(4, 1_000_000))),
    ]


@row("V11", "a video of one frame", "taken")
def _(place: Place) -> list[Path]:
    return [clip(place, "one.mp4", frames(1)), place.write("one.mkv", mkv([mkv_track(1, MJPEG)], times(1, 1)))]


@row("V13", "a video of two frames", "taken")
def _(place: Place) -> list[Path]:
    return [clip(place, "two.mp4", frames(2)), place.write("two.mkv", mkv([mkv_track(1, MJPEG)], times(2, 40)))]


@row(
    "V14",
    "four hours",
    "refused",
    says="limit is 600 s",
    why="a sentence and not a status: with start and seconds the same file is taken",
)
def _(place: Place) -> list[Path]:
    return [place.write("film.mkv", mkv([mkv_track(1, MJPEG)], [(index * 1000, PACKET) for index in range(14_400)]))]


PACKET = packet()


@row("V16", "a rate that wanders, as a phone records, with sound", "taken")
def _(place: Place) -> list[Path]:
    """The picture turns white when the tone begins, one second in."""
    steps = np.random.default_rng(1).choice([1 / 30, 1 / 24, 1 / 15], 60)
    shown_at = [0.0, *np.cumsum(steps).tolist()]
    before = sum(time < 1 for time in shown_at)
    shown_at[before] = 1.0
    shown = np.full((61, HEIGHT, WIDTH, 3), 20, np.uint8)
    shown[before:] = 235
    return [clip(place, "phone.mp4", shown, times=shown_at, sound=tone(shown_at[-1], onset=1.0), options=LOSSLESS)]


@row("V17", "held sideways, upside down, or mirrored", "taken")
def _(place: Place) -> list[Path]:
    still = np.repeat(picture(WIDTH, HEIGHT)[None], 3, axis=0)
    return [
        turn(clip(place, f"{matrix}.mp4", still, options=LOSSLESS), matrix)
        for matrix in ("90", "180", "270", "mirror", "flip")
    ]


@row(
    "V18",
    "turned by 37 degrees",
    "taken",
    why="the turn is left out, without a notice: the page shows how it comes out",
)
def _(place: Place) -> list[Path]:
    path = clip(place, "askew.mp4", np.repeat(picture(WIDTH, HEIGHT)[None], 3, axis=0), options=LOSSLESS)
    data = bytearray(path.read_bytes())
    begin = data.index(b"tkhd") + 44
    across, along = round(np.cos(np.radians(37)) * 65536), round(np.sin(np.radians(37)) * 65536)
    data[begin : begin + 20] = struct.pack(">5i", across, along, 0, -along, across)
    path.write_bytes(data)
    return [path]


@row("V19", "853x481 pixels", "taken")
def _(place: Place) -> list[Path]:
    odd = frames(3, 853, 481)
    return [clip(place, "odd.mp4", odd, pixels="yuv444p"), clip(place, "odd.mkv", odd, codec="ffv1", pixels="bgr0")]


@row("V20", "one pixel, and eight", "refused", says="at least 16", why="16x16 is taken: the least is 16 and not 64")
def _(place: Place) -> list[Path]:
    dots = [clip(place, f"{side}.mkv", frames(3)[:, :side, :side], codec="ffv1", pixels="yuv444p") for side in (1, 8)]
    return dots


@row("V21", "a header that claims 16 384 pixels a side", "refused", says="far too many|no picture")
def _(place: Place) -> list[Path]:
    data = clip(place, "plain.mkv", frames(2, 320, 256), codec="ffv1", pixels="yuv420p").read_bytes()
    sides = data.index(b"\xb0\x82\x01\x40\xba\x82\x01\x00")

    def claiming(name: str, side: int) -> Path:
        claim = side.to_bytes(2, "big")
        return place.write(name, data[:sides] + b"\xb0\x82" + claim + b"\xba\x82" + claim + data[sides + 8 :])

    return [claiming("claim.mkv", 16_384), claiming("less.mkv", 16_000)]


@row("V30", "times that go back and forth", "taken")
def _(place: Place) -> list[Path]:
    shuffled = [0, 80, 40, 120, 120, 200, 160, 240, 280, 320]
    return [place.write("shuffled.mkv", mkv([mkv_track(1, MJPEG)], [(time, PACKET) for time in shuffled]))]


@row("V31", "an edit list that leaves out the beginning", "taken")
def _(place: Place) -> list[Path]:
    path = clip(place, "edited.mp4", grey_levels(24), rate=24, options={"bf": "2", "g": "6"})
    data = bytearray(path.read_bytes())
    begin = data.index(b"elst") + 12
    length, skipped = struct.unpack(">Ii", data[begin : begin + 8])
    scale = int.from_bytes(data[data.index(b"mdhd") + 16 :][:4], "big")
    data[begin : begin + 8] = struct.pack(">Ii", length // 2, skipped + scale // 2)
    path.write_bytes(data)
    return [path, clip(place, "late.mp4", times=[0.5 + index / 12 for index in range(12)])]


@row("V32", "it begins in the middle of an open group of pictures", "taken")
def _(place: Place) -> list[Path]:
    options = {"x264-params": "open-gop=1:keyint=6:min-keyint=6:scenecut=0:bframes=2"}
    whole = clip(place, "whole.mkv", frames(24), options=options)
    cut = place.folder / "cut.mkv"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        keys = 0
        for each in source.demux(video=0):
            keys += each.is_keyframe and each.dts is not None
            if keys > 1 and each.dts is not None:
                each.stream = stream
                out.mux(each)
    return [cut]


@row(
    "V49",
    "a moving GIF, and a moving WebP",
    "survived",
    why="the GIF is a video; the WebP is refused, because FFmpeg reads none",
)
def _(place: Place) -> list[Path]:
    from PIL import Image

    moving = [Image.fromarray(frame) for frame in frames(6)]
    webp = place.folder / "moving.webp"
    moving[0].save(webp, save_all=True, append_images=moving[1:], duration=80)
    return [clip(place, "moving.gif", frames(6), codec="gif", pixels="rgb8"), webp]


@row("V50", "as a browser records: a WebM that does not know its length", "taken")
def _(place: Place) -> list[Path]:
    path = place.folder / "recorded.webm"
    with av.open(str(path), "w", format="webm", container_options={"live": "1"}) as out:
        stream = out.add_stream("libvpx", rate=1000)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, shown in enumerate(frames(30)):
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = index * 33 + index % 3, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return [path]


@row("V51", "240 frames a second", "taken")
def _(place: Place) -> list[Path]:
    return [clip(place, "slow-motion.mp4", frames(120), rate=240, options=LOSSLESS)]


@row("V52", "it says where it was recorded", "taken")
def _(place: Place) -> list[Path]:
    path = place.folder / "action.mp4"
    with av.open(str(clip(place, "plain.mp4"))) as source, av.open(str(path), "w") as out:
        out.metadata.update({"location": "+48.1+011.6/", "comment": WHERE})
        stream = out.add_stream_from_template(source.streams.video[0])
        for each in source.demux(video=0):
            if each.dts is not None:
                each.stream = stream
                out.mux(each)
    sensors = box(b"gpmd", WHERE.encode())
    return [path, place.write("camera.mp4", path.read_bytes() + box(b"udta", sensors))]


@row("V53", "an archive or a page behind it", "taken")
def _(place: Place) -> list[Path]:
    data = clip(place, "plain.mp4").read_bytes()
    page = b"<html><script>alert(1)</script></html>"
    return [
        place.write("archive.mp4", data + b"PK\x03\x04" + bytes(26) + page),
        place.write("page.mp4", change_box(data, [b"moov"], lambda index: index + box(b"free", page))),
    ]


@row("V56", "signed: it carries content credentials", "taken", why="its statement is kept in the clip's own")
def _(place: Place) -> list[Path]:
    path = clip(place, "signed.mp4")
    make_certificate(place.folder)
    assert sign_if_possible(place.folder, path, {}) is None
    return [path]
