"""The image-to-video tab: a picture set in motion, no words needed."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from studio import components, groups
from studio.forms import Fields, Values
from studio.person import Person
from studio.tabs.base import Page, Tab
from studio.tabs.brushes import Brushes

MODE = "image-to-video"


class ImageToVideoTab(Tab):
    """Adds the motion brush to what every tab has."""

    brushes: Brushes

    def collect(self, values: Values, person: Person) -> Fields:
        """The request's fields, what was painted as files."""
        return self.form.fields(values) | {"brushes": self.brushes.read(values, person)}

    def fill(self, fields: Fields) -> dict[Component, Any]:
        return super().fill(fields) | self.brushes.show(fields.get("image"), list(fields.get("brushes") or ()))


def build(page: Page) -> Tab:
    tab = ImageToVideoTab(MODE, page)
    with tab.inputs():
        with gr.Row():
            image = components.image_input(tab.form, "image")
            components.image_input(tab.form, "last_image")
        tab.generate = components.generate_button()
        with groups.motion(tab.form, groups.left_open(page)) as folded:
            tab.brushes = Brushes(image)
        tab.folded |= dict.fromkeys((*groups.MOTION, "brushes"), folded)
        tab.extra = tab.brushes.widgets
        tab.variants = groups.settings(tab.form, page, makes_length=True)
        groups.finishing(tab.form)
    tab.wire(tab.collect)
    return tab
