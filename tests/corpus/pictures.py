"""Pictures as people bring them: damaged, huge, of every depth and mode, turned, tagged, moving."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
from PIL import Image

from pipelines.media.write import ordinary_priority
from tests.corpus.kinds import Place, Table, noise
from tests.corpus.raw import png, png_chunk, png_header
from tests.media_samples import make_video, moving_square, picture

PICTURES = Table("image")
row = PICTURES.row

WIDTH, HEIGHT = 96, 64
WHERE = "N48 12 30 E16 22 20"  # the place a phone wrote into its picture


def shown() -> np.ndarray:
    """What most pictures here show: (64, 96, 3) uint8."""
    return picture(WIDTH, HEIGHT)


def saved(place: Place, name: str, image: Image.Image, **options: Any) -> Path:
    image.save(place.folder / name, **options)
    return place.folder / name


def heic(place: Place, name: str, image: Image.Image | None = None, **options: Any) -> Path:
    """As an iPhone writes it, but for its tiles."""
    pillow_heif.from_pillow(image or Image.fromarray(shown())).save(place.folder / name, quality=95, **options)
    return place.folder / name


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    buffer = BytesIO()
    (image or Image.fromarray(shown())).save(buffer, "JPEG", **{"quality": 95, "subsampling": 0, **options})
    return buffer.getvalue()


@row("I01", "an empty file", "refused", says="empty|not a picture")
def _(place: Place) -> list[Path]:
    return [place.write("nothing.png", b""), place.write("nothing.jpg", b"")]


@row("I02", "a JPEG whose end is missing", "refused", says="damaged")
def _(place: Place) -> list[Path]:
    data = jpeg(Image.fromarray(picture(300, 200)))
    return [place.write("half.jpg", data[: len(data) // 2]), place.write("nearly.jpg", data[:-200])]


@row("I03", "a PNG cut off inside its pixels", "refused", says="damaged")
def _(place: Place) -> list[Path]:
    data = png(picture(300, 200))
    begin = data.index(b"IDAT")
    return [
        place.write("half.png", data[: begin + (len(data) - begin) // 2]),
        place.write("head.png", data[: begin + 9]),
    ]


@row("I04", "a PNG whose name says JPEG, and the other way round", "taken")
def _(place: Place) -> list[Path]:
    return [place.write("png.jpg", png(shown())), place.write("jpeg.png", jpeg())]


@row(
    "I05", "a picture of one pixel", "refused", says="at least 16",
    why="16 pixels a side are enough for the smallest model's own size, so 16 is the least and not 64",
)  # fmt: skip
def _(place: Place) -> list[Path]:
    return [place.write("dot.png", png(picture(16, 16)[:1, :1])), saved(place, "15.gif", Image.new("RGB", (15, 15)))]


@row("I06", "a picture more than eight times as long as wide", "refused", says="at least 16|8 times")
def _(place: Place) -> list[Path]:
    line = np.zeros((1, 8192, 3), np.uint8)
    return [place.write("line.png", png(line)), place.write("strip.png", png(np.zeros((170, 20, 3), np.uint8)))]


@row("I07", "a header that claims 65 535 pixels a side", "refused", says="million pixels")
def _(place: Place) -> list[Path]:
    lying = png_header(65535, 65535) + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    data = jpeg()
    begin = data.index(b"\xff\xc0") + 5
    return [
        place.write("claim.png", lying),
        place.write("claim.jpg", data[:begin] + b"\xff\xff\xff\xff" + data[begin + 4 :]),
    ]


@row("I08", "a few hundred kilobytes that unfold to 144 million pixels", "refused", says="million pixels")
def _(place: Place) -> list[Path]:
    squeeze = zlib.compressobj(9)
    rows = bytes(12_001 * 200)
    pixels = b"".join(squeeze.compress(rows) for _ in range(60)) + squeeze.flush()
    whole = png_header(12_000, 12_000, 8, 0) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    return [place.write("bomb.png", whole)]


@row("I09", "a phone's picture of 48 million pixels", "taken")
def _(place: Place) -> list[Path]:
    return [saved(place, "phone.jpg", Image.new("RGB", (8000, 6000), (90, 140, 60)), quality=60)]


@row("I10", "a size nothing divides", "taken")
def _(place: Place) -> list[Path]:
    return [
        place.write("odd.png", png(picture(853, 479))),
        place.write("odd.jpg", jpeg(Image.fromarray(picture(479, 853)))),
    ]


@row("I11", "a CMYK JPEG", "taken")
def _(place: Place) -> list[Path]:
    return [place.write("print.jpg", jpeg(Image.fromarray(shown()).convert("CMYK")))]


@row("I12", "a JPEG in YCCK, inverted as Adobe writes it", "taken")
def _(place: Place) -> list[Path]:
    """Pillow writes the four planes inverted and says "as they are" (0); they are made YCbCr and K, and say so (2)."""
    ink = 255 - shown()
    coded = np.asarray(Image.fromarray(ink).convert("YCbCr"))
    planes = np.dstack([255 - coded, np.zeros((HEIGHT, WIDTH), np.uint8)])
    data = bytearray(jpeg(Image.frombytes("CMYK", (WIDTH, HEIGHT), planes.tobytes())))
    data[data.index(b"Adobe") + 11] = 2
    return [place.write("adobe.jpg", bytes(data))]


@row("I13", "16-bit grey", "taken")
def _(place: Place) -> list[Path]:
    ramp = np.tile(np.linspace(0, 65535, WIDTH).astype(np.uint16), (HEIGHT, 1))[..., None]
    return [place.write("deep.png", png(ramp, 0))]


@row("I14", "16 bits per colour", "taken")
def _(place: Place) -> list[Path]:
    return [place.write("deep.png", png(shown().astype(np.uint16) * 257))]


@row("I15", "a palette with a transparent colour", "taken")
def _(place: Place) -> list[Path]:
    image = Image.new("P", (WIDTH, HEIGHT), 1)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.paste(0, (0, 0, WIDTH // 2, HEIGHT))
    return [saved(place, "palette.png", image, transparency=0), saved(place, "palette.gif", image, transparency=0)]


@row("I16", "one bit per pixel", "taken")
def _(place: Place) -> list[Path]:
    image = Image.new("1", (WIDTH, HEIGHT), 0)
    image.paste(1, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return [saved(place, "fax.png", image), saved(place, "fax.bmp", image)]


@row("I17", "half transparent, grey and in colour", "taken")
def _(place: Place) -> list[Path]:
    colour = Image.new("RGBA", (WIDTH, HEIGHT), (255, 0, 0, 51))
    return [
        saved(place, "glass.png", colour),
        saved(place, "grey.png", Image.new("LA", (WIDTH, HEIGHT), (0, 51))),
        saved(place, "glass.webp", colour, lossless=True),
    ]


@row("I18", "transparent all over", "refused", says="transparent")
def _(place: Place) -> list[Path]:
    clear = Image.new("RGBA", (WIDTH, HEIGHT), (9, 9, 9, 0))
    return [saved(place, "clear.png", clear), saved(place, "clear.webp", clear, lossless=True)]


@row("I19", "a TIFF of floating-point values", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    image = Image.fromarray(np.linspace(0, 9, WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH))
    return [saved(place, "float.tiff", image), saved(place, "float.png", image, format="TIFF")]


@row("I20", "a TIFF of many pages", "refused", says="PNG, JPEG")
def _(place: Place) -> list[Path]:
    page = Image.fromarray(shown())
    return [saved(place, "pages.tiff", page, save_all=True, append_images=[page] * 3)]


@row(
    "I21",
    "a GIF of 500 frames",
    "taken",
    why="the first frame is used, without a notice: the page shows the file itself",
)
def _(place: Place) -> list[Path]:
    first = Image.fromarray(shown()).quantize(64)
    rest = [Image.new("P", (WIDTH, HEIGHT), index % 64) for index in range(499)]
    return [saved(place, "moving.gif", first, save_all=True, append_images=rest)]


@row("I22", "a moving WebP", "taken")
def _(place: Place) -> list[Path]:
    rest = [Image.new("RGB", (WIDTH, HEIGHT), (0, 9 * index, 0)) for index in range(4)]
    return [saved(place, "moving.webp", Image.fromarray(shown()), save_all=True, append_images=rest, lossless=True)]


@row("I23", "a moving PNG", "taken")
def _(place: Place) -> list[Path]:
    rest = [Image.new("RGB", (WIDTH, HEIGHT), (0, 9 * index, 0)) for index in range(4)]
    return [saved(place, "moving.png", Image.fromarray(shown()), save_all=True, append_images=rest)]


@row("I24", "the widest WebP there is, too many pixels in all", "refused", says="million pixels")
def _(place: Place) -> list[Path]:
    bits = 16382 | 3999 << 14  # width - 1 and height - 1 of a lossless picture
    data = b"\x2f" + struct.pack("<I", bits) + noise(995)
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return [place.write("wide.webp", b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk)]


@row("I26", "an AVIF with ten bits per colour", "taken")
def _(place: Place) -> list[Path]:
    path = place.folder / "deep.avif"
    with ordinary_priority(), av.open(str(path), "w", format="avif") as out:
        stream = out.add_stream(
            "libsvtav1", rate=Fraction(1), options={"crf": "8", "preset": "12", "svtav1-params": "avif=1"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p10le"
        stream.codec_context.color_range = 1
        frame = av.VideoFrame.from_ndarray(shown(), format="rgb24").reformat(format="yuv420p10le", dst_colorspace=5)
        out.mux([*stream.encode(frame), *stream.encode(None)])
    return [path, saved(place, "plain.avif", Image.fromarray(shown()), quality=95)]


@row("I40", "a picture with a page or an archive behind it", "taken")
def _(place: Place) -> list[Path]:
    page = b"<html><script>alert(1)</script></html>"
    gif = BytesIO()
    Image.fromarray(shown()).save(gif, "GIF")
    archive = b"PK\x03\x04" + bytes(26) + page
    return [place.write("page.jpg", jpeg() + page), place.write("archive.gif", gif.getvalue() + archive)]


@row("I44", "a motion photo: a JPEG with a video behind it", "taken")
def _(place: Place) -> list[Path]:
    clip = make_video(place.folder / "behind.mp4", moving_square(6)).read_bytes()
    return [place.write("motion.jpg", jpeg() + clip)]


@row("I45", "two pictures in one JPEG, as cameras with two lenses write it", "taken")
def _(place: Place) -> list[Path]:
    first, other = Image.fromarray(shown()), Image.new("RGB", (WIDTH, HEIGHT))
    return [saved(place, "two.mpo", first, save_all=True, append_images=[other], quality=95, subsampling=0)]


@row("I46", "a JPEG of two thousand passes", "refused", says="passes")
def _(place: Place) -> list[Path]:
    data = jpeg(Image.fromarray(picture(1024, 1024)), progressive=True)
    begin = data.rindex(b"\xff\xda")
    return [place.write("passes.jpg", data[:begin] + data[begin:-2] * 2000 + b"\xff\xd9")]
