"""How a clip can be encoded: container, codecs, pixels, and what "draft", "good" and "master" mean for each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from pipelines.errors import InputError
from pipelines.media.audio import SoundCodec
from pipelines.settings import Quality

Codec = Literal["h264", "h265", "av1", "vp9", "prores"]
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]

# What looks alike in each codec: x264 and x265 count quality nearly alike, VP9 and AV1 on a scale of their own.
CRF: dict[Codec, dict[Quality, int]] = {
    "h264": {"draft": 26, "good": 18, "master": 12},
    "h265": {"draft": 28, "good": 21, "master": 14},
    "av1": {"draft": 45, "good": 30, "master": 18},
    "vp9": {"draft": 40, "good": 28, "master": 18},
}
# Of ProRes the profile says how much is kept; 4444 keeps every colour sample, and transparency.
_PRORES: dict[Quality, str] = {"draft": "hq", "good": "4444", "master": "4444xq"}
CODECS: dict[str, tuple[Codec, ...]] = {".mp4": ("h264", "h265", "av1"), ".webm": ("vp9",), ".mov": ("prores",)}
_TRANSPARENT: dict[Codec, str] = {"vp9": "yuva420p", "prores": "yuva444p10le"}
_INDEX_IN_FRONT = {"movflags": "+faststart"}
_H265_QUIET = "log-level=error"


@dataclass(frozen=True)
class Encoding:
    """A container, what its pictures and its sound are encoded with, and how. `tag`: the code players look for."""

    container: str
    codec: str
    options: dict[str, str]
    sound: SoundCodec
    pixels: str = "yuv420p"
    container_options: dict[str, str] = field(default_factory=dict)
    tag: str | None = None


def encoding_for(
    codec: Codec, quality: Quality, preset: Preset = "medium", threads: int = 0, *, alpha: bool = False
) -> Encoding:
    """Everything an encoder must be told. `threads` 0 means all cores; `alpha` keeps transparency (VP9, ProRes).

    Raises InputError where the codec knows none.
    """
    encoding = _BUILDERS[codec](quality if not alpha or codec != "prores" else "good", preset, threads)
    if not alpha:
        return encoding
    if codec not in _TRANSPARENT:
        raise InputError(f"{codec} knows no transparency. Use VP9 in a WebM or ProRes in a MOV.")
    # libvpx's frames out of order and transparency do not go together
    options = {**encoding.options, "auto-alt-ref": "0"} if codec == "vp9" else encoding.options
    return replace(encoding, pixels=_TRANSPARENT[codec], options=options)


def codec_for(name: str, asked: Codec | None = None) -> Codec:
    """The codec of a file by the end of its name, or the one asked for if it may live there. Raises InputError."""
    ending = f".{name.rpartition('.')[2].lower()}"
    fitting = CODECS.get(ending)
    if fitting is None:
        raise InputError(f"{name} does not end in a kind of video Septet writes. Use one of {', '.join(CODECS)}.")
    if asked is not None and asked not in fitting:
        raise InputError(f"{asked} does not go into a {ending} file; {', '.join(fitting)} does.")
    return asked or fitting[0]


def _h264(quality: Quality, preset: Preset, threads: int) -> Encoding:
    options = {"crf": str(CRF["h264"][quality]), "preset": preset, "threads": str(threads)}
    return Encoding("mp4", "libx264", options, "aac", container_options=_INDEX_IN_FRONT)


def _h265(quality: Quality, preset: Preset, threads: int) -> Encoding:
    pools = f"{_H265_QUIET}:pools={threads}" if threads else _H265_QUIET
    options = {"crf": str(CRF["h265"][quality]), "preset": preset, "x265-params": pools}
    return Encoding("mp4", "libx265", options, "aac", container_options=_INDEX_IN_FRONT, tag="hvc1")


def _av1(quality: Quality, _preset: Preset, threads: int) -> Encoding:
    options = {"crf": str(CRF["av1"][quality]), "preset": "8", "svtav1-params": f"lp={threads or os.cpu_count()}"}
    return Encoding("mp4", "libsvtav1", options, "aac", container_options=_INDEX_IN_FRONT)


def _vp9(quality: Quality, _preset: Preset, threads: int) -> Encoding:
    how = {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}
    options = {"crf": str(CRF["vp9"][quality]), "threads": str(threads or os.cpu_count()), **how}
    return Encoding("webm", "libvpx-vp9", options, "libopus")


def _prores(quality: Quality, _preset: Preset, threads: int) -> Encoding:
    options = {"profile": _PRORES[quality], "vendor": "apl0", "threads": str(threads)}
    pixels = "yuv422p10le" if quality == "draft" else "yuv444p10le"
    return Encoding("mov", "prores_ks", options, "pcm_s16le", pixels)


_BUILDERS: dict[Codec, Callable[[Quality, Preset, int], Encoding]] = {
    "h264": _h264,
    "h265": _h265,
    "av1": _av1,
    "vp9": _vp9,
    "prores": _prores,
}
