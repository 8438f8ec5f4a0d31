"""The image-to-video tab: a picture set in motion, no words needed."""

from __future__ import annotations

import gradio as gr

from studio import components, groups
from studio.tabs.base import Page, Tab

MODE = "image-to-video"


def build(page: Page) -> Tab:
    tab = Tab(MODE, page)
    with tab.inputs():
        with gr.Row():
            components.image_input(tab.form, "image")
            components.image_input(tab.form, "last_image")
        tab.generate = components.generate_button()
        tab.variants = groups.settings(tab.form, page.info, makes_length=True)
        groups.finishing(tab.form)
    tab.wire()
    return tab
