"""How an answer to each question is judged: by the networks, by optical flow, and by simple vision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.starter.diorama.cases import Case
from pipelines.starter.diorama.judge import Judge
from pipelines.starter.diorama.lessons import is_right
from pipelines.starter.diorama.measures import agreement, box_ends, consistency, displacement, ends, glued, psnr
from pipelines.starter.photos import Frames

STAYS = ("subject", "colour", "place")
HAPPENS = ("direction", "action", "camera")
# Each lies between what true renders have and what noise, a still picture or another scene's form has (docs/world.md)
MOVES = 2.0  # pixels of a clip 160 wide, all in all
STEADY = 0.5
FORM = 0.06
FIRST_DB, OUTSIDE_DB = 20.0, 18.0
GLUED = 0.5

Verdict = tuple[bool, float | None]  # right or not, and the number behind it


def text_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """What the words say, and that it is a moving picture at all."""
    rows = _as_wished(case, frames, judge)
    rows["frames consistent"] = _least(consistency(frames), STEADY)
    if {"direction", "action", "camera"} & case.wish.rows().keys() and case.wish.wanted.get("camera") != "static":
        rows["something moves"] = _least(displacement(frames), MOVES)
    return rows


def first_frame_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """The picture is there, it moves, and what it shows stays."""
    rows = {"kept": _kept(case, frames), "moves": _least(displacement(frames), MOVES)}
    stays = _as_wished(case, frames, judge, STAYS)
    return rows | {f"{name} stays": verdict for name, verdict in stays.items()}


def empty_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """The picture is there, and something in it moves by itself."""
    rows = {"kept": _kept(case, frames), "moves": _least(displacement(frames), MOVES)}
    return rows | {f"{name} stays": verdict for name, verdict in _as_wished(case, frames, judge, ("place",)).items()}


def named_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """What the picture shows stays, and what the words say happens."""
    stays = {f"{name} stays": verdict for name, verdict in _as_wished(case, frames, judge, STAYS).items()}
    return stays | _as_wished(case, frames, judge, HAPPENS)


def reference_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """Subject and colour come from the picture, the place from the words."""
    seen = _as_wished(case, frames, judge, STAYS)
    names = {"subject": "subject kept", "colour": "colour kept", "place": "place as asked"}
    return {names[name]: verdict for name, verdict in seen.items()}


def restyled_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """The source's form, in the look and the colour that the words say."""
    return {"structure kept": _form(case, frames), **_as_wished(case, frames, judge, ("look", "colour"))}


def style_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """The source's form, and a look nearer to the style's than the source's own was."""
    assert case.source is not None and case.style is not None
    wanted, was, now = (judge.texture(picture) for picture in (case.style[None], case.source.frames, frames))
    nearer = 1 - float(np.linalg.norm(now - wanted)) / max(float(np.linalg.norm(was - wanted)), 1e-6)
    return {"structure kept": _form(case, frames), "nearer than the source": (nearer > 0, nearer)}


def storyboard_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """Laid out as the mock-up is, yet not made of boxes: where a box ends need not be where anything ends."""
    assert case.source is not None
    mockup = case.source.mockup
    followed = agreement(frames, ends(mockup))
    boxes = box_ends(mockup, case.source.mask, case.source.lines)
    held = glued(frames, mockup, case.source.frames, boxes)
    rows = {"layout followed": _least(followed, FORM), "not glued to the boxes": (held < GLUED, held)}
    return rows | _as_wished(case, frames, judge, ("subject", "place"))


def mask_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """Inside what the words say, outside the source."""
    assert case.asked.mask is not None and case.source is not None
    outside = case.asked.mask == 0
    quality = psnr(frames[outside], case.source.frames[outside])
    seen = _as_wished(case, frames, judge, ("subject", "colour"))
    inside = {f"{name} as asked inside": verdict for name, verdict in seen.items()}
    return inside | {"outside kept": (quality >= OUTSIDE_DB, quality)}


def _as_wished(case: Case, frames: Frames, judge: Judge, names: tuple[str, ...] | None = None) -> dict[str, Verdict]:
    """What the judge says of those rows that the wish has."""
    seen = judge.name(frames)
    return {
        row: (is_right(question, wanted, seen[question]), None)
        for row, (question, wanted) in case.wish.rows().items()
        if names is None or row in names
    }


def photo_rows(case: Case, frames: Frames, judge: Judge) -> dict[str, Verdict]:
    """The picture is there."""
    return {"kept": _kept(case, frames)}


def _kept(case: Case, frames: Frames) -> Verdict:
    assert case.given is not None
    quality = psnr(frames[0], case.given[0])
    return quality >= FIRST_DB, quality


def _form(case: Case, frames: Frames) -> Verdict:
    assert case.source is not None
    return _least(agreement(frames, case.source.lines), FORM)


def _least(value: float, least: float) -> Verdict:
    return value >= least, value


ROWS: dict[str, tuple[str, Callable[[Case, Frames, Judge], dict[str, Verdict]]]] = {
    "text": ("", text_rows),
    "first": ("first frame: ", first_frame_rows),
    "empty": ("picture of an empty place: ", empty_rows),
    "named": ("first frame and words: ", named_rows),
    "reference": ("reference: ", reference_rows),
    "stylization": ("stylization: ", restyled_rows),
    "style": ("style picture: ", style_rows),
    "render": ("render: ", restyled_rows),
    "storyboard": ("storyboard: ", storyboard_rows),
    "mask": ("mask: ", mask_rows),
    "photos": ("real photo as first frame: ", photo_rows),
}
