"""The mark that says a machine made a file: IPTC's digital source type, as XMP in a box of its own at the file's end.

Programs that show where a picture comes from look for exactly this (IPTC Video Metadata Hub; XMP, part 3).
The words come from IPTC's controlled vocabulary https://cv.iptc.org/newscodes/digitalsourcetype/.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from pipelines.media.container import SNIFFED, open_bytes, sniff
from pipelines.media.metadata import read_field

# made from nothing but a prompt or a picture; made into somebody's video; somebody's video, improved
Origin = Literal["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicallyEnhanced"]

TAG = "DIGITAL_SOURCE_TYPE"  # the same word in a Matroska or WebM file, where XMP has no place
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # the UUID that names an XMP box
_LARGEST = 1 << 16  # bytes; ours has a few hundred
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Septet"'
    ' Iptc4xmpExt:DigitalSourceType="{origin}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def add_origin(part: Path, origin: Origin) -> None:
    """Add the mark to a finished MP4 or MOV."""
    packet = _PACKET.format(origin=_VOCABULARY + origin).encode()
    with part.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(_XMP) + len(packet), b"uuid") + _XMP + packet)


def read_origin(path: Path) -> Origin | None:
    """What a file says of where it comes from, None where it says nothing. Raises MediaError if it cannot be opened."""
    with open_bytes(path) as file:
        kind = sniff(file.read(SNIFFED))
    if kind == "matroska":
        said = [read_field(path, TAG) or ""]
    else:
        said = [
            word.decode() for packet in _xmp_boxes(path) for word in re.findall(rb"digitalsourcetype/(\w+)", packet)
        ]
    return next((origin for origin in get_args(Origin) if origin in said), None)


def _xmp_boxes(path: Path) -> Iterator[bytes]:
    """The XMP packets among the file's outermost boxes; a damaged file ends the search."""
    with open_bytes(path) as file:
        end = file.seek(0, 2)
        place = 0
        while place + 8 <= end:
            file.seek(place)
            size, kind = struct.unpack(">I4s", file.read(8))
            head = 8
            if size == 1 and place + 16 <= end:
                (size,), head = struct.unpack(">Q", file.read(8)), 16
            if size == 0:
                size = end - place
            if size < head:
                return
            if kind == b"uuid" and head + 16 <= size <= _LARGEST and file.read(16) == _XMP:
                yield file.read(size - head - 16)
            place += size
