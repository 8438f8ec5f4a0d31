"""The mask tab: a source video, which part of it may change, and into what. The mask is seen before it is used."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import InputError, SeptetError
from pipelines.source import Source
from studio import components, groups, labels, painting, tab_words
from studio.callers import caller_of
from studio.forms import Fields, Values
from studio.person import Person
from studio.recipes import build_request
from studio.shelf import first_frame, show_frame
from studio.tabs.base import Page, Tab
from studio.tabs.look import part
from studio.tabs.marks import IN_TURN, KINDS, Marks, painted, saved

MODE = "mask"


class MaskTab(Tab):
    """Adds the four ways to choose the subject, and its corrections, to what every tab has."""

    marks: Marks

    @property
    def outputs(self) -> list[Any]:
        return [*super().outputs, self.marks.fold]

    def fill(self, fields: Fields) -> dict[Any, Any]:
        mask = fields.get("mask")
        marked = any(fields.get(kind) for kind in KINDS)
        way = "file" if mask else "click" if marked and not fields.get("find") else "automatic"
        shown = super().fill(fields) | self.marks.filled(fields)
        return shown | {self.extra["way"]: way, self.extra["file"]: mask}

    def on_given(self, kind: str) -> dict[Component, Any]:
        return self.marks.hidden()

    def collect(self, values: Values, person: Person) -> Fields:
        """The request's fields. Raises InputError where the subject is chosen in a way that was not used yet."""
        if self.marks.is_bare(values):
            raise InputError(tab_words.MASK_NO_CLICK)
        return self.so_far(values, person)

    def so_far(self, values: Values, person: Person) -> Fields:
        """The request's fields, with the mask as a file where one was painted or brought."""
        fields = self.form.fields(values) | self.marks.fields(values)
        way = values[self.extra["way"]]
        if way == "file" and values[self.extra["file"]]:
            fields["mask"] = values[self.extra["file"]]
        elif way == "brush":
            fields["mask"] = self._painted(fields, values, person)
        elif way != "click":
            fields["find"] = any(fields.get(kind) for kind in KINDS)
        return fields

    def _painted(self, fields: Fields, values: Values, person: Person) -> str:
        """A picture of the source's size, white where the brush was."""
        if "video" not in fields:
            raise InputError(tab_words.MASK_NEEDS_VIDEO)
        area = painted(values[self.extra["editor"]])
        return saved(person, area, Source.of(build_request(self.form.request_type, fields)))


def build(page: Page) -> Tab:
    tab = MaskTab(MODE, page)
    with tab.inputs():
        components.video_input(tab.form)
        _ways(tab)
        components.choice(tab.form, "region", tab.form.default("region"))
        components.choice(tab.form, "change", tab.form.default("change"))
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        with gr.Accordion(tab_words.MASK_SETTINGS, open=False, elem_classes="s-fields"):
            components.slider(tab.form, "grow", 1)
            components.slider(tab.form, "feather", 1)
            components.choice(tab.form, "structure", tab.form.default("structure"))
            for field in ("carry", "invert", "green_screen"):
                components.toggle(tab.form, field)
            part(tab)
        tab.variants = groups.settings(tab.form, page, makes_length=False)
        groups.finishing(tab.form)
    _wire_ways(tab)
    tab.wire(tab.collect)
    return tab


def _ways(tab: MaskTab) -> None:
    way = gr.Radio(
        choices=[(text, value) for value, text in tab_words.MASK_WAYS.items()],
        value="automatic",
        label=tab_words.MASK_HOW,
        info=tab_words.MASK_HOW_HELP,
    )
    editor = painting.editor(tab_words.MASK_PAINT, visible=False)
    file = gr.File(
        label=labels.label("mask"),
        file_types=["image", "video"],
        type="filepath",
        height=120,
        visible=False,
        elem_id="mask-mask",
    )
    show = gr.Button(tab_words.MASK_SHOW, size="md")
    tab.marks = Marks(way)
    tab.extra = {"way": way, "editor": editor, "file": file, "show": show} | tab.marks.widgets


def _wire_ways(tab: MaskTab) -> None:
    way, editor, file, show = (tab.extra[name] for name in ("way", "editor", "file", "show"))
    video: Any = tab.form.widget("video")
    marks = tab.marks
    inputs = tab.form.widgets | {way, editor, file, marks.state, marks.tool, marks.time, marks.canvas}

    def choose(chosen: str) -> dict[Any, Any]:
        ways = {editor: gr.update(visible=chosen == "brush"), file: gr.update(visible=chosen == "file")}
        ways[show] = gr.update(value=tab_words.MASK_CLICK if chosen == "click" else tab_words.MASK_SHOW)
        return ways | marks.hidden(forget=False)

    def canvas(path: str | None, caller: gr.Request) -> dict[Any, Any]:
        try:
            frame = show_frame(caller_of(caller), first_frame(path)) if path else None
        except SeptetError:  # said when the person asks for something; a picked file alone raises no notice
            frame = None
        return {editor: painting.blank(frame) if frame else None} | marks.hidden(forget=False)

    seen = [marks.picture, marks.fold, marks.clip, marks.canvas, marks.take, marks.tool]
    way.change(choose, way, [editor, file, show, *seen], **IN_TURN)
    video.change(canvas, video, [editor, *seen], **IN_TURN)
    video.upload(lambda: [], None, marks.state, **IN_TURN)  # what was marked lies on another video's frames
    video.clear(lambda: [], None, marks.state, **IN_TURN)
    marks.wire(tab.so_far, inputs, show)
