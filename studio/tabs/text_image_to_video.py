"""The text + image tab: a picture, and what its scene or subject should do."""

from __future__ import annotations

from studio import components, groups
from studio.tabs.base import Page, Tab

MODE = "text-image-to-video"


def build(page: Page) -> Tab:
    tab = Tab(MODE, page)
    with tab.inputs():
        components.image_input(tab.form, "image")
        components.choice(tab.form, "image_role", tab.form.default("image_role"))
        components.prompt(tab.form, page.info)
        tab.generate = components.generate_button()
        groups.styles(tab.form)
        tab.folded |= dict.fromkeys(groups.MOTION, groups.motion(tab.form))
        tab.variants = groups.settings(tab.form, page, makes_length=True)
        groups.finishing(tab.form)
    tab.wire()
    return tab
