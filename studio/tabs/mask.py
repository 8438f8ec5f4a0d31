"""The mask tab: a source video, which part of it may change, and into what. The mask is seen before it is used."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import InputError, SeptetError
from pipelines.media.probe import probe_video
from pipelines.media.read import read_mask
from pipelines.subject import salient_mask
from pipelines.types import Frame
from studio import components, groups, labels, words
from studio.access.strokes import keep_apart
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.forms import Fields, Values
from studio.person import Person
from studio.shelf import first_frame, new_upload, show_frame
from studio.tabs.base import Page, Tab
from studio.tabs.look import part

MODE = "mask"
TINT = np.array((240, 179, 90), np.float32)  # of the page's accent


class MaskTab(Tab):
    """Adds the three ways to choose the subject to what every tab has."""

    def fill(self, fields: Fields) -> dict[Component, Any]:
        mask = fields.get("mask")
        return super().fill(fields) | {
            self.extra["way"]: "file" if mask else "automatic",
            self.extra["file"]: mask,
            self.extra["preview"]: gr.update(value=None, visible=False),
        }

    def collect(self, values: Values, person: Person) -> Fields:
        """The request's fields, with the mask as a file where one was painted or brought."""
        fields = self.form.fields(values)
        way = values[self.extra["way"]]
        if way == "file" and values[self.extra["file"]]:
            fields["mask"] = values[self.extra["file"]]
        elif way == "brush":
            fields["mask"] = self._painted(fields, values, person)
        return fields

    def _painted(self, fields: Fields, values: Values, person: Person) -> str:
        """A picture of the source's size, white where the brush was."""
        if "video" not in fields:
            raise InputError(words.MASK_NEEDS_VIDEO)
        mask = _strokes(values[self.extra["editor"]])
        if mask is None or not mask.any():
            raise InputError(words.MASK_EMPTY)
        info = probe_video(fields["video"])
        path = new_upload(person, "mask.png")
        Image.fromarray(mask).resize((info.width, info.height), Image.Resampling.NEAREST).save(path)
        return str(path)

    def overlay(self, values: Values, person: Person) -> Frame:
        """The first frame with everything but the subject dimmed, and the subject tinted."""
        fields = self.collect(values, person)
        if "video" not in fields:
            raise InputError(words.MASK_NEEDS_VIDEO)
        frame = first_frame(fields["video"], fields.get("start", 0.0))
        mask = self._mask_of(fields, frame)
        if fields.get("invert"):
            mask = 255 - mask
        weight = (mask.astype(np.float32) / 255)[..., None]
        return (frame * (0.35 + 0.5 * weight) + TINT * 0.15 * weight).astype(np.uint8)

    def _mask_of(self, fields: Fields, frame: Frame) -> NDArray[np.uint8]:
        if "mask" not in fields:
            return salient_mask(frame)
        info = probe_video(fields["video"])
        chunks = read_mask(
            fields["mask"],
            size=(frame.shape[1], frame.shape[0]),
            num_frames=1,
            frame_rate=info.frame_rate,
            start=fields.get("start", 0.0),
            seconds=None,
        )
        mask: NDArray[np.uint8] = next(iter(chunks))[0]
        return mask


def build(page: Page) -> Tab:
    tab = MaskTab(MODE, page)
    with tab.inputs():
        components.video_input(tab.form)
        _ways(tab)
        components.choice(tab.form, "region", tab.form.default("region"))
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        with gr.Accordion(words.MASK_SETTINGS, open=False, elem_classes="s-fields"):
            components.slider(tab.form, "grow", 1)
            components.slider(tab.form, "feather", 1)
            for field in ("carry", "invert", "green_screen"):
                components.toggle(tab.form, field)
            part(tab)
        tab.variants = groups.settings(tab.form, page.info, makes_length=False)
        groups.finishing(tab.form)
    _wire_ways(tab)
    tab.wire(tab.collect)
    return tab


def _ways(tab: MaskTab) -> None:
    way = gr.Radio(
        choices=[(text, value) for value, text in words.MASK_WAYS.items()],
        value="automatic",
        label=words.MASK_HOW,
        info=words.MASK_HOW_HELP,
    )
    editor = gr.ImageEditor(
        label=words.MASK_PAINT,
        type="pil",
        sources=(),
        layers=False,
        transforms=(),
        brush=gr.Brush(default_size=24, colors=["#f0b35a"], default_color="#f0b35a", color_mode="fixed"),
        height=360,
        visible=False,
        elem_classes="s-media",
    )
    keep_apart(editor)
    file = gr.File(
        label=labels.label("mask"), file_types=["image", "video"], type="filepath", height=120, visible=False
    )
    show = gr.Button(words.MASK_SHOW, size="md")
    preview = gr.Image(label=words.MASK_PREVIEW, interactive=False, visible=False, buttons=[], elem_id="mask-preview")
    tab.extra = {"way": way, "editor": editor, "file": file, "show": show, "preview": preview}


def _wire_ways(tab: MaskTab) -> None:
    way, editor, file, preview = (tab.extra[name] for name in ("way", "editor", "file", "preview"))
    video: Any = tab.form.widget("video")
    inputs = {widget for name, widget in tab.extra.items() if name in ("way", "editor", "file")} | tab.form.widgets

    def choose(chosen: str) -> dict[Component, Any]:
        return {
            editor: gr.update(visible=chosen == "brush"),
            file: gr.update(visible=chosen == "file"),
            preview: gr.update(visible=False),
        }

    def canvas(path: str | None, caller: gr.Request) -> dict[Component, Any]:
        try:
            frame = show_frame(caller_of(caller), first_frame(path)) if path else None
        except SeptetError:  # said when the person asks for something; a picked file alone raises no notice
            frame = None
        painted = None if frame is None else {"background": frame, "layers": [], "composite": frame}
        return {editor: painted, preview: gr.update(value=None, visible=False)}

    @shown
    def show(values: Values, caller: gr.Request) -> dict[Component, Any]:
        person = caller_of(caller)
        return {preview: gr.update(value=show_frame(person, tab.overlay(values, person)), visible=True)}

    way.change(choose, way, [editor, file, preview], **PRIVATE)
    video.change(canvas, video, [editor, preview], **PRIVATE)
    tab.extra["show"].click(show, inputs, preview, **PRIVATE)


def _strokes(value: dict[str, Any] | None) -> NDArray[np.uint8] | None:
    """(H, W) uint8, 255 where any layer was painted; None where there is no canvas."""
    layers = [np.asarray(layer.convert("RGBA"))[..., 3] for layer in (value or {}).get("layers") or () if layer]
    if not layers:
        return None
    painted: NDArray[np.uint8] = np.where(np.maximum.reduce(layers) > 0, 255, 0).astype(np.uint8)
    return painted
