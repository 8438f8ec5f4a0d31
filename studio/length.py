"""How long a clip is: chosen in seconds, kept as the number of frames a request has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from studio import forms, labels, words
from studio.components import PRIVATE
from studio.forms import Form

if TYPE_CHECKING:
    from studio.tabs.base import Page

FIELD = "num_frames"
RATE = "frame_rate"


def length_input(form: Form, page: Page) -> None:
    """The seconds a clip lasts; what stands over the field is what the model makes of them."""
    info = page.info
    widget = gr.Textbox(
        label=labels.label(FIELD),
        info=told(None, None, info),
        placeholder=f"{info.num_frames / info.frame_rate:.3g}" if info else words.OWN,
        max_lines=1,
        min_width=130,
    )

    def read(text: str | None, rate: float | None) -> int | None:
        seconds, now = forms.read_number(FIELD, text), page.model()
        return None if seconds is None or now is None else now.frames_lasting(seconds, rate)

    def show(frames: int, rate: float | None) -> str:
        now = page.model()
        rate = rate or (now.frame_rate if now else None)
        return forms.show_number(round(frames / rate, 3)) if rate else ""

    form.add(FIELD, widget, read, show, beside=RATE)


def tell_length(form: Form, page: Page) -> None:
    """Let the field say what the model makes, whenever it or the rate changes."""
    seconds: Any = form.widget(FIELD)
    rate: Any = form.widget(RATE)

    def tell(seconds: str | None, rate: str | None) -> Any:
        return gr.update(info=told(seconds, rate, page.model()))

    gr.on([seconds.change, rate.change], tell, [seconds, rate], seconds, trigger_mode="always_last", **PRIVATE)


def told(seconds: str | None, rate: str | None, info: ModelInfo | None, *, most: bool = False) -> str | None:
    """What the model makes of what is typed, in words; the field's own help where that is no time at all.

    most   it makes no more than it can at once, as of a shot
    """
    if info is None:
        return labels.help_line(FIELD)
    try:
        wanted, pace = forms.read_number(FIELD, seconds), forms.read_number(RATE, rate) or info.frame_rate
        frames = info.num_frames if wanted is None else info.frames_lasting(wanted, pace)
    except InputError:  # said when the person asks for the clip; half a number is no mistake yet
        return labels.help_line(FIELD)
    frames = min(frames, info.num_frames) if most else frames
    if pace <= 0:
        return labels.help_line(FIELD)
    if frames == 1:
        return words.LENGTH_STILL
    return words.LENGTH.format(seconds=f"{frames / pace:.3g}", frames=frames, rate=f"{pace:g}")
