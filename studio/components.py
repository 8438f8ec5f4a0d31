"""The widgets the tabs share, and the one place where an error becomes a notice on the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from gradio.data_classes import FileData, ImageData

from pipelines.checkpoints import ModelInfo
from pipelines.errors import SeptetError
from studio import forms, labels, words
from studio.examples import Example
from studio.forms import Form
from studio.theme import STATIC
from studio.views.examples import example_strip
from studio.views.styles import style_grid
from studio.views.vocabulary import under_prompt

Handler = TypeVar("Handler", bound=Callable[..., Any])

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def shown(handler: Handler) -> Handler:
    """A handler whose SeptetErrors reach the person as one notice; anything else is a bug and keeps its traceback."""

    @wraps(handler)
    def guarded(*values: Any) -> Any:
        try:
            return handler(*values)
        except SeptetError as error:
            raise notice(error) from error

    return guarded  # type: ignore[return-value]


def notice(error: SeptetError) -> gr.Error:
    """What gradio shows, or sends to a client program, for one of ours: the sentence and nothing else."""
    return gr.Error(escape(str(error), quote=False), duration=12, print_exception=False)


def title(heading: str, summary: str) -> gr.HTML:
    """A tab's heading and what it does in one line."""
    return gr.HTML(
        html_template=f'<div class="s-title"><h2>{escape(heading)}</h2><p>{escape(summary)}</p></div>',
        js_on_load=None,
        apply_default_css=False,
    )


def note(field: str, more: str = "") -> gr.HTML:
    """The name and the help of a field that is a group of widgets, over them; `more` goes on from the help."""
    told = " ".join(filter(None, (labels.help_line(field), more)))
    return gr.HTML(
        html_template=f'<div class="s-note"><b>{escape(labels.label(field))}</b><p>{escape(told)}</p></div>',
        js_on_load=None,
        apply_default_css=False,
    )


def image_input(form: Form, field: str, height: int = 230) -> gr.Image:
    """A picture of the person's own."""
    widget = gr.Image(
        label=labels.label(field),
        type="filepath",
        sources=["upload", "clipboard"],
        height=height,
        elem_classes="s-media",
        elem_id=f"{form.mode}-{field}",
        placeholder=labels.help_line(field),
    )
    form.add(field, as_it_came(widget))
    return widget


def as_it_came(widget: gr.Image) -> gr.Image:
    """A picture whose file reaches the pipeline as it came. Gradio by itself would open whatever Pillow knows, of any
    size, and hand on another picture: without transparency, with colours taken for others.
    """
    widget.preprocess = _path_of  # type: ignore[method-assign, assignment]
    return widget


def _path_of(picture: ImageData | None) -> str | None:
    return picture.path if picture else None


def video_input(form: Form, field: str = "video", height: int = 250) -> gr.Video:
    """A video of the person's own, never converted: what is uploaded is what the pipeline reads."""
    widget = gr.Video(
        label=labels.label(field),
        format=None,
        include_audio=True,
        sources=["upload"],
        height=height,
        loop=True,
        elem_classes="s-media",
        elem_id=f"{form.mode}-{field}",
    )
    # gradio's own runs ffprobe where there is one, and may re-encode
    widget.postprocess = _as_it_is  # type: ignore[method-assign]
    form.add(field, widget)
    return widget


def mesh_input(form: Form, field: str, height: int = 250) -> gr.Model3D:
    """A 3D file of the person's own, which the browser shows and lets turn."""
    widget = gr.Model3D(
        label=labels.label(field),
        clear_color=(0.09, 0.1, 0.12, 1.0),
        height=height,
        visible=False,
        elem_classes="s-media",
        elem_id=f"{form.mode}-{field}",
    )
    form.add(field, widget)
    return widget


def _as_it_is(value: str | None) -> FileData | None:
    return FileData(path=value, orig_name=Path(value).name) if value else None


def prompt(
    form: Form, info: ModelInfo | None, *, begun: bool = False, restyles: bool = False, tip: str = ""
) -> gr.Textbox:
    """What to see, and under it what of that the model knows and reads; `begun` and so on as there."""
    widget = gr.Textbox(
        label=labels.label("prompt"),
        info=labels.help_line("prompt"),
        placeholder=labels.PLACEHOLDERS[form.mode],
        lines=3,
        max_lines=10,
        autofocus=False,
        elem_classes="s-prompt",
    )
    form.add("prompt", widget, forms.read_text)
    gr.HTML(
        html_template=under_prompt(info, begun=begun, restyles=restyles, tip=tip),
        js_on_load=(STATIC / "prompt.js").read_text("utf-8"),
        apply_default_css=False,
    )
    return widget


