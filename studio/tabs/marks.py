"""The part of the mask tab in which a mask is looked at on any frame, corrected there, and followed through the clip.

What is marked is kept in the order it was made, each entry a field of the request: {"kind": "points", "x": …}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.components import Component
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.glancing import (
    followed,
    followed_clip,
    frame_with_mask,
    glance_rate,
    picture_size,
    plain_frame,
    tinted,
)
from pipelines.mask import MaskRequest
from pipelines.media.write import write_video
from pipelines.source import Source
from studio import painting, tab_words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.forms import Fields, Values
from studio.person import Person
from studio.recipes import build_request
from studio.shelf import new_upload, show_frame

Marked = list[dict[str, Any]]

KINDS = ("points", "boxes", "strokes")
IN_TURN: dict[str, Any] = {**PRIVATE, "concurrency_id": "marks", "concurrency_limit": 1}  # a late answer undoes none
BRUSHES = {"brush": True, "brush-off": False}  # what they paint belongs to the subject, or does not


class Marks:
    """The widgets, and what they do. `way` is how the subject is chosen: by clicks alone, or corrected by them."""

    def __init__(self, way: gr.Radio) -> None:
        self.way = way
        self.picture = gr.Image(
            label=tab_words.MASK_PREVIEW,
            interactive=False,
            visible=False,
            buttons=[],
            elem_id="mask-preview",
            elem_classes="s-media s-aim",
        )
        self.fold = gr.Accordion(tab_words.MASK_CORRECT, open=False, visible=False, elem_classes="s-fields")
        with self.fold, gr.Column():
            self.tool = gr.Radio(
                choices=[(text, value) for value, text in tab_words.MASK_TOOLS.items()],
                value="include",
                label=tab_words.MASK_TOOL,
                info=tab_words.MASK_TOOL_HELP,
            )
            self.canvas = painting.editor(tab_words.MASK_TOUCH, visible=False)
            self.take = gr.Button(tab_words.MASK_TAKE, size="sm", visible=False)
            self.time = gr.Slider(
                0, 1, 0, step=0.01, label=tab_words.MASK_TIME, info=tab_words.MASK_TIME_HELP, buttons=[]
            )
            with gr.Row():
                self.undo = gr.Button(tab_words.MASK_UNDO, size="sm")
                self.clear = gr.Button(tab_words.MASK_CLEAR, size="sm")
            self.follow = gr.Button(tab_words.MASK_FOLLOW, size="md")
            self.clip = gr.Video(
                label=tab_words.MASK_FOLLOWED,
                interactive=False,
                visible=False,
                autoplay=True,
                loop=True,
                buttons=[],
                elem_id="mask-followed",
                elem_classes="s-media",
            )
        self.state = gr.State([])

    @property
    def widgets(self) -> dict[str, Any]:
        """By name, all that a handler of the tab may read or fill."""
        return {
            "marks": self.state, "tool": self.tool, "time": self.time, "canvas": self.canvas, "take": self.take,
            "preview": self.picture, "followed": self.clip,
        }  # fmt: skip

    def hidden(self, *, forget: bool = True) -> dict[Any, Any]:
        """Nothing is looked at; what was marked is forgotten too, unless the same video stays."""
        gone = gr.update(value=None, visible=False)
        hidden: dict[Any, Any] = {self.picture: gone, self.clip: gone, self.canvas: gone}
        hidden |= {self.fold: gr.update(visible=False), self.take: gr.update(visible=False), self.tool: "include"}
        return hidden | ({self.state: []} if forget else {})

    def filled(self, fields: Fields) -> dict[Any, Any]:
        """What the widgets show for the fields of a request."""
        marked = [{"kind": kind} | mark for kind in KINDS for mark in fields.get(kind) or ()]
        return self.hidden() | {self.state: marked}

    def fields(self, values: Values) -> Fields:
        """The fields of a request; the first corner of a box that has no second one yet is left out."""
        marked: Fields = {}
        for mark in values[self.state] or ():
            if mark["kind"] in KINDS:
                marked.setdefault(mark["kind"], []).append({key: mark[key] for key in mark if key != "kind"})
        return marked

    def wire(self, collect: Callable[[Values, Person], Fields], inputs: set[Any], show: gr.Button) -> None:
        """Connect the widgets. `show` brings the picture up."""
        seen = [self.picture, self.fold, self.state, self.time, self.clip, self.canvas, self.take]

        def looked(values: Values, person: Person, marked: Marked | None = None) -> dict[Any, Any]:
            now = values if marked is None else {**values, self.state: marked}
            return self._looked(person, now, *asked(collect(now, person)))

        @shown
        def look(values: Values, caller: gr.Request) -> dict[Component, Any]:
            seen = looked(values, caller_of(caller))
            del seen[self.state]  # a click may have been made meanwhile
            return seen

        @shown
        def click(values: Values, event: gr.SelectData, caller: gr.Request) -> dict[Component, Any]:
            person = caller_of(caller)
            source, _ = asked(collect(values, person))
            x, y = ((place + 0.5) / side for place, side in zip(event.index, picture_size(source), strict=True))
            at = float(values[self.time] or 0)
            return looked(values, person, clicked(self._made(values), values[self.tool], x, y, at))

        @shown
        def brushed(values: Values, caller: gr.Request) -> dict[Component, Any]:
            person = caller_of(caller)
            area = painted(values[self.canvas])
            source, _ = asked(collect(values, person))
            mask, include = saved(person, area, source), BRUSHES[values[self.tool]]
            stroke = {"kind": "strokes", "mask": mask, "include": include, "at": float(values[self.time] or 0)}
            return looked(values, person, [*self._made(values), stroke])

        @shown
        def undo(values: Values, caller: gr.Request) -> dict[Component, Any]:
            return looked(values, caller_of(caller), self._made(values)[:-1])

        @shown
        def clear(values: Values, caller: gr.Request) -> dict[Component, Any]:
            return looked(values, caller_of(caller), [])

        show.click(look, inputs, seen, **IN_TURN)
        self.time.release(look, inputs, seen, **IN_TURN)
        self.tool.input(look, inputs, seen, **IN_TURN)
        self.picture.select(click, inputs, seen, **IN_TURN)
        self.take.click(brushed, inputs, seen, **IN_TURN)
        self.undo.click(undo, inputs, seen, **IN_TURN)
        self.clear.click(clear, inputs, seen, **IN_TURN)
        self._wire_follow(collect, inputs)

    def _wire_follow(self, collect: Callable[[Values, Person], Fields], inputs: set[Any]) -> None:
        @shown
        def follow(
            values: Values,
            caller: gr.Request,
            progress: gr.Progress = gr.Progress(),  # noqa: B008
        ) -> dict[Component, Any]:
            person = caller_of(caller)
            if self.is_bare(values):
                raise InputError(tab_words.MASK_NO_CLICK)
            source, request = asked(collect(values, person))
            total = max(1, round(source.seconds * glance_rate(source)))
            followed(
                source, request, lambda done: progress((done, total), desc=tab_words.MASK_FOLLOWING, unit="frames")
            )
            path = new_upload(person, "mask.mp4")
            write_video(followed_clip(source, request, invert=request.invert), path, preset="veryfast")
            return {self.clip: gr.update(value=str(path), visible=True)}

        self.follow.click(follow, inputs, self.clip, **{**PRIVATE, "show_progress": "full"})

    def is_bare(self, values: Values) -> bool:
        """Whether the subject is chosen by clicks, and there is none yet."""
        return values[self.way] == "click" and not any(mark["kind"] in KINDS for mark in self._made(values))

    def _made(self, values: Values) -> Marked:
        return list(values[self.state] or ())

    def _looked(self, person: Person, values: Values, source: Source, request: MaskRequest) -> dict[Any, Any]:
        """What is shown of one frame and its mask."""
        at = float(np.clip(values[self.time] or 0, source.start, source.start + source.seconds))
        picture = plain_frame(source, at) if self.is_bare(values) else _masked(source, request, at)
        here = 0.5 / source.info.frame_rate
        on_it = [mark for mark in self._made(values) if abs((mark["at"] or source.start) - at) < here]
        dotted(picture, on_it)
        last = round(source.start + float((source.num_frames - 1) / source.info.frame_rate), 2)
        brushes, seen = values[self.tool] in BRUSHES, show_frame(person, picture)
        return {
            self.picture: gr.update(value=seen, visible=not brushes),
            self.fold: gr.update(visible=True),
            self.state: self._made(values),
            self.time: gr.update(minimum=source.start, maximum=max(last, source.start + 0.01), value=at),
            self.clip: gr.update(value=None, visible=False),
            self.canvas: gr.update(value=painting.blank(seen) if brushes else None, visible=brushes),
            self.take: gr.update(visible=brushes),
        }


def clicked(marked: Marked, tool: str, x: float, y: float, at: float) -> Marked:
    """The marks with one click more: a point, or a corner of a box, whose second corner makes it whole."""
    here = {"x": round(x, 4), "y": round(y, 4), "at": at}
    corner = marked[-1] if marked and marked[-1]["kind"] == "corner" else None
    rest = marked[:-1] if corner else marked
    if tool != "box":
        return [*rest, {"kind": "points", **here, "include": tool == "include"}]
    if corner is None or corner["at"] != at:
        return [*rest, {"kind": "corner", **here}]
    (left, right), (top, bottom) = (sorted((corner[side], here[side])) for side in ("x", "y"))
    if left == right or top == bottom:
        return marked
    return [*rest, {"kind": "boxes", "left": left, "top": top, "right": right, "bottom": bottom, "at": at}]


def asked(fields: Fields) -> tuple[Source, MaskRequest]:
    """The source and the request so far. Raises InputError, MediaError."""
    if "video" not in fields:
        raise InputError(tab_words.MASK_NEEDS_VIDEO)
    request = build_request(MaskRequest, fields)
    return Source.of(request), request


def painted(canvas: painting.Canvas | None) -> NDArray[np.uint8]:
    """What was painted on a canvas. Raises InputError if that is nothing."""
    area = painting.strokes(canvas)
    if area is None or not area.any():
        raise InputError(tab_words.MASK_EMPTY)
    return area


def saved(person: Person, area: NDArray[np.uint8], source: Source) -> str:
    """What was painted as a picture of the source's size."""
    path = new_upload(person, "mask.png")
    painting.save_strokes(area, str(path), source.info.width, source.info.height)
    return str(path)


def dotted(picture: NDArray[np.uint8], marked: Marked) -> None:
    """Draw a dot for every click into the picture: green belongs to the subject, red does not."""
    height, width = picture.shape[:2]
    for mark in marked:
        if "x" in mark:
            centre = round(mark["x"] * width), round(mark["y"] * height)
            colour = (120, 230, 140) if mark.get("include", True) else (240, 90, 80)
            cv2.circle(picture, centre, max(4, width // 110), (20, 20, 20), cv2.FILLED, cv2.LINE_AA)
            cv2.circle(picture, centre, max(3, width // 140), colour, cv2.FILLED, cv2.LINE_AA)


def _masked(source: Source, request: MaskRequest, at: float) -> NDArray[np.uint8]:
    return tinted(*frame_with_mask(source, request, at), request.invert)
