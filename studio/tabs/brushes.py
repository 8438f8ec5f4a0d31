"""The motion brush of a tab: up to five regions painted over its image one at a time, each with its strengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import InputError, SeptetError
from pipelines.media.images import image_size, read_image
from pipelines.motion.brush import MAX_BRUSHES, Movement, painted
from studio import labels, painting, tab_words
from studio.callers import caller_of
from studio.components import PRIVATE, note, shown, strength
from studio.forms import Fields, Values
from studio.jobs.inputs import sha256_of
from studio.person import Person
from studio.shelf import new_upload

STRENGTHS = tuple(Movement.model_fields)


class Brushes:
    """The widgets of the brushes; `image` holds the picture they paint over."""

    def __init__(self, image: gr.Image) -> None:
        self.image = image
        note("brushes")
        self.count = gr.Number(0, visible=False, precision=0, label=labels.label("brushes"))
        self.painted_on = gr.Textbox("", visible=False, label=labels.label("image"))  # the picture's hash
        self.boxes: list[gr.Column] = []
        self.editors: list[gr.ImageEditor] = []
        self.strengths: list[dict[str, gr.Slider]] = []
        # of the boxes there are the style shows the chosen one: a box taken off the page loses what was painted
        with gr.Column(elem_classes="s-brushes"):
            self.which = gr.Radio(
                choices=[1], value=1, label=tab_words.BRUSH_WHICH, visible=False, elem_classes="s-which"
            )
            for number in range(1, MAX_BRUSHES + 1):
                with gr.Column(visible=False, elem_classes=["s-brush", f"s-brush-{number}"]) as box:
                    # out of sight itself, too, or the browser loads a painting program with the page
                    self.editors.append(painting.editor(labels.label("brush.mask"), visible=False))
                    self.strengths.append(_strengths())
                self.boxes.append(box)
        with gr.Row():
            self.add = gr.Button(tab_words.BRUSH_ADD, size="sm")
            self.remove = gr.Button(tab_words.BRUSH_REMOVE, size="sm", visible=False)
        self._wire()

    @property
    def widgets(self) -> dict[str, Component]:
        """What a handler of the tab reads and fills, by names of its own."""
        found: dict[str, Component] = {"brushes": self.count, "painted_on": self.painted_on, "brush": self.which}
        for index in range(MAX_BRUSHES):
            found[f"editor{index}"] = self.editors[index]
            found |= {f"{name}{index}": widget for name, widget in self.strengths[index].items()}
        return found

    def read(self, values: Values, person: Person) -> list[Fields]:
        """The brushes as a request has them, what was painted as files. Raises InputError for one without a stroke."""
        brushes: list[Fields] = []
        for index in range(int(values[self.count])):
            brush: Fields = {name: float(values[widget]) for name, widget in self.strengths[index].items()}
            strokes = painting.strokes(values[self.editors[index]])
            if strokes is not None and strokes.any():
                mask = new_upload(person, f"brush-{index + 1}.png")
                painting.save_strokes(strokes, str(mask), *image_size(Path(values[self.image])))
                brushes.append({"mask": str(mask), **brush})
            elif any(brush.values()):
                raise InputError(tab_words.BRUSH_EMPTY.format(number=index + 1))
        return brushes

    def show(self, image: str | None, brushes: list[Fields]) -> dict[Component, Any]:
        """What the widgets show for these brushes over a picture."""
        picture = read_image(Path(image)) if image else None
        shown: dict[Component, Any] = {
            self.count: len(brushes),
            self.painted_on: sha256_of(Path(image)) if image else "",
            self.which: _choice(len(brushes), 1),
        }
        for index in range(MAX_BRUSHES):
            brush = brushes[index] if index < len(brushes) else {}
            over = None
            if brush and picture is not None:
                over = painting.canvas(Path(image or "").parent, picture, painted(Path(brush["mask"])))
            shown[self.editors[index]] = over
            shown |= {widget: brush.get(name, 0.0) for name, widget in self.strengths[index].items()}
        return shown

    def _wire(self) -> None:
        count, which = self.count, self.which

        def over(caller: gr.Request, image: str) -> painting.Canvas:
            return painting.canvas(new_upload(caller_of(caller), "canvas").parent, read_image(Path(image)))

        @shown
        def add(image: str | None, number: float, caller: gr.Request) -> list[Any]:
            if not image:
                raise InputError(tab_words.BRUSH_NEEDS_IMAGE)
            more = min(MAX_BRUSHES, int(number) + 1)
            canvas = over(caller, image) if more > number else gr.skip()
            canvases = [canvas if index == more - 1 else gr.skip() for index in range(MAX_BRUSHES)]
            return [more, _choice(more, more), sha256_of(Path(image)), *canvases]

        def remove(number: float) -> list[Any]:
            fewer = max(0, int(number) - 1)
            gone = [0.0 if index == fewer else gr.skip() for index in range(MAX_BRUSHES) for _name in STRENGTHS]
            return [fewer, _choice(fewer, fewer), *gone]

        def follow(image: str | None, number: float, before: str, caller: gr.Request) -> list[Any]:
            """Another picture under the brushes: what was painted over the one before means nothing on it.

            A brush that was not there yet is passed over: `add` gives it a canvas, perhaps before this is answered.
            """
            now = sha256_of(Path(image)) if image and number else ""
            if not number or now == before:
                return [gr.skip()] * (MAX_BRUSHES + 1)
            try:
                canvas = over(caller, image) if image else None
            except SeptetError:  # said when the person asks for something; a picked file alone raises no notice
                canvas = None
            return [now, *(canvas if index < number else gr.skip() for index in range(MAX_BRUSHES))]

        def unfold(number: float) -> list[Any]:
            there = [gr.update(visible=index < number) for index in range(MAX_BRUSHES)]
            return [gr.update(visible=number < MAX_BRUSHES), gr.update(visible=number > 0), *there, *there]

        strengths = [widget for each in self.strengths for widget in each.values()]
        self.add.click(add, [self.image, count], [count, which, self.painted_on, *self.editors], **PRIVATE)
        self.remove.click(remove, count, [count, which, *strengths], **PRIVATE)
        self.image.change(follow, [self.image, count, self.painted_on], [self.painted_on, *self.editors], **PRIVATE)
        count.change(unfold, count, [self.add, self.remove, *self.boxes, *self.editors], **PRIVATE)


def _strengths() -> dict[str, gr.Slider]:
    with gr.Row(elem_classes="s-moves s-pairs"):
        return {name: strength(f"brush.{name}", 0.0 if name == "ambient" else -10.0, 10.0) for name in STRENGTHS}


def _choice(count: int, chosen: int) -> Any:
    """The brush that is shown, of those there are."""
    return gr.update(choices=list(range(1, max(1, count) + 1)), value=max(1, chosen), visible=count > 1)
