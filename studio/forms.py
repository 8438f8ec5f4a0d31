"""The link between a mode's widgets and its request: read the widgets into fields, or fill them from fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from gradio.components import Component
from pydantic.fields import FieldInfo

from pipelines import SERVICES
from pipelines.errors import InputError
from studio import labels, words

Values = Mapping[Component, Any]  # what gradio hands a handler that takes a set of components
Fields = dict[str, Any]  # a request's fields; nested ones nested


def same(value: Any) -> Any:
    """A widget that holds a field as it is."""
    return value


@dataclass(frozen=True)
class Control:
    """One field and the widget that holds it. `read`: what the widget says -> the field, None to leave it open.

    beside   another field that the widget's meaning hangs on: `read` and `show` are given its value, too
    """

    field: str
    widget: Component
    read: Callable[..., Any] = same
    show: Callable[..., Any] = same
    beside: str | None = None


class Form:
    """Every control of one mode."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.request_type = SERVICES[mode].request_type
        self.controls: list[Control] = []

    def add(
        self,
        field: str,
        widget: Component,
        read: Callable[..., Any] = same,
        show: Callable[..., Any] = same,
        beside: str | None = None,
    ) -> Component:
        """Bind a widget to a field; dots name nested fields ("finishing.upscale"). Gives the widget back."""
        self.controls.append(Control(field, widget, read, show, beside))
        return widget

    @property
    def widgets(self) -> set[Any]:
        """Every bound widget."""
        return {control.widget for control in self.controls}

    def widget(self, field: str) -> Component:
        """The widget bound to a field. Raises KeyError."""
        return self._control(field).widget

    def _control(self, field: str) -> Control:
        for control in self.controls:
            if control.field == field:
                return control
        raise KeyError(field)

    def fields(self, values: Values) -> Fields:
        """The fields as the widgets say, those left open left out. Raises InputError."""
        found: Fields = {}
        for control in self.controls:
            others = [self._control(control.beside)] if control.beside else []
            value = control.read(values[control.widget], *(other.read(values[other.widget]) for other in others))
            if value is None:
                continue
            *path, name = control.field.split(".")
            inner = found
            for part in path:
                inner = inner.setdefault(part, {})
            inner[name] = value
        return found

    def fill(self, fields: Mapping[str, Any]) -> dict[Component, Any]:
        """What each widget has to show for these fields; the ones not given go back to their defaults."""
        shown: dict[Component, Any] = {}
        for control in self.controls:
            value, *others = (_found(fields, name) for name in (control.field, control.beside) if name)
            shown[control.widget] = control.widget.value if value is None else control.show(value, *others)
        return shown

    def default(self, field: str) -> Any:
        """The default of a field of the request."""
        return self._info(field).get_default(call_default_factory=True)

    def offered(self, field: str) -> list[tuple[str, str]]:
        """(what a person reads, value) of each choice this request has for a field."""
        values = get_args(self._info(field).annotation)
        return [(shown, value) for shown, value in labels.choices(field) if value in values]

    def bounds(self, field: str) -> tuple[float | None, float | None]:
        """(smallest, largest) value of a number field, None where there is no bound."""
        low = high = None
        for limit in self._info(field).metadata:
            low = getattr(limit, "ge", getattr(limit, "gt", low))
            high = getattr(limit, "le", getattr(limit, "lt", high))
        return low, high

    def _info(self, field: str) -> FieldInfo:
        settings: Any = self.request_type
        *path, name = field.split(".")
        for part in path:
            settings = settings.model_fields[part].annotation
        info: FieldInfo = settings.model_fields[name]
        return info


def _found(fields: Mapping[str, Any], name: str) -> Any:
    """The value of a field by its dotted name, None where it is left open."""
    value: Any = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def read_text(value: str | None) -> str | None:
    """A text field: nothing but blanks is open."""
    return value if value and value.strip() else None


def read_choice(value: str | None) -> str | None:
    """A choice whose empty value means automatic."""
    return value or None


def read_number(field: str, value: str | None) -> int | float | None:
    """A number as typed: a whole one where there is no fraction, so that 8.0 frames are 8. Raises InputError."""
    text = (value or "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise InputError(words.NOT_A_NUMBER.format(label=labels.label(field), value=text)) from None
    if not math.isfinite(number):
        raise InputError(words.NOT_A_NUMBER.format(label=labels.label(field), value=text))
    return int(number) if number.is_integer() else number


def show_number(value: float) -> str:
    """A number as a person would type it."""
    return f"{value:.12g}"


def read_seed(value: str | None) -> int | None:
    """The seed field: a text, because a browser's numbers lose digits past 2**53."""
    text = (value or "").strip()
    if not text:
        return None
    if not text.isdecimal():
        raise InputError(words.SEED_NOT_A_NUMBER.format(value=text))
    return int(text)


def read_switch(value: str | None) -> bool | None:
    """On, off, or left to the model."""
    return {"on": True, "off": False}.get(value or "")


def show_switch(value: bool) -> str:
    """The choice that stands for it."""
    return "on" if value else "off"
