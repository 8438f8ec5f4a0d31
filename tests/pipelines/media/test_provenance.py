"""The mark of origin is where other programs look for it, and harms nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import imageio_ffmpeg
import pytest

from pipelines.finish import FinishRequest, origin_of
from pipelines.media.provenance import add_origin, read_origin
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from tests.media_samples import collect, make_video, moving_square, stream_of

MADE, MIXED, IMPROVED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicallyEnhanced"
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


@pytest.mark.parametrize("ending", ["mp4", "mov", "webm"])
@pytest.mark.parametrize("origin", [MADE, MIXED, IMPROVED])
def test_what_is_written_is_read(tmp_path: Path, ending: str, origin: str) -> None:
    path = write_video(stream_of(moving_square(3)), tmp_path / f"clip.{ending}", origin=origin).path
    assert read_origin(path) == origin


def test_it_is_well_formed_xmp_with_the_full_address_of_the_word(tmp_path: Path) -> None:
    path = write_video(stream_of(moving_square(3)), tmp_path / "clip.mp4", origin=MADE).path
    data = path.read_bytes()
    begin, end = data.index(b"<x:xmpmeta"), data.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")
    description = ElementTree.fromstring(data[begin:end]).find(f"{RDF}RDF/{RDF}Description")
    assert description is not None
    assert description.get(f"{IPTC}DigitalSourceType") == f"http://cv.iptc.org/newscodes/digitalsourcetype/{MADE}"


def test_the_film_is_the_same_with_it_and_without_for_every_reader(tmp_path: Path) -> None:
    plain = write_video(stream_of(moving_square(9)), tmp_path / "plain.mp4").path
    marked = tmp_path / "marked.mp4"  # a copy: x264 does not always write the same bits twice
    shutil.copyfile(plain, marked)
    add_origin(marked, MADE)
    assert (collect(read_video(plain)) == collect(read_video(marked))).all()
    hashes = [
        subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "md5", "-"],
            check=True, capture_output=True, text=True,
        )
        for path in (plain, marked)
    ]  # fmt: skip
    assert hashes[0].stdout == hashes[1].stdout
    assert not hashes[1].stderr


def test_files_that_say_nothing_or_are_damaged_have_no_origin(tmp_path: Path) -> None:
    assert read_origin(make_video(tmp_path / "camera.mp4", moving_square(3))) is None
    assert read_origin(make_video(tmp_path / "web.webm", moving_square(3), codec="libvpx-vp9")) is None
    for name, data in (
        ("empty", b""),
        ("short", b"\0\0"),
        ("loop", b"\0\0\0\0free"),
        ("lies", b"\0\0\0\1uuid" + b"\xff" * 8),
        ("small", b"\0\0\0\x10uuid" + XMP),
    ):
        (tmp_path / name).write_bytes(data)
        assert read_origin(tmp_path / name) is None


def test_finishing_passes_on_what_its_sources_say(tmp_path: Path) -> None:
    camera = make_video(tmp_path / "camera.mp4", moving_square(3))
    made = write_video(stream_of(moving_square(3)), tmp_path / "made.mp4", origin=MADE).path
    improved = make_video(tmp_path / "improved.mp4", moving_square(3))
    add_origin(improved, IMPROVED)

    def origin(*paths: Path) -> str:
        return origin_of(FinishRequest(video=str(paths[0]), then=tuple(map(str, paths[1:]))))

    assert origin(camera) == origin(improved) == origin(camera, improved) == IMPROVED
    assert origin(made) == origin(made, made) == MADE
    assert origin(made, camera) == origin(camera, made) == MIXED
