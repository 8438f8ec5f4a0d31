"""A look at the mask before it is used: on one frame, or followed through the clip, small and quick."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from pipelines.marking import Subject, marks_by_frame
from pipelines.masking import MaskTrack, first_mask, source_track
from pipelines.pointing import pointed_mask
from pipelines.source import Source
from pipelines.subject import MaskFrame
from pipelines.types import Frame, Frames, FrameStream

FRAMES, SIDE = 48, 256  # of a track that is looked at: its frames at most, and pixels of its long side
PICTURE_SIDE = 720  # pixels of the long side of one frame that is looked at
DIM, TINT, TINT_WEIGHT = 0.35, np.array((240, 179, 90), np.float32), 0.15

OnFrame = Callable[[int], None]


def followed(source: Source, subject: Subject, on_frame: OnFrame = lambda _done: None) -> MaskTrack:
    """The track of a glance, at `glance_rate(source)`; kept for the next few looks. `on_frame`: frames done so far."""
    known = _kept(source, _only(subject))
    if not known:
        known.append(
            source_track(source, subject, size=_size(source, SIDE), rate=glance_rate(source), on_frame=on_frame)
        )
    return known[0]


def glance_rate(source: Source) -> Fraction:
    """Frames a second of a glance: the source's own, or fewer where it is long."""
    return min(source.info.frame_rate, (FRAMES / Fraction(source.seconds)).limit_denominator(1001))


def followed_clip(source: Source, subject: Subject, *, invert: bool = False) -> FrameStream:
    """The part of the source that is used, small, its subject bright and tinted and the rest dimmed."""
    rate, track = glance_rate(source), followed(source, subject)
    width, height = (side - side % 2 for side in _size(source, 2 * SIDE))
    stream = source.read((width, height), rate)

    def chunks() -> Iterator[Frames]:
        done = 0
        for chunk in stream.chunks:
            masks = [track.at(done + index, width, height) for index in range(len(chunk))]
            yield np.stack([tinted(frame, mask, invert) for frame, mask in zip(chunk, masks, strict=True)])
            done += len(chunk)

    return replace(stream, chunks=chunks())


def frame_with_mask(source: Source, subject: Subject, at: float) -> tuple[Frame, MaskFrame]:
    """One frame, `at` seconds into the video, and its mask, at most 720 pixels wide or high.

    What is marked on it is taken in at once; what came before is followed up to it first, as quickly as a glance.
    """
    size, index = picture_size(source), _index(source, at)
    frame = plain_frame(source, at)
    marked = marks_by_frame(source, subject, size)
    begin = 0 if subject.is_begun else min(marked)
    if index == begin:
        return frame, first_mask(source, subject, size)
    mine = marked.get(index, ())
    track = followed(source, _until(source, subject, index) if mine else subject)
    before = track.at(round(index / source.info.frame_rate * glance_rate(source)), *size)
    return frame, pointed_mask(frame, mine, before) if mine else before


def plain_frame(source: Source, at: float) -> Frame:
    """The frame `at` seconds into the video, of `picture_size(source)`."""
    rate = source.info.frame_rate
    index = _index(source, at)
    part = replace(source, start=source.start + float(index / rate), seconds=float(1 / rate))
    frame: Frame = next(part.read(picture_size(source)).chunks)[0]
    return frame


def picture_size(source: Source) -> tuple[int, int]:
    """(width, height) of one frame that is looked at."""
    return _size(source, PICTURE_SIDE)


def tinted(frame: Frame, mask: MaskFrame, invert: bool = False) -> Frame:
    """The frame with everything but the masked part dimmed, and that part tinted."""
    weight = ((255 - mask if invert else mask).astype(np.float32) / 255)[..., None]
    return (frame * (DIM + (1 - DIM - TINT_WEIGHT) * weight) + TINT * TINT_WEIGHT * weight).astype(np.uint8)


def _index(source: Source, at: float) -> int:
    return min(source.num_frames - 1, max(0, round((at - source.start) * source.info.frame_rate)))


def _until(source: Source, subject: Subject, index: int) -> Subject:
    """The subject without what is marked on frame `index` or later."""

    def earlier(at: float | None) -> bool:
        return at is None or round((at - source.start) * source.info.frame_rate) < index

    return _only(subject).model_copy(
        update={
            name: tuple(mark for mark in getattr(subject, name) if earlier(mark.at))
            for name in ("points", "boxes", "strokes")
        }
    )


def _only(subject: Subject) -> Subject:
    """The subject without the other fields of its request, so that changing those follows nothing anew."""
    return Subject(**{name: getattr(subject, name) for name in Subject.model_fields})


def _size(source: Source, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(source.info.width, source.info.height))
    return max(16, round(source.info.width * scale)), max(16, round(source.info.height * scale))


@lru_cache(maxsize=8)
def _kept(_source: Source, _subject: Subject) -> list[MaskTrack]:
    """Where the track of a glance is kept; empty until it is made."""
    return []
