"""The render tab: a render pass, or a 3D file and a camera, and the materials it should get."""

from __future__ import annotations

import secrets
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import InputError
from pipelines.render import Render, RenderRequest
from pipelines.types import Frame
from studio import components, groups, labels, tab_words, words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.forms import Fields, Values, read_number, show_number
from studio.person import Person
from studio.recipes import build_request
from studio.shelf import show_frame
from studio.tabs.base import Page, Tab, varied
from studio.tabs.look import one_frame_button, part, steering, wire_one_frame

MODE = "render"
MOST_LOOKS = 4
PREVIEW_WIDTH = 480  # pixels, at least
OF_VIDEO = ("video", "render_pass", "invert_depth", "start", "seconds")
OF_MESH = ("mesh", "up_axis", "camera_move", "camera_azimuth", "camera_elevation", "camera_amount")


class RenderTab(Tab):
    """Adds the 3D file's way, and several looks of one shot, to what every tab has."""

    def collect(self, values: Values, _person: Person) -> Fields:
        """The request's fields: of the video or of the 3D file, whichever is chosen."""
        fields = self.form.fields(values)
        by_mesh = values[self.extra["way"]] == "mesh"
        for name in OF_VIDEO if by_mesh else OF_MESH:
            fields.pop(name, None)
        if by_mesh and (seconds := read_number("seconds", values[self.extra["seconds"]])) is not None:
            fields["seconds"] = seconds
        return fields

    def orders(self, fields: Fields, values: Values) -> list[Fields]:
        """A request for each look, all with one seed, so that nothing but the words differs between them."""
        more = [line.strip() for line in (values[self.extra["looks"]] or "").splitlines() if line.strip()]
        if not more:
            return super().orders(fields, values)
        first = [str(fields.get("prompt", ""))] if "prompt" in fields or {"style", "style_image"} & set(fields) else []
        looks = first + more
        if len(looks) > MOST_LOOKS:
            raise InputError(tab_words.LOOKS_MANY.format(count=len(looks), most=MOST_LOOKS))
        seed = fields.get("seed", secrets.randbelow(2**31))
        count = self._count(values)
        return [order for look in looks for order in varied(fields | {"prompt": look, "seed": seed}, count)]

    def fill(self, fields: Fields) -> dict[Component, Any]:
        by_mesh = bool(fields.get("mesh"))
        lasts = fields.get("seconds") if by_mesh else None
        shown_fields = {name: value for name, value in fields.items() if name != "seconds"} if by_mesh else fields
        return super().fill(shown_fields) | {
            self.extra["way"]: "mesh" if by_mesh else "video",
            self.extra["seconds"]: "" if lasts is None else show_number(lasts),
            self.extra["looks"]: "",
        }

    def on_given(self, kind: str) -> dict[Component, Any]:
        return {self.extra["way"]: "video"} if kind == "video" else {}

    def first_frame(self, values: Values, person: Person) -> Frame:
        """The clay frame a 3D file's clip begins with, at the clip's shape."""
        from pipelines.scene import open_scene

        fields = self.collect(values, person)
        if not fields.get("mesh"):
            raise InputError(tab_words.MESH_MISSING)
        request = build_request(RenderRequest, fields)
        width, height = Render.working_size(request, self.page.info) if self.page.info else (480, 288)
        larger = max(1, -(-PREVIEW_WIDTH // width))
        return open_scene(str(request.mesh), request.up_axis).clay_frame(
            request.camera, (width * larger, height * larger)
        )


def build(page: Page) -> Tab:
    tab = RenderTab(MODE, page)
    with tab.inputs():
        way = gr.Radio(
            choices=[(text, value) for value, text in tab_words.RENDER_WAYS.items()],
            value="video",
            label=tab_words.RENDER_SOURCE,
            info=tab_words.RENDER_WAYS_HELP,
        )
        with gr.Row():
            video = components.video_input(tab.form)
            mesh = components.mesh_input(tab.form, "mesh")
            components.image_input(tab.form, "style_image", height=250)
        with gr.Column(visible=False) as camera:
            _camera(tab)
        components.prompt(tab.form, page.info, restyles=True)
        tab.generate = components.generate_button()
        attempt = one_frame_button()
        groups.styles(tab.form, weighed=True)
        with gr.Accordion(tab_words.LOOKS, open=False, elem_classes="s-fields"):
            tab.extra["looks"] = gr.Textbox(
                label=tab_words.LOOKS_FIELD,
                info=tab_words.LOOKS_HELP,
                placeholder=labels.PLACEHOLDERS["looks"],
                elem_classes="s-looks",
                lines=3,
            )
        with gr.Accordion(words.STRUCTURE, open=False, elem_classes="s-fields"):
            steering(tab)
            with gr.Column() as about_video:
                components.choice(tab.form, "render_pass", tab.form.default("render_pass"))
                components.toggle(tab.form, "invert_depth")
                part(tab)
            with gr.Column(visible=False) as about_mesh:
                _length_and_up(tab)
        tab.variants = groups.settings(tab.form, page, makes_length=False)
        groups.finishing(tab.form)
    tab.extra["way"] = way
    ways = {video: "video", attempt: "video", about_video: "video", mesh: "mesh", camera: "mesh", about_mesh: "mesh"}
    way.change(lambda chosen: [gr.update(visible=chosen == its) for its in ways.values()], way, list(ways), **PRIVATE)
    _wire_first_frame(tab)
    tab.wire(tab.collect)
    wire_one_frame(tab, attempt, tab.collect)
    return tab


def _camera(tab: RenderTab) -> None:
    """How the camera moves around a 3D file, and what it sees first."""
    components.choice(tab.form, "camera_move", tab.form.default("camera_move"))
    components.slider(tab.form, "camera_amount", 0.05)
    with gr.Row():
        components.slider(tab.form, "camera_azimuth", 5)
        components.slider(tab.form, "camera_elevation", 5)
    show = gr.Button(tab_words.MESH_SHOW, size="md")
    preview = gr.Image(
        label=tab_words.MESH_PREVIEW, interactive=False, visible=False, buttons=[], elem_id="mesh-preview"
    )

    tab.extra |= {"show": show, "preview": preview}


def _length_and_up(tab: RenderTab) -> None:
    with gr.Row():
        tab.extra["seconds"] = gr.Textbox(
            label=tab_words.MESH_SECONDS,
            info=tab_words.MESH_SECONDS_HELP,
            placeholder=words.OWN,
            max_lines=1,
            min_width=130,
        )
        components.dropdown(tab.form, "up_axis", labels.choices("up_axis"))


def _wire_first_frame(tab: RenderTab) -> None:
    preview = tab.extra["preview"]
    file: Any = tab.form.widget("mesh")

    @shown
    def show(values: Values, caller: gr.Request) -> dict[Component, Any]:
        person = caller_of(caller)
        return {preview: gr.update(value=show_frame(person, tab.first_frame(values, person)), visible=True)}

    tab.extra["show"].click(show, tab.widgets - {preview, tab.extra["show"]}, preview, concurrency_limit=1, **PRIVATE)
    file.change(lambda: gr.update(value=None, visible=False), None, preview, **PRIVATE)
