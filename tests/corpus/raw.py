"""Files put together byte by byte, for what no library writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np

Pictures = Sequence[tuple[int, bytes]]

PNG = b"\x89PNG\r\n\x1a\n"


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """Signature and IHDR. `colour`: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA."""
    return PNG + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(pixels: np.ndarray, colour: int = 2, before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG of (H, W, C) uint8 or uint16 samples, with extra chunks before or after the pixels."""
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
    rows = b"".join(b"\0" + row.tobytes() for row in big_endian)
    head = png_header(pixels.shape[1], pixels.shape[0], 8 * pixels.itemsize, colour)
    return head + before + png_chunk(b"IDAT", zlib.compress(rows)) + after + png_chunk(b"IEND", b"")


def box(name: bytes, *content: bytes) -> bytes:
    """A box of an MP4 or HEIF file."""
    data = b"".join(content)
    return struct.pack(">I", 8 + len(data)) + name + data


def change_box(data: bytes, path: list[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """The MP4 with the content of the box at `path` changed, and all sizes around it; its index has to lie at the end.

    A sample entry ("avc1", ...) may be the last step, because boxes are only looked for inside the one before.
    """
    begin, end, parents = 0, len(data), []
    for name in path:
        found = data.index(name, begin, end) - 4
        parents.append(found)
        begin, end = found + 8, found + int.from_bytes(data[found : found + 4], "big")
    new = change(data[begin:end])
    changed = bytearray(data[:begin] + new + data[end:])
    for parent in parents:
        size = int.from_bytes(data[parent : parent + 4], "big") + len(new) - (end - begin)
        changed[parent : parent + 4] = size.to_bytes(4, "big")
    return bytes(changed)


def ebml(name: str, *content: bytes) -> bytes:
    """An element of a Matroska file; `name` is its id in hexadecimal."""
    data = b"".join(content)
    return bytes.fromhex(name) + (1 << 56 | len(data)).to_bytes(8, "big") + data


def mkv_track(number: int, codec: bytes, kind: int = 1, private: bytes = b"") -> bytes:
    """A track's entry, 64x48 where it is video. `kind`: 1 video, 2 audio, 17 subtitles."""
    shape = ebml("e0", ebml("b0", b"\x40"), ebml("ba", b"\x30")) if kind == 1 else b""
    numbers = ebml("d7", number.to_bytes(2, "big")), ebml("73c5", number.to_bytes(2, "big"))
    return ebml("ae", *numbers, ebml("83", bytes([kind])), ebml("86", codec), shape, ebml("63a2", private))


def mkv(tracks: list[bytes], pictures: Pictures, *more: bytes, seconds: float | None = None) -> bytes:
    """A Matroska file. `pictures`: (milliseconds, packet of track 1); `more` elements follow; `seconds` it claims."""
    duration = b"" if seconds is None else ebml("4489", struct.pack(">d", seconds * 1000))
    clusters = [
        ebml("1f43b675", ebml("e7", time.to_bytes(4, "big")), ebml("a3", b"\x81\0\0\x80" + data))
        for time, data in pictures
    ]
    segment = ebml("1549a966", ebml("2ad7b1", (1_000_000).to_bytes(3, "big")), duration), ebml("1654ae6b", *tracks)
    return ebml("1a45dfa3", ebml("4282", b"matroska")) + ebml("18538067", *segment, *clusters, *more)
