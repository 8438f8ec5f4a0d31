"""The storyboard tab: a mock-up video to be rendered in full, or a board of panels to be made into one film."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.animatic import write_animatic
from pipelines.board import another_take
from pipelines.errors import InputError
from pipelines.motion.camera import Camera
from pipelines.storyboard import Storyboard, StoryboardRequest
from studio import components, groups, labels, tab_words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.forms import Fields, Values, read_number, show_number
from studio.length import told
from studio.person import Person
from studio.recipes import build_request
from studio.shelf import hand_over, new_upload
from studio.tabs.base import Page, Tab
from studio.tabs.look import look, one_frame_button, wire_one_frame

MODE = "storyboard"
PANELS = 8  # on the page; the API and the command line take more
AT_FIRST = 2
OF_BOARD = ("transition", "keep_subject", "subject_image")


class StoryboardTab(Tab):
    """Adds the board of panels to what every tab has."""

    def __init__(self, mode: str, page: Page) -> None:
        super().__init__(mode, page)
        self.boxes: list[gr.Group] = []
        self.animatic: gr.Button
        self.film: gr.Video

    def panel_widgets(self, index: int) -> tuple[Component, ...]:
        """(picture, words, seconds, take, then the camera's six moves) of one panel."""
        names = ("image", "prompt", "seconds", "take", *Camera.model_fields)
        return tuple(self.extra[f"{name}{index}"] for name in names)

    def collect(self, values: Values, _person: Person) -> Fields:
        """The request's fields: of the mock-up or of the board, whichever is chosen."""
        fields = self.form.fields(values)
        if values[self.extra["way"]] == "mockup":
            for name in OF_BOARD:
                fields.pop(name, None)
            return fields
        for name in ("video", "start", "seconds"):
            fields.pop(name, None)
        fields["panels"] = self._panels(values)
        return fields

    def _panels(self, values: Values) -> list[Fields]:
        panels = []
        for index in range(int(values[self.extra["count"]])):
            image, prompt, seconds, take, *moves = (values[widget] for widget in self.panel_widgets(index))
            if image or (prompt and prompt.strip()):
                camera = dict(zip(Camera.model_fields, map(float, moves), strict=True))
                filled = {"image": image, "prompt": prompt, "seconds": read_number("panel.seconds", seconds)}
                filled |= {"camera": camera, "take": int(take or 1)}
                panels.append({name: value for name, value in filled.items() if value is not None})
        if not panels:
            raise InputError(tab_words.BOARD_EMPTY)
        return panels

    def on_given(self, kind: str) -> dict[Component, Any]:
        return {self.extra["way"]: "mockup"} if kind == "video" else {}

    def fill(self, fields: Fields) -> dict[Any, Any]:
        panels = list(fields.get("panels") or ())[:PANELS]
        count = max(len(panels), AT_FIRST)
        shown: dict[Any, Any] = super().fill(fields)
        shown |= {self.extra["way"]: "panels" if panels else "mockup", self.extra["count"]: count}
        for index in range(PANELS):
            panel = panels[index] if index < len(panels) else {}
            image, prompt, seconds, take, *moves = self.panel_widgets(index)
            shown[image] = panel.get("image")
            shown[prompt] = panel.get("prompt", "")
            shown[seconds] = show_number(panel.get("seconds", 2))
            shown[take] = panel.get("take", 1)
            camera = panel.get("camera") or {}
            if any(camera.values()) or panel.get("take", 1) > 1:
                shown[self.folded[f"camera{index}"]] = gr.Accordion(open=True)
            shown |= {widget: camera.get(name, 0.0) for name, widget in zip(Camera.model_fields, moves, strict=True)}
        return shown


def build(page: Page) -> Tab:
    tab = StoryboardTab(MODE, page)
    with tab.inputs():
        way = gr.Radio(
            choices=[(text, value) for value, text in tab_words.BOARD_WAYS.items()],
            value="mockup",
            label=tab_words.BOARD_SOURCE,
            info=tab_words.BOARD_WAYS_HELP,
        )
        mockup, board = gr.Column(), gr.Column(visible=False)
        with mockup:
            components.video_input(tab.form)
        with board:
            _board(tab)
        components.image_input(tab.form, "style_image", height=170)
        components.prompt(tab.form, page.info, begun=True, restyles=True)
        tab.generate = components.generate_button()
        attempt = one_frame_button()
        look(tab)
        tab.variants = groups.settings(tab.form, page, makes_length=False)
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
    _wire_board(tab)
    return tab


def _wire_board(tab: StoryboardTab) -> None:
    shelf = tab.page.shelf

    @shown
    def play(values: Values, caller: gr.Request) -> Any:
        person = caller_of(caller)
        request = build_request(StoryboardRequest, tab.collect(values, person))
        film = new_upload(person, "animatic.mp4")
        write_animatic(Storyboard.prepare(request, shelf.desk.model), shelf.desk.model, film)
        return gr.update(value=str(film), visible=True)

    @shown
    def reshoot(event: gr.EventData, caller: gr.Request) -> dict[str, str]:
        person = caller_of(caller)
        request = shelf.request(person, event.job)
        assert isinstance(request, StoryboardRequest)
        return {"job": shelf.desk.submit(person, another_take(request, int(event.shot))).id}

    tab.animatic.click(play, tab.widgets, tab.film, **PRIVATE)
    tab.panel.reshoot(reshoot, None, tab.panel, **PRIVATE)


def _board(tab: StoryboardTab) -> None:
    with gr.Row(elem_classes="s-board"):
        for index in range(PANELS):
            with gr.Group(visible=index < AT_FIRST, elem_classes="s-shot") as box:
                _panel(tab, index)
            tab.boxes.append(box)
    with gr.Row():
        add = gr.Button(tab_words.BOARD_ADD, size="sm")
        remove = gr.Button(tab_words.BOARD_REMOVE, size="sm")
    components.slider(tab.form, "transition", 0.1)
    with gr.Accordion(tab_words.BOARD_SUBJECT, open=False, elem_classes="s-fields") as tab.folded["keep_subject"]:
        components.toggle(tab.form, "keep_subject")
        components.image_input(tab.form, "subject_image", height=150)
    tab.animatic = gr.Button(tab_words.ANIMATIC, size="md")
    tab.film = gr.Video(
        label=tab_words.ANIMATIC_FILM,
        interactive=False,
        visible=False,
        autoplay=True,
        buttons=["download"],
        elem_id="storyboard-animatic",
        elem_classes="s-media",
    )
    count = tab.extra["count"] = gr.Number(AT_FIRST, visible=False, precision=0, label=labels.label("panels"))

    def unfold(number: float) -> list[Any]:
        return [gr.update(visible=index < number) for index in range(PANELS)]

    add.click(lambda number: min(PANELS, number + 1), count, count, **PRIVATE)
    remove.click(lambda number: max(1, number - 1), count, count, **PRIVATE)
    count.change(unfold, count, tab.boxes, **PRIVATE)

    lengths = [tab.extra[f"seconds{index}"] for index in range(PANELS)]

    def tell(*seconds: str | None) -> list[Any]:
        info = tab.page.model()
        return [gr.update(info=told(each, None, info, most=True)) for each in seconds]

    gr.on([each.change for each in lengths], tell, lengths, lengths, trigger_mode="always_last", **PRIVATE)


def _panel(tab: StoryboardTab, index: int) -> None:
    name = tab_words.BOARD_PANEL.format(number=index + 1)
    picture = gr.Image(
        label=f"{name}: {labels.label('panel.image').lower()}",
        placeholder=labels.help_line("image"),
        type="filepath",
        sources=["upload", "clipboard"],
        height=120,
        elem_classes="s-media",
    )
    components.as_it_came(picture)
    prompt = gr.Textbox(
        label=f"{name}: {labels.label('panel.prompt').lower()}",
        placeholder=labels.PLACEHOLDERS["panel"],
        lines=2,
        elem_classes="s-says",
    )
    seconds = gr.Textbox(
        "2",
        label=f"{name}: {labels.label('panel.seconds').lower()}",
        info=told("2", None, tab.page.info),
        max_lines=1,
    )
    with gr.Accordion(f"{name}: {tab_words.BOARD_CAMERA.lower()}", open=False) as tab.folded[f"camera{index}"]:
        moves = groups.camera_moves()
        take = gr.Number(
            1,
            label=f"{name}: {labels.label('panel.take').lower()}",
            info=labels.help_line("panel.take"),
            precision=0,
            minimum=1,
            maximum=9999,
        )
    tab.extra |= {f"image{index}": picture, f"prompt{index}": prompt, f"seconds{index}": seconds, f"take{index}": take}
    tab.extra |= {f"{move}{index}": widget for move, widget in moves.items()}
    if index:
        earlier = gr.Button(f"← {tab_words.BOARD_EARLIER}", size="sm")
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
