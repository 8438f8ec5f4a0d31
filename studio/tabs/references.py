"""The part of the text + image tab in which pictures are given a name that the prompt can use."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import InputError
from pipelines.references import MAX_REFERENCES
from studio import labels, tab_words
from studio.components import as_it_came, note
from studio.forms import Fields, Values

PARTS = ("image", "name", "description")


class References:
    """Pictures with names, folded away; what the page's script offers under the prompt are their names."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Component]] = []
        with gr.Accordion(tab_words.REFERENCES, open=False, elem_classes="s-fields") as self.fold:
            note("references")
            for index in range(MAX_REFERENCES):
                self.rows.append(_row(tab_words.REFERENCE.format(number=index + 1)))

    @property
    def widgets(self) -> dict[str, Component]:
        """What a handler of the tab reads and fills, by names of its own."""
        return {f"{part}{index}": row[part] for index, row in enumerate(self.rows) for part in PARTS}

    def read(self, values: Values) -> list[Fields]:
        """The references as a request has them. Raises InputError for a picture without a name, or one without it."""
        found: list[Fields] = []
        for number, row in enumerate(self.rows, 1):
            image, name, description = (values[row[part]] for part in PARTS)
            name = (name or "").strip().removeprefix("@")
            if image and not name:
                raise InputError(tab_words.REFERENCE_NAMELESS.format(number=number))
            if name and not image:
                raise InputError(tab_words.REFERENCE_NO_PICTURE.format(name=name))
            if image:
                found.append({"image": image, "name": name, "description": description or ""})
        return found

    def show(self, references: list[Fields]) -> dict[Component, Any]:
        """What the widgets show for these."""
        given = references + [{}] * (MAX_REFERENCES - len(references))
        return {
            row[part]: reference.get(part) or (None if part == "image" else "")
            for row, reference in zip(self.rows, given, strict=True)
            for part in PARTS
        }


def _row(name: str) -> dict[str, Component]:
    with gr.Row(elem_classes="s-reference"):
        image = as_it_came(
            gr.Image(
                label=name,
                placeholder=labels.help_line("image"),
                type="filepath",
                sources=["upload", "clipboard"],
                height=132,
                min_width=150,
                elem_classes="s-media",
            )
        )
        with gr.Column(min_width=150, scale=2):
            called = gr.Textbox(
                label=f"{name}: {labels.label('reference.name').lower()}",
                placeholder=labels.PLACEHOLDERS["reference.name"],
                max_lines=1,
                elem_classes="s-refname",
            )
            words = gr.Textbox(
                label=f"{name}: {labels.label('reference.description').lower()}",
                placeholder=labels.PLACEHOLDERS["reference.description"],
                max_lines=2,
            )
    return {"image": image, "name": called, "description": words}
