"""Files that are not what they claim to be are refused at once, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import MediaError
from pipelines.media.container import shown_name, sniff
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from tests.media_samples import collect, encode_sound, make_video, moving_square, tone

SECRET = "a-private-folder"


def _good(folder: Path) -> bytes:
    return make_video(folder / "good.mp4", moving_square(48), sound=tone(2)).read_bytes()


def _sound_only(folder: Path) -> bytes:
    with av.open(str(folder / "sound.mp4"), "w") as container:
        encode_sound(container, container.add_stream("aac", rate=48_000, layout="mono"), tone(1))
    return (folder / "sound.mp4").read_bytes()


def _noise_inside(folder: Path) -> bytes:
    data = bytearray(_good(folder))
    begin = data.index(b"mdat") + 4
    data[begin : begin + 4000] = np.random.default_rng(0).bytes(4000)
    return bytes(data)


BAD: dict[str, Callable[[Path], bytes]] = {
    "zero bytes": lambda folder: b"",
    "a playlist named mp4": lambda folder: b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a concat script": lambda folder: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a DASH manifest": lambda folder: b"<?xml version='1.0'?><MPD><Period/></MPD>",
    "a picture": lambda folder: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "noise behind a header": lambda folder: b"\x00\x00\x00\x20ftypisom" + np.random.default_rng(0).bytes(20_000),
    "half a file": lambda folder: _good(folder)[: len(_good(folder)) // 2],
    "no index": lambda folder: _good(folder)[: _good(folder).index(b"moov") - 4],
    "noise for pictures": _noise_inside,
    "sound only": _sound_only,
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_is_no_video_is_refused_and_by_name_only(tmp_path: Path, case: str) -> None:
    folder = tmp_path / SECRET
    folder.mkdir()
    path = folder / "my clip.mp4"
    path.write_bytes(BAD[case](folder))
    for attempt in (lambda: probe_video(path), lambda: collect(read_video(path))):
        with pytest.raises(MediaError) as caught:
            attempt()
        assert "my clip.mp4" in str(caught.value)
        assert SECRET not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(MediaError, match="cannot be opened"):
            probe_video(path)


def test_a_cut_off_file_with_its_index_in_front_is_refused(tmp_path: Path) -> None:
    path = make_video(tmp_path / "front.mov", moving_square(48, 160, 96))
    moved = tmp_path / "cut.mp4"
    with av.open(str(path)) as source, av.open(str(moved), "w", container_options={"movflags": "+faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    moved.write_bytes(moved.read_bytes()[:-600])
    with pytest.raises(MediaError, match="cut off"):
        probe_video(moved)


def test_a_codec_outside_the_list_is_refused_by_name(tmp_path: Path) -> None:
    path = make_video(tmp_path / "odd.mkv", moving_square(5), codec="rawvideo")
    with pytest.raises(MediaError, match=r"odd\.mkv"):
        probe_video(path)


def test_the_name_shown_is_short_printable_and_without_folders() -> None:
    assert shown_name(Path("/secret/clip.mp4")) == "clip.mp4"
    assert "\n" not in shown_name(Path("two\nlines\u202e.mp4"))
    assert len(shown_name(Path("x" * 240 + ".mp4"))) <= 80


def test_containers_are_known_by_their_first_bytes() -> None:
    assert sniff(b"\x00\x00\x00\x18ftypisom") == "mov"
    assert sniff(b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x00") == "matroska"
    assert sniff(b"GIF89a\x00\x00\x00\x00\x00\x00") == "gif"
    assert sniff(b"RIFF\x00\x00\x00\x00AVI ") is None
    assert sniff(b"") is None
