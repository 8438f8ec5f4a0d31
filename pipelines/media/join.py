"""Joining shots into one film with moviepy: cuts or cross-fades that overlap the shots, a title, their sound."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from pipelines.errors import InputError
from pipelines.media.images import on_black
from pipelines.media.mixing import RATE, mixed, write_wav
from pipelines.media.pictures import chunk_length
from pipelines.media.probe import VideoInfo, inspect, used_seconds
from pipelines.media.provenance import Origin
from pipelines.media.read import read_video
from pipelines.media.title import TITLE_SECONDS, Title
from pipelines.media.write import write_video
from pipelines.settings import Quality
from pipelines.types import Clip, Frame, Frames, FrameStream, Sound

if TYPE_CHECKING:
    from moviepy import VideoClip

_ALIKE = 0.01  # of a side, by which shapes may differ before black is added

FrameAt = Callable[[int], Frame]


def _as_it_is(stream: FrameStream) -> FrameStream:
    return stream


@dataclass(frozen=True)
class Shot:
    """A file, or `seconds` of it from `start` on."""

    path: Path
    start: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True)
class Film:
    """Shots laid end to end: the size and rate of the first, how many frames each has, and how many two share.

    `title` is shown white on black before the first shot; it then counts as a shot of its own.
    """

    shots: tuple[Shot, ...]
    infos: tuple[VideoInfo, ...]
    size: tuple[int, int]
    rate: Fraction
    lengths: tuple[int, ...]
    fade: int
    title: str = ""

    @classmethod
    def of(cls, shots: Sequence[Shot], transition: float = 0.0, title: str = "") -> Film:
        """Look at every file. Raises MediaError for one that cannot be read, InputError without any."""
        if not shots:
            raise InputError("There is nothing to join. Choose one clip or more.")
        infos = [inspect(shot.path).info for shot in shots]
        rate = infos[0].frame_rate
        seconds = [
            used_seconds(info, shot.path, shot.start, shot.seconds) for shot, info in zip(shots, infos, strict=True)
        ]
        lengths = [max(1, round(each * rate)) for each in seconds]
        if title:
            lengths.insert(0, round(TITLE_SECONDS * rate))
        fade = min(round(transition * rate), min(lengths) // 2)
        return cls(tuple(shots), tuple(infos), (infos[0].width, infos[0].height), rate, tuple(lengths), fade, title)

    def check_transition(self, seconds: float) -> None:
        """Raises InputError where a cross-fade of so many seconds would not fit into the shortest shot twice."""
        longest = float(min(self.lengths) // 2 / self.rate)
        if round(seconds * self.rate) > self.fade:
            raise InputError(
                f"transition is {seconds:g} s; the shortest shot, which fades at both ends, lasts "
                f"{float(min(self.lengths) / self.rate):.2f} s. Choose at most {longest:.2f} s."
            )

    @property
    def num_frames(self) -> int:
        """Of the whole film."""
        return sum(self.lengths) - self.fade * (len(self.lengths) - 1)

    def frames(self) -> FrameStream:
        """The film's frames, decoded as they are taken."""
        from moviepy import concatenate_videoclips

        reels: list[_Reel] = [Title(self.title, self.size, self.rate, self.lengths[0])] if self.title else []
        for shot, info, length in zip(self.shots, self.infos, self.lengths[len(reels) :], strict=True):
            reels.append(_Footage(shot, info, self.rate, self.size, length))

        def chunks() -> Iterator[Frames]:
            film = concatenate_videoclips(_pieces(reels, self.fade, self.rate), method="chain")
            room, count = chunk_length(*self.size), self.num_frames
            for begin in range(0, count, room):
                # the middle of the frame's time, where no rounding can reach a neighbour
                times = [
                    float((index + Fraction(1, 2)) / self.rate) for index in range(begin, min(count, begin + room))
                ]
                yield np.stack([film.get_frame(time) for time in times])

        return FrameStream(chunks(), *self.size, self.rate, self.num_frames)

    def sound(self, folder: Path) -> Path | None:
        """The shots' sound laid out like the shots themselves, a WAV file in `folder`; None if none of them has any."""
        from moviepy import AudioFileClip, CompositeAudioClip

        with ExitStack() as opened:
            tracks, begin = [], Fraction(0)
            for number, length in enumerate(self.lengths):
                own = self._sound_of(number, folder / f"{number}.wav")
                if own is not None:
                    track = opened.enter_context(AudioFileClip(str(own), fps=RATE))
                    tracks.append(track.with_start(float(begin)))
                begin += (length - self.fade) / self.rate
            if not tracks:
                return None
            out = folder / "sound.wav"
            film = CompositeAudioClip(tracks).with_duration(float(self.num_frames / self.rate))
            film.write_audiofile(str(out), fps=RATE, codec="pcm_s16le", logger=None)
        return out

    def _sound_of(self, number: int, out: Path) -> Path | None:
        """One shot's sound in a WAV file of its own: moviepy never opens a file that somebody brought."""
        if self.title and number == 0:
            return None
        index = number - bool(self.title)
        shot = self.shots[index]
        if not self.infos[index].has_audio:
            return None
        overlap = float(self.fade / self.rate)
        heard = Sound(
            shot.path,
            shot.start,
            shot.seconds,
            fade_in=overlap if number > 0 else 0.0,
            fade_out=overlap if number < len(self.lengths) - 1 else 0.0,
        )
        write_wav(mixed(heard, float(self.lengths[number] / self.rate)), out)
        return out


