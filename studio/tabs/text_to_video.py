"""The text-to-video tab: words in, a clip out."""

from __future__ import annotations

from studio import components, groups
from studio.tabs.base import Page, Tab

MODE = "text-to-video"


def build(page: Page) -> Tab:
    tab = Tab(MODE, page)
    with tab.inputs():
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        tab.variants = groups.settings(tab.form, page.info, makes_length=True)
        groups.finishing(tab.form)
    tab.wire()
    return tab
