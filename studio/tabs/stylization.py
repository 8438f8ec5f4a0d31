"""The stylization tab: a source video, and the look it should take on."""

from __future__ import annotations

from studio import components, groups, tab_words
from studio.tabs.base import Page, Tab
from studio.tabs.look import look, one_frame_button, source, wire_one_frame

MODE = "stylization"


def build(page: Page) -> Tab:
    tab = Tab(MODE, page)
    with tab.inputs():
        source(tab)
        components.choice(tab.form, "region", tab.form.default("region"))
        components.prompt(tab.form, page.info, restyles=True, tip=tab_words.STYLE_TIP)
        tab.generate = components.generate_button()
        attempt = one_frame_button()
        look(tab)
        tab.variants = groups.settings(tab.form, page, makes_length=False)
        groups.finishing(tab.form)
    tab.wire()
    wire_one_frame(tab, attempt)
    return tab
