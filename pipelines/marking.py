"""How a request says which pixels are the subject: a mask file, points, boxes and strokes on any frame, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from pydantic import Field

from pipelines.errors import InputError, MediaError
from pipelines.media.masks import check_mask, is_video, read_mask
from pipelines.pointing import Mark
from pipelines.settings import MaskFile, Settings
from pipelines.source import Source

WHEN = "seconds into the video of the frame it is on; the first frame used if left out"


class Point(Settings):
    """A click: what lies there belongs to the subject, or does not."""

    x: float = Field(ge=0, le=1, description="how far across the picture, 0 left to 1 right")
    y: float = Field(ge=0, le=1, description="how far down the picture, 0 top to 1 bottom")
    include: bool = Field(True, description="whether it belongs to the subject")
    at: float | None = Field(None, ge=0, le=36_600, description=WHEN)


class Box(Settings):
    """The subject lies inside; a box chooses it anew on its frame."""

    left: float = Field(ge=0, le=1, description="its left side, 0 to 1 across the picture")
    top: float = Field(ge=0, le=1, description="its top, 0 to 1 down the picture")
    right: float = Field(ge=0, le=1, description="its right side, 0 to 1 across the picture")
    bottom: float = Field(ge=0, le=1, description="its bottom, 0 to 1 down the picture")
    at: float | None = Field(None, ge=0, le=36_600, description=WHEN)


class Stroke(Settings):
    """What a brush went over."""

    mask: MaskFile = Field(description="a picture of the video's size, white where the brush was")
    include: bool = Field(True, description="whether it belongs to the subject")
    at: float | None = Field(None, ge=0, le=36_600, description=WHEN)


class Subject(Settings):
    """The fields of a request that say where the subject is. With none of them it is found."""

    mask: MaskFile | None = Field(
        None, description="white where the subject is: a picture of the first frame, or a video; none: found"
    )
    points: tuple[Point, ...] = Field((), max_length=100, description="clicks on the subject, or beside it")
    boxes: tuple[Box, ...] = Field((), max_length=24, description="boxes around the subject")
    strokes: tuple[Stroke, ...] = Field((), max_length=24, description="brush strokes on the subject, or beside it")
    find: bool = Field(False, description="points, boxes and strokes correct the subject that is found")
    carry: bool = Field(True, description="let the mask follow the subject through the clip")

    @property
    def is_marked(self) -> bool:
        """Whether there are points, boxes or strokes."""
        return bool(self.points or self.boxes or self.strokes)

    @property
    def is_begun(self) -> bool:
        """Whether the first frame has a mask before any mark is looked at."""
        return self.mask is not None or self.find or not self.is_marked


def marks_by_frame(
    source: Source, subject: Subject, size: tuple[int, int], rate: Fraction | None = None
) -> Mapping[int, tuple[Mark, ...]]:
    """What is marked on which frame of the source, counted at `rate` or its own: boxes, then points, then strokes.

    size    (width, height) at which strokes are read
    """
    found: dict[int, list[Mark]] = defaultdict(list)
    rate = rate or source.info.frame_rate
    last = max(0, round(source.seconds * rate) - 1)

    def frame(at: float | None) -> int:
        return min(last, max(0, round((at - source.start) * rate))) if at is not None else 0

    for box in subject.boxes:
        found[frame(box.at)].append(Mark(box=(box.left, box.top, box.right, box.bottom)))
    for point in subject.points:
        found[frame(point.at)].append(Mark(point.include, at=(point.x, point.y)))
    for stroke in subject.strokes:
        area = next(read_mask(stroke.mask, size=size, num_frames=1, frame_rate=rate))[0]
        found[frame(stroke.at)].append(Mark(stroke.include, area=area))
    return {index: tuple(marks) for index, marks in sorted(found.items())}


def check_marks(source: Source, subject: Subject) -> None:
    """Raise InputError for marks outside the part that is used, boxes turned round, strokes that do not fit."""
    if subject.find and subject.mask is not None:
        raise InputError("find begins with the subject that is found, mask with one you bring. Leave one of them out.")
    end = source.start + source.seconds
    marks: tuple[Point | Box | Stroke, ...] = (*subject.points, *subject.boxes, *subject.strokes)
    for mark in marks:
        if mark.at is not None and not source.start - 0.05 <= mark.at <= end + 0.05:
            raise InputError(
                f"A {type(mark).__name__.lower()} is at {mark.at:g} s, but the part of the video that is used goes "
                f"from {source.start:g} s to {end:.2f} s. Remove it, or choose another part."
            )
    for box in subject.boxes:
        if box.left >= box.right or box.top >= box.bottom:
            raise InputError(
                f"The box from {box.left:g}, {box.top:g} to {box.right:g}, {box.bottom:g} holds nothing: left must be "
                "less than right, and top less than bottom."
            )
    for stroke in subject.strokes:
        if is_video(Path(stroke.mask)):
            raise MediaError("A stroke lies on one frame, so it is a picture, not a video. Give a video as mask.")
        check_mask(stroke.mask, source.info.width, source.info.height)
