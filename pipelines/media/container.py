"""Opening a media container safely. What a file is, its first bytes say; its name is never believed."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
from av import CodecContext, Packet, VideoFrame
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from pipelines.errors import MediaError
from pipelines.media.limits import check_decodable

DECODERS = frozenset(
    "h264 hevc vp8 libvpx vp9 libvpx-vp9 av1 libdav1d mpeg4 mpeg2video mjpeg prores dnxhd dvvideo".split()
    + "qtrle png gif ffv1".split()
)
AUDIO_DECODERS = frozenset(
    "aac opus libopus mp3 mp3float vorbis libvorbis flac alac ac3 eac3 pcm_s16le pcm_s16be pcm_s24le pcm_f32le".split()
)
MOST_TRACKS = 32  # of pictures, sound and everything else; ffmpeg looks at no more
_OPTIONS = {
    "protocol_whitelist": "",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,wav,mp3,flac,ogg",
    "codec_whitelist": ",".join(sorted(DECODERS | AUDIO_DECODERS)),
    "max_streams": str(MOST_TRACKS),
}
_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))
_DOLBY_VISION = ("dvh1", "dvhe", "dvav", "dva1")  # without a picture underneath that other decoders know
_SEES_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
SNIFFED = 64
SOUND_FORMATS = "MP3, M4A, WAV, FLAC or OGG"
_FORMATS = "MP4, MOV, MKV, WebM or GIF"


def shown_name(path: Path) -> str:
    """What a person may be told about where a file lies: its name, short, composed and printable, without folders."""
    name = "".join(letter if letter.isprintable() else "?" for letter in unicodedata.normalize("NFC", path.name))
    return name if len(name) <= 80 else f"{name[:60]}…{name[-16:]}"


def sniff(head: bytes) -> str | None:
    """The container a file's first bytes announce ("mov", "matroska", "gif", …), or None."""
    if head[4:8] in _ISO_BOXES:
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] in (b"fLaC", b"OggS"):
        return {b"fLaC": "flac", b"OggS": "ogg"}[head[:4]]
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"  # a tag, or the first frame of MPEG layer III
    return None


_handed: dict[Path, tuple[int, int]] | None = None  # in a decoding child: descriptor and size of what it may read


def hand_over(files: Mapping[Path, int]) -> None:
    """From now on these descriptors are all that this process can open, under these names: it is a decoding child."""
    global _handed
    _handed = {name: (descriptor, os.fstat(descriptor).st_size) for name, descriptor in files.items()}


def is_decoding_child() -> bool:
    """Whether this process reads what it was handed over and nothing else."""
    return _handed is not None


def sniff_heif(head: bytes) -> bool:
    """Whether a file's first bytes announce a HEIC picture, which lies in the same kind of boxes as a video."""
    brands = (head[8:12], *(head[at : at + 4] for at in range(16, min(len(head), int.from_bytes(head[:4], "big")), 4)))
    return head[4:8] == b"ftyp" and not _HEIC.isdisjoint(brands)


def open_bytes(path: Path) -> BinaryIO:
    """The file, open for reading. Raises MediaError where it cannot be opened."""
    if _handed is not None:
        return BufferedReader(_Handed(*_handed[path]))
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:  # the latter: a zero in the name
        raise MediaError(f"The file {shown_name(path)} cannot be opened. Choose it again.") from error


def size_of(path: Path) -> int:
    """Its length in bytes. Raises MediaError where it cannot be opened."""
    with open_bytes(path) as file:
        return file.seek(0, SEEK_END)


class _Handed(RawIOBase):
    """A file by its descriptor alone. Each has a place of its own: the descriptor's is shared by all who hold it."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size, self._place = descriptor, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._place = max(0, offset + {SEEK_SET: 0, SEEK_CUR: self._place, SEEK_END: self._size}[whence])
        return self._place

    def readinto(self, buffer: Any) -> int:
        count = os.preadv(self._descriptor, [buffer], self._place)
        self._place += count
        return count


@contextmanager
def opened(path: Path, *, sound: bool = False) -> Iterator[InputContainer]:
    """The container, open for reading; closed on the way out. `sound`: it is wanted for that, which errors then say.

    Raises MediaError for a missing, empty, foreign or damaged file, also for damage met while the caller reads.
    """
    name = shown_name(path)
    with open_bytes(path) as file:
        head = file.read(SNIFFED)
        kind = sniff(head)
        if not head:
            raise MediaError(f"The file {name} is empty. Upload it again.")
        if kind is None:
            wanted, formats = ("sound", SOUND_FORMATS) if sound else ("a video", _FORMATS)
            raise MediaError(f"{name} is not {wanted} Septet can read. Use {formats}.")
        file.seek(0)
        try:
            with av.open(file, format=kind, options=dict(_OPTIONS), metadata_errors="replace") as container:
                if len(container.streams) == MOST_TRACKS:
                    raise MediaError(
                        f"{name} holds {MOST_TRACKS} tracks or more. Export it with one of pictures and one of sound."
                    )
                yield cast(InputContainer, container)
        except (av.FFmpegError, EOFError) as error:
            raise MediaError(
                f"{name} is damaged or incomplete and cannot be read. Export or upload it again."
            ) from error


def video_stream(container: InputContainer, name: str) -> VideoStream:
    """The first moving picture in the container, decoding on all cores; cover art does not count.

    Raises MediaError if there is none, or none that an allowed decoder reads.
    """
    moving = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not moving:
        what = "only sound" if container.streams.audio else "no video"
        raise MediaError(f"{name} holds {what}. Choose a file with moving pictures.")
    stream = moving[0]
    codec = stream.codec_context.codec.name if stream.codec_context is not None else "unknown"
    if codec not in DECODERS:
        raise MediaError(f"{name} is encoded as {codec}, which Septet does not read. Convert it to H.264 in an MP4.")
    if stream.codec_context.codec_tag in _DOLBY_VISION:
        raise MediaError(
            f"{name} is Dolby Vision with colours only its own players know. Export it as HDR10, HLG or ordinary H.264."
        )
    check_decodable(name, stream.codec_context.width, stream.codec_context.height)
    stream.thread_type = "AUTO"
    return stream


def decoder_of(stream: VideoStream) -> Callable[[Packet], Sequence[VideoFrame]]:
    """What makes pictures of the stream's packets: its own decoder, but for transparent VP8 and VP9 the one that sees
    transparency; what lies under it is garbage in the eyes of the other."""
    sees_alpha = _SEES_ALPHA.get(stream.codec_context.codec.canonical_name)
    if sees_alpha is None or stream.metadata.get("alpha_mode") != "1":
        return lambda packet: cast(Sequence[VideoFrame], packet.decode())
    context = cast(VideoCodecContext, CodecContext.create(sees_alpha, "r"))
    return lambda packet: context.decode(packet if packet.size else None)


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
