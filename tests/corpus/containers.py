"""Containers that are broken, locked, crowded, endless or empty."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np

from tests.corpus.kinds import Place, Table, noise
from tests.corpus.raw import box, ebml, mkv, mkv_track
from tests.corpus.videos import MJPEG, PACKET, clip, frames, times
from tests.media_samples import encode_sound, tone

CONTAINERS = Table("video")
row = CONTAINERS.row

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


def remuxed(source: Path, target: Path, **options: str) -> Path:
    """The same packets in another container, or one made another way."""
    with av.open(str(source)) as read, av.open(str(target), "w", container_options=options) as out:
        stream = out.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return target


@row("V01", "an empty video", "refused", says="empty")
def _(place: Place) -> list[Path]:
    return [place.write("nothing.mp4", b""), place.write("nothing.webm", b"")]


@row("V02", "an MP4 without its index", "refused", says="damaged")
def _(place: Place) -> list[Path]:
    data = clip(place, "whole.mp4").read_bytes()
    return [
        place.write("cut.mp4", data[: data.index(b"moov") - 4]),
        place.write("freed.mp4", data.replace(b"moov", b"lost")),
    ]


@row("V03", "an MP4 with its index at the end, and at the front", "taken")
def _(place: Place) -> list[Path]:
    path = clip(place, "behind.mp4")
    return [path, remuxed(path, place.folder / "front.mp4", movflags="+faststart")]


@row("V04", "damaged half-way", "survived", why="some pictures are lost and their place is kept, or it is refused")
def _(place: Place) -> list[Path]:
    data = clip(place, "whole.mp4", frames(48), options={"g": "6", "crf": "10"}).read_bytes()
    begin = data.index(b"mdat") + 4
    size = data.index(b"moov") - 4 - begin
    scratch = data[: begin + size // 2] + noise(300) + data[begin + size // 2 + 300 :]
    half = data[: begin + size // 2] + noise(size - size // 2) + data[begin + size :]
    return [place.write("scratch.mp4", scratch), place.write("half.mp4", half)]


@row("V05", "a recording that was never finished", "survived", why="taken as far as it goes, or refused as damaged")
def _(place: Place) -> list[Path]:
    path = clip(place, "whole.mp4", frames(48), options={"g": "6"})
    data = remuxed(path, place.folder / "parts.mp4", **FRAGMENTED).read_bytes()
    return [place.write("cut.mp4", data[: len(data) * 6 // 10]), place.write("late.mp4", data[: data.rindex(b"mdat")])]


@row("V06", "sound and no picture", "refused", says="only sound")
def _(place: Place) -> list[Path]:
    paths = []
    for name, codec in (("song.mp4", "aac"), ("song.webm", "libopus")):
        with av.open(str(place.folder / name), "w") as out:
            encode_sound(out, out.add_stream(codec, rate=48_000, layout="mono"), tone(1))
        paths.append(place.folder / name)
    return paths


@row("V07", "nothing but a track of data", "refused", says="no video|damaged")
def _(place: Place) -> list[Path]:
    return [
        place.write("words.mkv", mkv([mkv_track(1, b"S_TEXT/UTF8", 17)], [(0, b"hello")])),
        place.write("meta.mp4", box(b"ftyp", b"isom", bytes(4)) + box(b"moov", box(b"mvhd", bytes(100)))),
    ]


@row("V08", "a song with a cover and no other picture", "refused", says="only sound")
def _(place: Place) -> list[Path]:
    path = place.folder / "album.mp4"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=48_000, layout="mono")
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuvj420p")
        frame.pts = 0
        out.mux([*cover.encode(frame), *cover.encode(None)])
        encode_sound(out, sound, tone(1))
    return [path]


@row("V12", "a track without a single frame", "refused", says="no picture|damaged")
def _(place: Place) -> list[Path]:
    data = remuxed(clip(place, "whole.mp4"), place.folder / "parts.mp4", **FRAGMENTED).read_bytes()
    return [
        place.write("head.mp4", data[: data.index(b"moof") - 4]),
        place.write("none.mkv", mkv([mkv_track(1, MJPEG)], [])),
    ]


@row("V15", "a header that claims ten hours", "taken", why="as long as its pictures last, whatever it claims")
def _(place: Place) -> list[Path]:
    path = clip(place, "claims.mp4")
    data = bytearray(path.read_bytes())
    for name, at in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        begin = data.index(name) + at
        data[begin : begin + 4] = struct.pack(">I", 36_000 * 1000)
    path.write_bytes(data)
    return [path, place.write("claims.mkv", mkv([mkv_track(1, MJPEG)], times(12, 83), seconds=36_000))]


@row("V33", "two videos in one file", "taken", why="the first is used, without a notice: the page shows which")
def _(place: Place) -> list[Path]:
    path = place.folder / "both.mp4"
    with av.open(str(path), "w") as out:
        streams = []
        for side in (96, 64):
            stream = out.add_stream("libx264", rate=12)
            stream.width, stream.height, stream.pix_fmt = side, 64, "yuv420p"
            streams.append(stream)
        for stream in streams:
            for index, shown in enumerate(frames(6, stream.width, 64)):
                frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
                frame.pts = index
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return [path]


@row("V34", "a thousand tracks", "refused", says="tracks|damaged")
def _(place: Place) -> list[Path]:
    tracks = [mkv_track(number, MJPEG) for number in range(1, 1001)]
    return [place.write("crowd.mkv", mkv(tracks, [(0, PACKET), (40, PACKET)]))]


@row("V35", "two hundred tracks of sound", "refused", says="tracks|damaged")
def _(place: Place) -> list[Path]:
    tracks = [mkv_track(1, MJPEG), *(mkv_track(number, b"A_PCM/INT/LIT", 2) for number in range(2, 202))]
    return [place.write("choir.mkv", mkv(tracks, [(0, PACKET), (40, PACKET)]))]


@row("V36", "fonts and subtitles beside it", "taken")
def _(place: Place) -> list[Path]:
    font = ebml("1941a469", ebml("61a7", ebml("466e", b"a.ttf"), ebml("4660", b"font/ttf"), ebml("465c", noise(99))))
    tracks = [mkv_track(1, MJPEG), mkv_track(2, b"S_TEXT/ASS", 17)]
    return [place.write("anime.mkv", mkv(tracks, times(12, 40), font))]


@row("V37", "encrypted", "refused", says="encrypted|protected")
def _(place: Place) -> list[Path]:
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb"}
    path = clip(place, "open.mp4")
    return [remuxed(path, place.folder / "locked.mp4", **key, encryption_kid="a7e61c373e219033c21091fa607bf3b8")]


@row(
    "V39",
    "codecs nobody needs",
    "refused",
    says="does not read|not a video",
    why="xbin and tty are known by no first bytes",
)
def _(place: Place) -> list[Path]:
    magic = struct.pack("<IiiHH4sIiiII", 40, 64, 48, 1, 24, b"M8RG", 0, 0, 0, 0, 0)
    return [
        place.write("magic.mkv", mkv([mkv_track(1, b"V_MS/VFW/FOURCC", private=magic)], [(0, noise(400))])),
        clip(place, "raw.mkv", codec="rawvideo", pixels="yuv420p"),
        place.write("art.xbin", b"XBIN\x1a" + struct.pack("<HHBB", 80, 25, 16, 0) + noise(400)),
        place.write("log.tty", b"\x1b[31mhello\n" * 50),
    ]


@row("V54", "a million empty clusters, a hundred thousand chapters", "survived")
def _(place: Place) -> list[Path]:
    empty = bytes.fromhex("1f43b67583e78100") * 1_000_000
    chapter = ebml("b6", ebml("73c4", b"\1"), ebml("91", b"\0"))
    chapters = ebml("1043a770", ebml("45b9", chapter * 100_000))
    return [
        place.write("clusters.mkv", mkv([mkv_track(1, MJPEG)], times(3, 40), empty)),
        place.write("chapters.mkv", mkv([mkv_track(1, MJPEG)], times(3, 40), chapters)),
    ]


@row("V55", "a few kilobytes that unfold to frames of 33 million pixels", "survived")
def _(place: Place) -> list[Path]:
    large = np.zeros((1, 4320, 7680, 3), np.uint8)
    return [clip(place, "8k.mp4", large, options={"preset": "ultrafast", "crf": "40"})]
