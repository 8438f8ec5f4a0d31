"""What is no picture a studio takes, whatever its name says: drawings, documents, scripts, addresses."""

from __future__ import annotations

import gzip
import struct
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.corpus.kinds import Place, Table, noise
from tests.corpus.pictures import heic
from tests.corpus.raw import box

DISGUISES = Table("image")
row = DISGUISES.row

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">'


@row("I47", "HEIC pictures with noise for an inside, and cut short", "refused", says="damaged")
def _(place: Place) -> list[Path]:
    tiles = b"".join(struct.pack(">H", tile) for tile in range(2, 50))
    references = box(b"iref", bytes(4), box(b"dimg", struct.pack(">HH", 1, 48), tiles))
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(13)), references)
    paths = []
    for brand in (b"heic", b"mif1"):
        head = box(b"ftyp", brand, bytes(4), b"mif1", b"heic")
        paths.append(place.write(f"{brand.decode()}.heic", head + meta + box(b"mdat", noise(500))))
    whole = heic(place, "whole.heic").read_bytes()
    return [*paths, place.write("phone.jpg", paths[0].read_bytes()), place.write("half.heic", whole[: len(whole) // 2])]


@row("I27", "a JPEG XL picture", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    boxed = (
        bytes.fromhex("0000000c4a584c200d0a870a") + box(b"ftyp", b"jxl ", bytes(4), b"jxl ") + box(b"jxlc", noise(99))
    )
    return [place.write("bare.jxl", b"\xff\x0a" + noise(99)), place.write("boxed.jxl", boxed)]


@row("I33", "an SVG drawing", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    drawing = (SVG + '<rect width="64" height="64"/></svg>').encode()
    return [place.write("a.svg", drawing), place.write("a.png", drawing), place.write("a.svgz", gzip.compress(drawing))]


@row("I34", "an SVG that asks for another file and another host", "refused", says="PNG, JPEG", confined=True)
def _(place: Place) -> list[Path]:
    entity = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{place.canary}">]>{SVG}<text>&x;</text></svg>'
    linked = f'{SVG}<image xlink:href="{place.trap}x.png" width="9" height="9"/></svg>'
    return [place.write("entity.svg", entity.encode()), place.write("linked.png", linked.encode())]


@row("I35", "an SVG with a script in it", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    return [place.write("script.svg", (SVG + "<script>alert(1)</script></svg>").encode())]


@row("I36", "PostScript", "refused", says="PNG, JPEG", confined=True)
def _(place: Place) -> list[Path]:
    run = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n({place.canary}) run\nshowpage\n".encode()
    return [place.write("a.eps", run), place.write("a.png", run)]


@row("I37", "a PDF", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    buffer = BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "PDF")
    return [place.write("a.pdf", buffer.getvalue()), place.write("a.jpg", buffer.getvalue())]


@row("I38", "a FITS picture that unfolds to a gigabyte", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2"]
    cards += ["NAXIS1  =                32000", "NAXIS2  =                32000", "END"]
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    folded = gzip.compress(head + bytes(1 << 20))
    return [place.write("sky.fits", head + bytes(2880)), place.write("sky.png", folded)]


@row("I39", "PSD, DDS, BDF and McIdas files named .png", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    texture = BytesIO()
    Image.new("RGB", (64, 64)).save(texture, "DDS")
    files = {
        "psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + bytes(12) + noise(200),
        "dds": texture.getvalue(),
        "bdf": b"STARTFONT 2.1\nSIZE 16 75 75\nFONTBOUNDINGBOX 99999 99999 0 0\n",
        "area": struct.pack(">64i", 0, 4, *range(62)),
    }
    return [place.write(f"{name}.png", data) for name, data in files.items()]


@row("I41", "drawing scripts of ImageMagick", "refused", says="PNG, JPEG", confined=True)
def _(place: Place) -> list[Path]:
    mvg = f"push graphic-context\nviewbox 0 0 64 64\nimage over 0,0 0,0 '{place.trap}x.png'\npop graphic-context\n"
    msl = f'<?xml version="1.0"?><image><read filename="{place.canary}"/><write filename="out.png"/></image>'
    return [place.write("a.mvg", mvg.encode()), place.write("a.png", mvg.encode()), place.write("a.msl", msl.encode())]


@row("I43", "an address in place of a path", "refused", says="cannot be opened", confined=True)
def _(place: Place) -> list[str]:
    metadata, loop = "http://169.254.169.254/latest/meta-data/", "http://[::1]:9/x.png"
    return [place.trap + "x.png", metadata, loop, f"file://{place.canary}"]
