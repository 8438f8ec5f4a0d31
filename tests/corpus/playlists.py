"""What would make a player open other files and hosts: playlists named like videos, names like commands."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.kinds import Place, Table
from tests.corpus.raw import box, change_box
from tests.corpus.videos import clip

PLAYLISTS = Table("video")
row = PLAYLISTS.row


def m3u8(address: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n".encode()


@row("V40", "a playlist named .mp4", "refused", says="not a video", confined=True)
def _(place: Place) -> list[Path]:
    return [
        place.write("host.mp4", m3u8(f"{place.trap}a.ts")),
        place.write("file.mp4", m3u8(f"file://{place.canary}")),
        place.write("concat.mp4", m3u8(f"concat:{place.trap}head|file://{place.canary}")),
    ]


@row("V41", "a playlist inside an AVI", "refused", says="not a video", confined=True)
def _(place: Place) -> list[Path]:
    """As CVE-2017-9993: the list is where a GAB2 subtitle would be."""
    said = m3u8(f"{place.trap}{place.canary}")
    inside = b"LIST" + (4).to_bytes(4, "little") + b"hdrl" + b"GAB2\0\2\0" + said
    data = b"RIFF" + len(inside).to_bytes(4, "little") + b"AVI " + inside
    return [place.write("a.avi", data), place.write("a.mp4", data)]


@row("V42", "a list of files to join", "refused", says="not a video", confined=True)
def _(place: Place) -> list[Path]:
    return [
        place.write("file.mp4", f"ffconcat version 1.0\nfile '{place.canary}'\n".encode()),
        place.write("host.mkv", f"ffconcat version 1.0\nfile {place.trap}a.mp4\n".encode()),
    ]


@row("V43", "a DASH manifest named .mp4", "refused", says="not a video", confined=True)
def _(place: Place) -> list[Path]:
    base = f"<Period><AdaptationSet><Representation><BaseURL>{place.trap}a.mp4</BaseURL>"
    closed = "</Representation></AdaptationSet></Period></MPD>"
    manifest = f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">{base}{closed}'
    return [place.write("clip.mp4", manifest.encode()), place.write("bare.mp4", manifest[21:].encode())]


@row(
    "V44", "a QuickTime movie that points to another one", "refused", says="damaged|no video|no picture", confined=True
)
def _(place: Place) -> list[Path]:
    address = f"{place.trap}a.mov".encode() + b"\0"
    pointer = box(b"rdrf", bytes(4), b"url ", len(address).to_bytes(4, "big"), address)
    whole = box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", box(b"rmra", box(b"rmda", pointer)))
    paths = [place.write("pointer.mov", whole)]
    data = clip(place, "plain.mov").read_bytes()
    way = [b"moov", b"trak", b"mdia", b"minf", b"stbl"]
    for name, other in (("host", address), ("file", f"file://{place.canary}".encode() + b"\0")):
        far = change_box(data, [*way[:4], b"dinf", b"dref"], lambda _old, other=other: _one_reference(other))
        begin, end = far.index(b"mdat") + 4, far.index(b"moov") - 4
        paths.append(place.write(f"{name}.mov", far[:begin] + bytes(end - begin) + far[end:]))
    return paths


def _one_reference(address: bytes) -> bytes:
    """The content of a data reference box whose one entry lies elsewhere."""
    return bytes(4) + (1).to_bytes(4, "big") + box(b"url ", bytes(4), address)


@row("V45", "an IMF playlist", "refused", says="not a video")
def _(place: Place) -> list[Path]:
    said = '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>'
    return [place.write("CPL_1.xml", said.encode()), place.write("CPL_1.mp4", said.encode())]


@row("V46", "a session description", "refused", says="not a video", confined=True)
def _(place: Place) -> list[Path]:
    port = place.trap.rstrip("/").rpartition(":")[2]
    said = f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n"
    return [place.write("a.sdp", said.encode()), place.write("a.mp4", said.encode())]


@row("V47", "a name like a pattern for many files", "taken", confined=True)
def _(place: Place) -> list[Path]:
    clip(place, "a0001.mp4")
    return [
        clip(place, "plain.mp4").rename(place.folder / "a%04d.mp4"),
        clip(place, "b.mp4").rename(place.folder / "*.mp4"),
    ]


@row("V48", "names like options and addresses", "taken", confined=True)
def _(place: Place) -> list[Path]:
    names = ("-i.mp4", "concat:a|b.mp4", "subfile,,start,0,end,9,,:a.mp4", "file:x.mp4", "http:a.mp4")
    return [clip(place, "plain.mp4").rename(place.folder / name) for name in names]
