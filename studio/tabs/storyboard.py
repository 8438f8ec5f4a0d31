"""The storyboard tab: a mock-up video to be rendered in full, or a board of panels to be made into one film."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import InputError
from pipelines.motion.camera import Camera
from studio import components, groups, labels, words
from studio.callers import caller_of
from studio.components import PRIVATE
from studio.forms import Fields, Values, read_number, show_number
from studio.person import Person
from studio.shelf import hand_over
from studio.tabs.base import Page, Tab
from studio.tabs.look import look, one_frame_button, wire_one_frame

MODE = "storyboard"
PANELS = 8  # on the page; the API and the command line take more
AT_FIRST = 2


class StoryboardTab(Tab):
    """Adds the board of panels to what every tab has."""

    def __init__(self, mode: str, page: Page) -> None:
        super().__init__(mode, page)
        self.boxes: list[gr.Group] = []

    def panel_widgets(self, index: int) -> tuple[Component, ...]:
        """(picture, words, seconds, then the camera's six moves) of one panel."""
        return tuple(self.extra[f"{name}{index}"] for name in ("image", "prompt", "seconds", *Camera.model_fields))

    def collect(self, values: Values, _person: Person) -> Fields:
        """The request's fields: of the mock-up or of the board, whichever is chosen."""
        fields = self.form.fields(values)
        if values[self.extra["way"]] == "mockup":
            fields.pop("transition", None)
            return fields
        for name in ("video", "start", "seconds"):
            fields.pop(name, None)
        fields["panels"] = self._panels(values)
        return fields

    def _panels(self, values: Values) -> list[Fields]:
        panels = []
        for index in range(int(values[self.extra["count"]])):
            image, prompt, seconds, *moves = (values[widget] for widget in self.panel_widgets(index))
            if image or (prompt and prompt.strip()):
                camera = dict(zip(Camera.model_fields, map(float, moves), strict=True))
                filled = {"image": image, "prompt": prompt, "seconds": read_number("panel.seconds", seconds)}
                filled["camera"] = camera
                panels.append({name: value for name, value in filled.items() if value is not None})
        if not panels:
            raise InputError(words.BOARD_EMPTY)
        return panels

    def on_given(self, kind: str) -> dict[Component, Any]:
        return {self.extra["way"]: "mockup"} if kind == "video" else {}

    def fill(self, fields: Fields) -> dict[Component, Any]:
        panels = list(fields.get("panels") or ())[:PANELS]
        count = max(len(panels), AT_FIRST)
        shown: dict[Component, Any] = super().fill(fields)
        shown |= {self.extra["way"]: "panels" if panels else "mockup", self.extra["count"]: count}
        for index in range(PANELS):
            panel = panels[index] if index < len(panels) else {}
            image, prompt, seconds, *moves = self.panel_widgets(index)
            shown[image] = panel.get("image")
            shown[prompt] = panel.get("prompt", "")
            shown[seconds] = show_number(panel.get("seconds", 2))
            camera = panel.get("camera") or {}
            shown |= {widget: camera.get(name, 0.0) for name, widget in zip(Camera.model_fields, moves, strict=True)}
        return shown


def build(page: Page) -> Tab:
    tab = StoryboardTab(MODE, page)
    with tab.inputs():
        way = gr.Radio(
            choices=[(text, value) for value, text in words.BOARD_WAYS.items()],
            value="mockup",
            label=words.BOARD_SOURCE,
            info=words.BOARD_WAYS_HELP,
        )
        mockup, board = gr.Column(), gr.Column(visible=False)
        with mockup:
            components.video_input(tab.form)
        with board:
            _board(tab)
        components.image_input(tab.form, "style_image", height=170)
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        attempt = one_frame_button()
        look(tab)
        tab.variants = groups.settings(tab.form, page.info, makes_length=False)
        groups.finishing(tab.form)
    tab.extra["way"] = way
    way.change(
        lambda chosen: [gr.update(visible=chosen == shown) for shown in ("mockup", "mockup", "panels")],
        way,
        [mockup, attempt, board],
        **PRIVATE,
    )
    tab.wire(tab.collect)
    wire_one_frame(tab, attempt, tab.collect)
    return tab


def _board(tab: StoryboardTab) -> None:
    with gr.Row(elem_classes="s-board"):
        for index in range(PANELS):
            with gr.Group(visible=index < AT_FIRST, elem_classes="s-shot") as box:
                _panel(tab, index)
            tab.boxes.append(box)
    with gr.Row():
        add = gr.Button(words.BOARD_ADD, size="sm")
        remove = gr.Button(words.BOARD_REMOVE, size="sm")
    components.slider(tab.form, "transition", 0.1)
    count = tab.extra["count"] = gr.Number(AT_FIRST, visible=False, precision=0, label=labels.label("panels"))

    def unfold(number: float) -> list[Any]:
        return [gr.update(visible=index < number) for index in range(PANELS)]

    add.click(lambda number: min(PANELS, number + 1), count, count, **PRIVATE)
    remove.click(lambda number: max(1, number - 1), count, count, **PRIVATE)
    count.change(unfold, count, tab.boxes, **PRIVATE)


def _panel(tab: StoryboardTab, index: int) -> None:
    name = words.BOARD_PANEL.format(number=index + 1)
    picture = gr.Image(
        label=f"{name}: {labels.label('panel.image').lower()}",
        placeholder=labels.help_line("image"),
        type="filepath",
        sources=["upload", "clipboard"],
        height=120,
        elem_classes="s-media",
    )
    components.unopened(picture)
    prompt = gr.Textbox(
        label=f"{name}: {labels.label('panel.prompt').lower()}", placeholder=labels.PLACEHOLDERS["panel"], lines=2
    )
    seconds = gr.Textbox("2", label=f"{name}: {labels.label('panel.seconds').lower()}", max_lines=1)
    with gr.Accordion(f"{name}: {words.BOARD_CAMERA.lower()}", open=False):
        moves = groups.camera_moves()
    tab.extra |= {f"image{index}": picture, f"prompt{index}": prompt, f"seconds{index}": seconds}
    tab.extra |= {f"{move}{index}": widget for move, widget in moves.items()}
    if index:
        earlier = gr.Button(f"← {words.BOARD_EARLIER}", size="sm")
        here, there = tab.panel_widgets(index), tab.panel_widgets(index - 1)

        def swap(values: Values, caller: gr.Request) -> dict[Component, Any]:
            moved = zip((*here, *there), (*there, *here), strict=True)
            return {
                into: hand_over(caller_of(caller), values[source])
                if into.get_block_name() == "image" and values[source]
                else values[source]
                for into, source in moved
            }

        earlier.click(swap, {*here, *there}, [*here, *there], **PRIVATE)