def negative_prompt(form: Form) -> None:
    """What not to see."""
    widget = gr.Textbox(
        label=labels.label("negative_prompt"),
        placeholder=labels.PLACEHOLDERS["negative"],
        lines=1,
        max_lines=4,
        elem_classes="s-negative",
    )
    form.add("negative_prompt", widget, forms.read_text)


def generate_button(text: str = words.GENERATE) -> gr.Button:
    """The one primary button of a tab."""
    return gr.Button(text, variant="primary", size="lg", elem_classes="s-generate")


def number(form: Form, field: str, placeholder: str = words.OWN) -> None:
    """A number that may stay open: a text field, because gradio shows an open number as 0."""
    widget = gr.Textbox(
        label=labels.label(field), info=labels.help_line(field), placeholder=placeholder, max_lines=1, min_width=130
    )
    form.add(field, widget, partial(forms.read_number, field), forms.show_number)


def strength(field: str, low: float, high: float) -> gr.Slider:
    """A slider from `low` to `high` whose 0 leaves things as they are, for a field of one of several groups."""
    return gr.Slider(
        label=labels.label(field), info=labels.help_line(field), minimum=low, maximum=high, step=0.1, value=0.0,
        buttons=[], min_width=110,
    )  # fmt: skip


def slider(form: Form, field: str, step: float) -> None:
    """A number between two ends that both mean something."""
    low, high = form.bounds(field)
    widget = gr.Slider(
        label=labels.label(field),
        info=labels.help_line(field),
        minimum=low or 0,
        maximum=high if high is not None else 1,
        step=step,
        value=form.default(field),
        buttons=[],
    )
    form.add(field, widget, int if isinstance(step, int) else float)


def choice(form: Form, field: str, value: str) -> gr.Radio:
    """One of a few."""
    widget = gr.Radio(choices=form.offered(field), value=value, label=labels.label(field), info=labels.help_line(field))
    form.add(field, widget, forms.read_choice, str)
    return widget


def dropdown(
    form: Form,
    field: str,
    choices: list[tuple[str, str]],
    read: Callable[[Any], Any] = forms.read_choice,
    *,
    any_text: bool = False,
) -> None:
    """One of several, or nothing: the first choice is the empty one."""
    widget = gr.Dropdown(
        choices=choices,
        value="",
        allow_custom_value=any_text,
        label=labels.label(field),
        info=labels.help_line(field),
        min_width=130,
    )
    form.add(field, widget, read, str)


def videos_input(form: Form, field: str) -> None:
    """Several videos of the person's own, in order."""
    widget = gr.File(
        label=labels.label(field), file_types=["video"], type="filepath", file_count="multiple", height=120,
        allow_reordering=True,
    )  # fmt: skip
    form.add(field, widget, lambda paths: paths or None)


def audio_input(form: Form, field: str) -> None:
    """A sound file of the person's own."""
    widget = gr.File(label=labels.label(field), file_types=["audio"], type="filepath", height=110)
    form.add(field, widget)


def network_input(form: Form, field: str) -> None:
    """Weights of a network of the person's own."""
    widget = gr.File(label=labels.label(field), file_types=[".safetensors"], type="filepath", height=110)
    form.add(field, widget)


def style_choice(form: Form) -> None:
    """One of the named styles, or none, chosen by its picture."""
    widget = gr.HTML(
        value="",
        html_template=style_grid(form.mode),
        js_on_load=(STATIC / "styles.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id=f"{form.mode}-style",
    )
    form.add("style", widget, forms.read_choice, str)


def toggle(form: Form, field: str) -> None:
    """Something that is so or not."""
    widget = gr.Checkbox(value=form.default(field), label=labels.label(field), info=labels.help_line(field))
    form.add(field, widget)


def result_panel(mode: str) -> gr.HTML:
    """Where a mode's clip forms and plays. Value: {"job": id}. Events: stop, again, use, send."""
    return gr.HTML(
        value=None,
        html_template='<div class="s-result-root"><div class="s-panel"><div data-part="panel"></div>'
        f'<p class="s-offline" data-part="offline" role="alert" hidden>{escape(words.OFFLINE)}</p></div>'
        '<div data-part="takes"></div></div>',
        js_on_load=(STATIC / "panel.js").read_text("utf-8"),
        apply_default_css=False,
        mode=mode,
        elem_id=f"result-{mode}",
    )


def example_rows(rows: tuple[Example, ...], mode: str) -> gr.HTML:
    """Examples a person can click. Event: pick, with the index of the row; Generate waits until `filled` is run."""
    return gr.HTML(
        html_template=example_strip(rows),
        js_on_load=(STATIC / "examples.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id=f"examples-{mode}",
    )


def filled(mode: str) -> str:
    """The script that tells a mode's examples that the fields are filled."""
    rows = f"document.querySelector('#examples-{mode} .s-strip')"
    return f"() => {rows}.dispatchEvent(new Event('filled', {{ bubbles: true }}))"
