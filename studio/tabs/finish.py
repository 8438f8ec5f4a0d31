"""The finish tab: any video, and everything the post-processing stage can do with it."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import InputError
from pipelines.finish import FinishRequest, FinishVideo, crop_stated, one_frame
from studio import components, groups, words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.forms import Fields, Values
from studio.person import Person
from studio.recipes import build_request
from studio.shelf import show_frame
from studio.tabs.base import Page, Tab

MODE = "finish"


class FinishTab(Tab):
    """Adds a look at one frame to what every tab has."""

    def fill(self, fields: Fields) -> dict[Component, Any]:
        return super().fill(fields) | {self.extra["tried"]: gr.update(value=None, visible=False)}

    def collect(self, values: Values, _person: Person) -> Fields:
        """The request's fields. Raises InputError without a video."""
        fields = self.form.fields(values)
        if "video" not in fields:
            raise InputError(words.FINISH_NEEDS_VIDEO)
        return fields


def build(page: Page) -> Tab:
    tab = FinishTab(MODE, page)
    with tab.inputs():
        components.video_input(tab.form)
        tab.generate = components.generate_button(words.FINISH_IT)
        attempt = gr.Button(words.FINISH_TRY, size="md")
        tried = gr.Image(label=words.FINISH_TRIED, interactive=False, visible=False, buttons=["fullscreen"])
        tab.extra = {"tried": tried}
        groups.finishing_alone(tab.form)
    tab.wire(tab.collect)

    @shown
    def look(values: Values, caller: gr.Request) -> dict[Component, Any]:
        person = caller_of(caller)
        request = FinishVideo.prepare(build_request(FinishRequest, tab.collect(values, person)))
        if request.finishing.upscaler_file:  # this process runs no torch
            raise InputError(words.FINISH_TRY_OWN)
        label = ", ".join(part for part in (words.FINISH_TRIED, crop_stated(request)) if part)
        return {tried: gr.update(value=show_frame(person, one_frame(request)), visible=True, label=label)}

    attempt.click(look, tab.form.widgets, tried, **PRIVATE)
    return tab
