"""Pictures with things beside their pixels: how they were held, what their colours mean, where they were taken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from PIL import Image, ImageCms

from tests.corpus.kinds import Place, Table, noise
from tests.corpus.pictures import HEIGHT, WHERE, WIDTH, heic, jpeg, saved, shown
from tests.corpus.raw import png, png_chunk
from tests.media_samples import TO_STORED

TAGGED = Table("image")
row = TAGGED.row


@row("I25", "HEIC pictures, as iPhones take them: held upright and sideways, and with a name that says JPEG", "taken")
def _(place: Place) -> list[Path]:
    sideways = Image.fromarray(shown()).transpose(TO_STORED[6])
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = heic(place, "upright.heic")
    turned = heic(place, "sideways.heic", sideways, exif=exif.tobytes())
    return [upright, turned, place.write("phone.jpg", upright.read_bytes())]


@row("I28", "each of the eight ways a camera can be held", "taken")
def _(place: Place) -> list[Path]:
    paths = []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright = Image.fromarray(shown())
        stored = upright.transpose(TO_STORED[orientation]) if orientation > 1 else upright
        paths.append(saved(place, f"held-{orientation}.jpg", stored, exif=exif, quality=98, subsampling=0))
    return paths


@row("I29", "an orientation that is none", "taken")
def _(place: Place) -> list[Path]:
    exif = Image.Exif()
    exif[0x0112] = 9
    whole = jpeg(exif=exif.tobytes())
    return [place.write("nine.jpg", whole), place.write("garbage.jpg", jpeg(exif=b"Exif\0\0" + noise(60)))]


@row(
    "I30",
    "a wide colour profile, a broken one, one of four megabytes",
    "taken",
    why="in a PNG a profile of more than one megabyte is refused: Pillow unfolds no more",
)
def _(place: Place) -> list[Path]:
    flat = Image.new("RGB", (WIDTH, HEIGHT), (128, 200, 90))
    large = _display_p3() + bytes(4_100_000)
    return [
        saved(place, "p3.png", flat, icc_profile=_display_p3()),
        saved(place, "broken.png", flat, icc_profile=noise(500)),
        place.write("large.jpg", jpeg(flat, icc_profile=large)),
    ]


def _display_p3() -> bytes:
    """sRGB's own profile with the primaries of Display P3, which is all that tells them apart."""
    primaries = {
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(data[128:132], "big")):
        name, offset = bytes(data[132 + 12 * index :][:4]), int.from_bytes(data[136 + 12 * index :][:4], "big")
        if name in primaries:
            data[offset + 8 : offset + 20] = struct.pack(">3i", *(round(value * 65536) for value in primaries[name]))
    return bytes(data)


@row("I31", "a picture that says where it was taken", "taken")
def _(place: Place) -> list[Path]:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[0x001B] = WHERE
    exif[0x010E] = WHERE
    return [
        place.write("home.jpg", jpeg(exif=exif.tobytes())),
        saved(place, "home.png", Image.fromarray(shown()), exif=exif),
    ]


@row("I32", "compressed text in a PNG that unfolds to a hundred megabytes", "refused", says="damaged|not a picture")
def _(place: Place) -> list[Path]:
    text = zlib.compress(bytes(100_000_000), 9)
    notes = {"zTXt": b"Comment\0\0" + text, "iTXt": b"Comment\0\1\0\0\0" + text}
    return [
        place.write(f"{kind}.png", png(shown(), before=png_chunk(kind.encode(), data))) for kind, data in notes.items()
    ]
