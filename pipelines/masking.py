"""The mask of a whole source, frame by frame: given, marked on any of its frames, or found, then carried both ways."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.finishing.put_back import PutBack
from pipelines.following import OUTLINES, Follower
from pipelines.marking import Subject, check_marks, marks_by_frame
from pipelines.media.masks import check_mask, is_video, read_mask
from pipelines.pointing import Mark
from pipelines.source import Source
from pipelines.subject import MaskFrame, check_mask_marks, is_empty, refine, salient_mask
from pipelines.types import Frame, Mask

TRACK_SIDE = 480  # pixels of the short side at which a subject is followed: edges stay sharp, memory small
CHUNK = 8
EDGE_GROW, EDGE_FEATHER = 4, 8  # pixels of the source, around a subject nobody drew
WINDOW = 32  # frames held at once where a source is read backwards


class MaskTrack:
    """One (H, W) mask for every frame of a source at its own rate, kept compressed: long clips fit in memory."""

    def __init__(self, masks: Iterable[NDArray[np.uint8]]) -> None:
        self._frames: list[bytes] = []
        self._shape = (0, 0)
        for mask in masks:
            self._shape = mask.shape
            self._frames.append(zlib.compress(mask.tobytes(), 1))

    def __len__(self) -> int:
        return len(self._frames)

    def save(self, path: Path) -> None:
        """Write it to a file."""
        lengths, data = [len(frame) for frame in self._frames], np.frombuffer(b"".join(self._frames), np.uint8)
        with path.open("wb") as file:
            np.savez(file, shape=self._shape, lengths=lengths, data=data)

    @classmethod
    def load(cls, path: Path) -> MaskTrack:
        """Read what `save` has written."""
        track = cls(())
        with np.load(path, allow_pickle=False) as kept:
            height, width = (int(side) for side in kept["shape"])
            ends, data = np.cumsum(kept["lengths"]), kept["data"].tobytes()
        track._shape = (height, width)
        track._frames = [data[begin:end] for begin, end in zip((0, *ends[:-1]), ends, strict=True)]
        return track

    def __getitem__(self, index: int) -> MaskFrame:
        """The mask of one frame as it is kept; IndexError past the end."""
        return np.frombuffer(zlib.decompress(self._frames[index]), np.uint8).reshape(self._shape)

    @property
    def height(self) -> int:
        """Of the masks as they are kept, in pixels."""
        return self._shape[0]

    def at(self, index: int, width: int, height: int) -> NDArray[np.uint8]:
        """The mask of frame `index` (held at the end) at a size, soft where it was scaled."""
        mask = self[min(index, len(self._frames) - 1)]
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    def map(self, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> MaskTrack:
        """A track with every mask changed."""
        height, width = self._shape
        return MaskTrack(change(self.at(index, width, height)) for index in range(len(self)))

    def stream(self, count: int, width: int, height: int) -> Iterator[Mask]:
        """Chunks of (n, height, width) for frames 0 .. count-1."""
        for start in range(0, count, CHUNK):
            yield np.stack([self.at(index, width, height) for index in range(start, min(count, start + CHUNK))])


def source_track(
    source: Source,
    subject: Subject,
    *,
    size: tuple[int, int] | None = None,
    rate: Fraction | None = None,
    follower: Follower = OUTLINES,
    on_frame: Callable[[int], None] = lambda _done: None,
) -> MaskTrack:
    """Follow the subject through the source. Raises InputError or MediaError where there is nothing to follow.

    It begins on the first frame, where a mask is given or found there, else on the first frame that is marked, and
    goes forwards from there, and backwards to the beginning. What is marked on a later frame corrects the mask there,
    and goes on from the corrected one. `size`, `rate`: of the track, by default good for the clip. `follower` is what
    points and follows. `on_frame` is told how many frames are done, and may raise to stop.
    """
    size, rate = size or _track_size(source), rate or source.info.frame_rate
    marked = marks_by_frame(source, subject, size, rate)
    begin = 0 if subject.is_begun else min(marked)
    forwards = _forwards(source, subject, marked, begin, size, rate, follower)
    first = next(forwards)
    back = _backwards(source, first, begin, size, rate, follower) if begin else iter(())
    before = MaskTrack(_counted(back, on_frame))
    return MaskTrack(_counted(chain(reversed(before), (first,), forwards), on_frame))


def first_mask(source: Source, subject: Subject, size: tuple[int, int] | None = None) -> MaskFrame:
    """The mask of the frame on which a track begins, marks included, at `size`. Raises InputError, MediaError."""
    size, rate = size or _track_size(source), source.info.frame_rate
    marked = marks_by_frame(source, subject, size)
    return next(_forwards(source, subject, marked, 0 if subject.is_begun else min(marked), size, rate))


def check_subject(source: Source, subject: Subject) -> None:
    """Quickly: do mask and marks fit the source, and is there a subject where it begins? InputError, MediaError."""
    check_marks(source, subject)
    if subject.mask is not None:
        check_mask(subject.mask, source.info.width, source.info.height)
    elif is_empty(first_mask(source, subject)):
        raise InputError(
            "Nothing is left of the subject on the first frame that is marked. Click on it, or draw a box around it."
        )


def _forwards(
    source: Source,
    subject: Subject,
    marked: Mapping[int, tuple[Mark, ...]],
    begin: int,
    size: tuple[int, int],
    rate: Fraction,
    follower: Follower = OUTLINES,
) -> Iterator[MaskFrame]:
    """The masks from frame `begin` on."""
    frames = _frames(source, size, rate, begin)
    first = next(frames)
    given = _given(source, subject, first, size, rate)
    carries_given = subject.mask is None or not is_video(Path(subject.mask))
    carrier: Callable[[Frame], MaskFrame] | None = None
    for index, frame in enumerate(chain((first,), frames), begin):
        mask = next(given, None) if carrier is None else carrier(frame)
        if index in marked:
            mask = follower.pointed(frame, marked[index], mask)
            given = repeat(mask)
        assert mask is not None, "a track begins where there is a mask or a mark"
        if subject.carry and (index in marked or (index == begin and carries_given)):
            carrier = follower.carrier(mask)
            carrier(frame)  # it learns what the subject looks like
        yield mask


def _given(
    source: Source, subject: Subject, first: Frame, size: tuple[int, int], rate: Fraction
) -> Iterator[MaskFrame]:
    """The mask of each frame before any mark is looked at; nothing where the marks alone choose the subject."""
    if not subject.is_begun:
        return iter(())
    if subject.mask is None:
        return repeat(salient_mask(first))
    chunks = read_mask(
        subject.mask,
        size=size,
        num_frames=max(1, round(source.seconds * rate)),
        frame_rate=rate,
        start=source.start,
        seconds=source.seconds,
    )
    return (frame for chunk in chunks for frame in chunk)


def _backwards(
    source: Source, mask: MaskFrame, begin: int, size: tuple[int, int], rate: Fraction, follower: Follower
) -> Iterator[MaskFrame]:
    """The masks of the frames before `begin`, the last one first, where `mask` is that of frame `begin`."""

    def frames() -> Iterator[Frame]:
        yield from _frames(source, size, rate, begin, begin + 1)
        for stop in range(begin, 0, -WINDOW):
            yield from reversed(list(_frames(source, size, rate, max(0, stop - WINDOW), stop)))

    check_mask_marks(mask)
    carried = map(follower.carrier(mask), frames())
    next(carried)  # its own
    yield from carried


def _counted(masks: Iterator[MaskFrame], on_frame: Callable[[int], None]) -> Iterator[MaskFrame]:
    for index, mask in enumerate(masks):
        yield mask
        on_frame(index + 1)


def put_back_around(source: Source, subject: MaskTrack, *, inverted: bool) -> PutBack:
    """The source everywhere but in its found subject, or but around it, with an edge a few pixels wider and soft."""
    grow = round(EDGE_GROW * subject.height / source.info.height)
    region = subject.map(lambda mask: refine(mask, grow=grow, invert=inverted))

    def masks() -> Iterator[Mask]:
        return region.stream(source.num_frames, source.info.width, source.info.height)

    return PutBack(source.read, masks, EDGE_FEATHER)


def source_index(frame: int, rate: Fraction, source: Source) -> int:
    """Which frame of the source is shown at the model's frame `frame`."""
    return min(source.num_frames - 1, round(frame / rate * source.info.frame_rate))


def _track_size(source: Source) -> tuple[int, int]:
    scale = min(1.0, TRACK_SIDE / min(source.info.width, source.info.height))
    return max(16, round(source.info.width * scale)), max(16, round(source.info.height * scale))


def _frames(
    source: Source, size: tuple[int, int], rate: Fraction, begin: int = 0, end: int | None = None
) -> Iterator[Frame]:
    """The frames from `begin` up to `end`, counted at `rate`."""
    seconds = source.seconds - float(begin / rate) if end is None else float((end - begin) / rate)
    part = replace(source, start=source.start + float(begin / rate), seconds=seconds)
    for chunk in part.read(size, rate).chunks:
        yield from chunk