def join_clips(
    film: Film,
    out: Path,
    *,
    finishing: Callable[[FrameStream], FrameStream] = _as_it_is,
    sound: Sound | None = None,
    quality: Quality = "good",
    metadata: dict[str, str] | None = None,
    origin: Origin | None = None,
) -> Clip:
    """Write the film with the shots' sound. Frames are streamed.

    finishing    what becomes of the joined frames
    sound        what is heard beside the shots' own sound, which takes the place of its `source`

    The fade is at most half the shortest shot. Raises MediaError, DiskFull.
    """
    with TemporaryDirectory(dir=out.parent, prefix=".join-") as folder:
        own = film.sound(Path(folder))
        heard = replace(sound or Sound(), source=own) if own or sound else None
        return write_video(
            finishing(film.frames()), out, sound=heard, quality=quality, metadata=metadata, origin=origin
        )


class _Reel(Protocol):
    """Frames of one shot, asked for in rising order."""

    length: int
    size: tuple[int, int]

    def frame(self, index: int) -> Frame: ...


class _Footage:
    """The frames of a file, decoded as they are watched."""

    def __init__(self, shot: Shot, info: VideoInfo, rate: Fraction, size: tuple[int, int], length: int) -> None:
        self.length, self.size = length, size
        inside = _whole_inside(info, size)
        stream = read_video(shot.path, start=shot.start, seconds=shot.seconds, frame_rate=rate, size=inside)
        self._frames = _frames_of(stream)
        self._index, self._frame = -1, np.zeros((size[1], size[0], 3), np.uint8)

    def frame(self, index: int) -> Frame:
        while self._index < index:
            following = next(self._frames, None)
            if following is not None:
                self._frame = on_black(following, *self.size)
            self._index += 1
        if index >= self.length - 1:
            self._frames.close()  # the file and its decoder: a film has many
        return self._frame


def _frames_of(stream: FrameStream) -> Generator[Frame, None, None]:
    with closing(cast(Generator[Frames, None, None], stream.chunks)) as chunks:
        for chunk in chunks:
            yield from chunk


def _whole_inside(info: VideoInfo, size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) at which a video fits whole into that size; the size itself where shapes hardly differ."""
    scale = min(size[0] / info.width, size[1] / info.height)
    inside = max(1, round(info.width * scale)), max(1, round(info.height * scale))
    alike = abs(inside[0] - size[0]) <= size[0] * _ALIKE and abs(inside[1] - size[1]) <= size[1] * _ALIKE
    return size if alike else inside


def _pieces(shots: Sequence[_Reel], fade: int, rate: Fraction) -> list[VideoClip]:
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


def _plain(shot: _Reel, begin: int) -> FrameAt:
    return lambda index: shot.frame(begin + index)


def _faded(shot: _Reel, following: _Reel, begin: int, fade: int) -> FrameAt:
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
