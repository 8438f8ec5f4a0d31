"""Joining shots into one film with moviepy: straight cuts, or cross-fades that overlap the shots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from pipelines.errors import InputError
from pipelines.media.pictures import chunk_length
from pipelines.media.probe import VideoInfo, inspect
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from pipelines.types import Clip, Frame, Frames, FrameStream, Quality, Sound

if TYPE_CHECKING:
    from moviepy import VideoClip

_AUDIO_RATE = 48_000

FrameAt = Callable[[int], Frame]


def _as_it_is(stream: FrameStream) -> FrameStream:
    return stream


def join_clips(
    paths: Sequence[Path],
    out: Path,
    *,
    transition: float = 0.0,
    finishing: Callable[[FrameStream], FrameStream] = _as_it_is,
    sound: Sound | None = None,
    quality: Quality = "good",
    metadata: dict[str, str] | None = None,
) -> Clip:
    """One film of all the shots in order, at the size and rate of the first, with their sound.

    transition   seconds over which each shot fades into the next, sound included, the two overlapping; 0: cuts
    finishing    what becomes of the joined frames
    sound        what is heard beside the shots' own sound, which takes the place of its `source`

    The fade is at most half the shortest shot. Frames are streamed. Raises MediaError for a shot that cannot be read,
    InputError without any.
    """
    from moviepy import concatenate_videoclips

    if not paths:
        raise InputError("There is nothing to join. Choose one clip or more.")
    infos = [inspect(path).info for path in paths]
    rate, size = infos[0].frame_rate, (infos[0].width, infos[0].height)
    lengths = [max(1, round(info.duration * rate)) for info in infos]
    fade = min(round(transition * rate), min(lengths) // 2)
    shots = [_Shot(path, rate, size, length) for path, length in zip(paths, lengths, strict=True)]
    film = concatenate_videoclips(_pieces(shots, fade, rate), method="chain")
    count = sum(lengths) - fade * (len(shots) - 1)

    def chunks() -> Iterator[Frames]:
        room = chunk_length(*size)
        for begin in range(0, count, room):
            # the middle of the frame's time, where no rounding can reach a neighbour
            times = [float((index + Fraction(1, 2)) / rate) for index in range(begin, min(count, begin + room))]
            yield np.stack([film.get_frame(time) for time in times])

    with TemporaryDirectory(dir=out.parent, prefix=".join-") as folder:
        own = _joined_sound(paths, infos, lengths, fade, rate, Path(folder) / "sound.wav")
        heard = replace(sound or Sound(), source=own) if own or sound else None
        return write_video(
            finishing(FrameStream(chunks(), *size, rate, count)), out, sound=heard, quality=quality, metadata=metadata
        )


class _Shot:
    """The frames of a shot, taken in order."""

    def __init__(self, path: Path, rate: Fraction, size: tuple[int, int], length: int) -> None:
        self.length, self.size = length, size
        self._frames = (frame for chunk in read_video(path, frame_rate=rate, size=size).chunks for frame in chunk)
        self._index, self._frame = -1, np.zeros((size[1], size[0], 3), np.uint8)

    def frame(self, index: int) -> Frame:
        """Frame `index`; asked for in rising order only, because the shot is decoded as it is watched."""
        while self._index < index:
            self._frame, self._index = next(self._frames, self._frame), self._index + 1
        return self._frame


def _pieces(shots: list[_Shot], fade: int, rate: Fraction) -> list[VideoClip]:
    """The film as moviepy clips laid end to end: the body of each shot, and the fades between."""
    pieces = []
    for number, shot in enumerate(shots):
        begin = fade if number > 0 else 0
        end = shot.length - (fade if number < len(shots) - 1 else 0)
        if end > begin:
            pieces.append(_piece(_plain(shot, begin), end - begin, shot.size, rate))
        if fade and number < len(shots) - 1:
            pieces.append(_piece(_faded(shot, shots[number + 1], end, fade), fade, shot.size, rate))
    return pieces


def _plain(shot: _Shot, begin: int) -> FrameAt:
    return lambda index: shot.frame(begin + index)


def _faded(shot: _Shot, following: _Shot, begin: int, fade: int) -> FrameAt:
    def frame(index: int) -> Frame:
        weight = (index + 1) / (fade + 1)
        one, other = shot.frame(begin + index), following.frame(index)
        return np.rint(one + weight * (other.astype(np.float32) - one)).astype(np.uint8)

    return frame


def _piece(frame_at: FrameAt, length: int, size: tuple[int, int], rate: Fraction) -> VideoClip:
    from moviepy import VideoClip

    # Given its frame function at birth, a VideoClip asks for frame 0 to learn its size, out of the film's order.
    clip = VideoClip(duration=float(length / rate))
    clip.size = size
    clip.frame_function = lambda time: frame_at(min(length - 1, int(time * rate)))
    return clip


def _joined_sound(
    paths: Sequence[Path], infos: list[VideoInfo], lengths: list[int], fade: int, rate: Fraction, out: Path
) -> Path | None:
    """The shots' sound laid out like the shots themselves, as a WAV file; None if none of them has any."""
    from moviepy import AudioFileClip, CompositeAudioClip, afx

    tracks, begin = [], Fraction(0)
    overlap = float(fade / rate)
    with ExitStack() as opened:
        for number, (path, info, length) in enumerate(zip(paths, infos, lengths, strict=True)):
            if info.has_audio:
                track = opened.enter_context(AudioFileClip(str(path), fps=_AUDIO_RATE))
                track = track.subclipped(0, min(track.duration, float(length / rate)))
                fades = [afx.AudioFadeIn(overlap)] if fade and number > 0 else []
                fades += [afx.AudioFadeOut(overlap)] if fade and number < len(paths) - 1 else []
                tracks.append(track.with_effects(fades).with_start(float(begin)))
            begin += (length - fade) / rate
        if not tracks:
            return None
        mixed = CompositeAudioClip(tracks).with_duration(float(begin + fade / rate))
        mixed.write_audiofile(str(out), fps=_AUDIO_RATE, codec="pcm_s16le", logger=None)
    return out
