"""What the tabs that restyle a source have in common: the source, its style, and how closely it is followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from pipelines.errors import InputError
from pipelines.media.probe import probe_video
from studio import components, groups, words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.forms import Fields, Values
from studio.person import Person
from studio.tabs.base import Tab


def source(tab: Tab) -> None:
    """The source video beside an optional picture of the look."""
    with gr.Row():
        components.video_input(tab.form)
        components.image_input(tab.form, "style_image", height=250)


def look(tab: Tab) -> None:
    """The style, the structure, how loosely it is followed, and how strongly it steers."""
    groups.styles(tab.form, weighed=True)
    with gr.Accordion(words.STRUCTURE, open=False, elem_classes="s-fields"):
        steering(tab)
        part(tab)


def steering(tab: Tab) -> None:
    """What of the source is kept, and how strongly."""
    components.choice(tab.form, "structure", tab.form.default("structure"))
    components.slider(tab.form, "structure_blur", 1)
    components.slider(tab.form, "conditioning_scale", 0.05)


def one_frame_button() -> gr.Button:
    """Asks for the first frame alone: what the look will be, before the whole clip is made."""
    return gr.Button(words.TRY_FRAME, size="md")


def wire_one_frame(tab: Tab, button: gr.Button, collect: Callable[[Values, Person], Fields] | None = None) -> None:
    """Let the button make the tab's request of one frame of its video. `collect` as in `Tab.wire`."""
    read = collect or (lambda values, _person: tab.form.fields(values))

    @shown
    def attempt(values: Values, caller: gr.Request) -> dict[str, str]:
        person = caller_of(caller)
        return {"job": tab.page.shelf.submit(person, tab.mode, of_one_frame(read(values, person))).id}

    button.click(attempt, tab.widgets, tab.panel, **PRIVATE)


def of_one_frame(fields: Fields) -> Fields:
    """The same request about the first frame of its video alone. Raises InputError without a video, MediaError."""
    if "video" not in fields:
        raise InputError(words.TRY_NEEDS_VIDEO)
    return fields | {"seconds": float(1 / probe_video(Path(fields["video"])).frame_rate)}


def part(tab: Tab) -> None:
    """Which part of the source is used."""
    with gr.Row():
        components.number(tab.form, "start", "0")
        components.number(tab.form, "seconds")
