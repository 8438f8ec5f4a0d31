"""The render tab: an untextured 3D render, and the materials it should get."""

from __future__ import annotations

from studio import components, groups
from studio.tabs.base import Page, Tab
from studio.tabs.look import look, source

MODE = "render"


def build(page: Page) -> Tab:
    tab = Tab(MODE, page)
    with tab.inputs():
        source(tab)
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        look(tab)
        tab.variants = groups.settings(tab.form, page.info, makes_length=False)
        groups.finishing(tab.form)
    tab.wire()
    return tab
