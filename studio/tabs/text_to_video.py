"""The text-to-video tab: words in, a clip out."""

from __future__ import annotations

import gradio as gr

from studio import components, groups, words
from studio.tabs.base import Page, Tab

MODE = "text-to-video"


def build(page: Page) -> Tab:
    tab = Tab(MODE, page)
    with tab.inputs():
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        tab.drafts = gr.Button(words.DRAFTS, size="md")
        groups.styles(tab.form)
        tab.folded |= dict.fromkeys(groups.MOTION, groups.motion(tab.form))
        tab.variants = groups.settings(tab.form, page, makes_length=True)
        groups.finishing(tab.form)
        with gr.Accordion(words.CONTINUE, open=False, elem_classes="s-fields") as tab.folded["continues"]:
            components.video_input(tab.form, "continues")
    tab.wire()
    return tab
