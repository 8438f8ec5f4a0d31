"""The text + image tab: a picture, or several with names, and what their scene or subjects should do."""

from __future__ import annotations

from typing import Any

from studio import components, groups
from studio.forms import Fields, Values
from studio.person import Person
from studio.tabs.base import Page, Tab
from studio.tabs.references import References

MODE = "text-image-to-video"


class TextImageToVideoTab(Tab):
    """Adds references by name to what every tab has."""

    references: References

    def collect(self, values: Values, _person: Person) -> Fields:
        """The request's fields."""
        return self.form.fields(values) | {"references": self.references.read(values)}

    def fill(self, fields: Fields) -> dict[Any, Any]:
        return super().fill(fields) | self.references.show(list(fields.get("references") or ()))


def build(page: Page) -> Tab:
    tab = TextImageToVideoTab(MODE, page)
    with tab.inputs():
        components.image_input(tab.form, "image")
        components.choice(tab.form, "image_role", tab.form.default("image_role"))
        components.prompt(tab.form, page.info, begun=True)
        tab.generate = components.generate_button()
        tab.references = References()
        groups.styles(tab.form)
        tab.folded |= dict.fromkeys(groups.MOTION, groups.motion(tab.form, groups.left_open(page)))
        tab.variants = groups.settings(tab.form, page, makes_length=True)
        groups.finishing(tab.form)
    tab.extra = tab.references.widgets
    tab.folded["references"] = tab.references.fold
    tab.wire(tab.collect)
    return tab
