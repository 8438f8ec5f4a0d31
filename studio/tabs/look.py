"""What the tabs that restyle a source have in common: the source, its style, and how closely it is followed."""

from __future__ import annotations

import gradio as gr

from studio import components, words
from studio.tabs.base import Tab


def source(tab: Tab) -> None:
    """The source video beside an optional picture of the look."""
    with gr.Row():
        components.video_input(tab.form)
        components.image_input(tab.form, "style_image", height=250)


def look(tab: Tab) -> None:
    """Structure, how loosely it is followed, and how strongly it steers, folded away with the part of the source."""
    with gr.Accordion(words.STRUCTURE, open=False, elem_classes="s-fields"):
        steering(tab)
        part(tab)


def steering(tab: Tab) -> None:
    """What of the source is kept, and how strongly."""
    components.choice(tab.form, "structure", tab.form.default("structure"))
    components.slider(tab.form, "structure_blur", 1)
    components.slider(tab.form, "conditioning_scale", 0.05)


def part(tab: Tab) -> None:
    """Which part of the source is used."""
    with gr.Row():
        components.number(tab.form, "start", "0")
        components.number(tab.form, "seconds")
