"""The groups of widgets the tabs share, and the one place where an error becomes a notice on the page."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial, wraps
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from gradio.data_classes import FileData

from pipelines.checkpoints import ModelInfo
from pipelines.errors import SeptetError
from pipelines.types import ASPECT_RATIOS
from studio import forms, words
from studio.examples import Example
from studio.forms import Form
from studio.shelf import hand_over
from studio.theme import STATIC
from studio.views import marks
from studio.views.vocabulary import vocabulary

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


def image_input(form: Form, field: str, height: int = 230) -> gr.Image:
    """A picture of the person's own."""
    widget = gr.Image(
        label=words.label(field),
        type="filepath",
        sources=["upload", "clipboard"],
        height=height,
        elem_classes="s-media",
        elem_id=f"{form.mode}-{field}",
        placeholder=words.help_line(field),
    )
    form.add(field, widget, show=hand_over)
    return widget


def video_input(form: Form, field: str = "video", height: int = 250) -> gr.Video:
    """A video of the person's own, never converted: what is uploaded is what the pipeline reads."""
    widget = gr.Video(
        label=words.label(field),
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
    form.add(field, widget, show=hand_over)
    return widget


def _as_it_is(value: str | None) -> FileData | None:
    return FileData(path=value, orig_name=Path(value).name) if value else None


def prompt(form: Form, info: ModelInfo | None) -> gr.Textbox:
    """What to see, and under it what the model knows where it knows only a few words."""
    widget = gr.Textbox(
        label=words.label("prompt"),
        info=words.help_line("prompt"),
        placeholder=words.PLACEHOLDERS[form.mode],
        lines=3,
        max_lines=10,
        autofocus=False,
        elem_classes="s-prompt",
    )
    form.add("prompt", widget, forms.read_text)
    if info is not None and info.knows:
        gr.HTML(
            html_template=vocabulary(info),
            js_on_load=(STATIC / "vocabulary.js").read_text("utf-8"),
            apply_default_css=False,
        )
    return widget


def negative_prompt(form: Form) -> None:
    """What not to see."""
    widget = gr.Textbox(
        label=words.label("negative_prompt"), placeholder=words.PLACEHOLDERS["negative"], lines=1, max_lines=4
    )
    form.add("negative_prompt", widget, forms.read_text)


def generate_button() -> gr.Button:
    """The one primary button of a tab."""
    return gr.Button(words.GENERATE, variant="primary", size="lg", elem_classes="s-generate")


def number(form: Form, field: str, placeholder: str = words.OWN) -> None:
    """A number that may stay open: a text field, because gradio shows an open number as 0."""
    widget = gr.Textbox(
        label=words.label(field), info=words.help_line(field), placeholder=placeholder, max_lines=1, min_width=130
    )
    form.add(field, widget, partial(forms.read_number, field), forms.show_number)


def slider(form: Form, field: str, step: float) -> None:
    """A number between two ends that both mean something."""
    low, high = form.bounds(field)
    widget = gr.Slider(
        label=words.label(field),
        info=words.help_line(field),
        minimum=low or 0,
        maximum=high if high is not None else 1,
        step=step,
        value=form.default(field),
        buttons=[],
    )
    form.add(field, widget, int if isinstance(step, int) else float)


def choice(form: Form, field: str, value: str) -> gr.Radio:
    """One of a few."""
    widget = gr.Radio(choices=words.choices(field), value=value, label=words.label(field), info=words.help_line(field))
    form.add(field, widget, forms.read_choice, str)
    return widget


def toggle(form: Form, field: str) -> None:
    """Something that is so or not."""
    widget = gr.Checkbox(value=form.default(field), label=words.label(field), info=words.help_line(field))
    form.add(field, widget)


def settings(form: Form, info: ModelInfo | None, *, makes_length: bool) -> None:
    """Shape, length, sampling and seed, folded away. `makes_length`: the mode decides how long the clip is."""
    own = {name: f"{getattr(info, name):g}" if info else words.OWN for name in _FROM_MODEL}
    with gr.Accordion(words.SETTINGS, open=False, elem_classes="s-fields"):
        aspect = gr.Dropdown(
            choices=[(words.OWN, ""), *((ratio, ratio) for ratio in ASPECT_RATIOS)],
            value="",
            label=words.label("finishing.aspect_ratio"),
            info=words.help_line("finishing.aspect_ratio"),
        )
        form.add("finishing.aspect_ratio", aspect, forms.read_choice)
        if makes_length:
            with gr.Row():
                number(form, "num_frames", own["num_frames"])
                number(form, "frame_rate", own["frame_rate"])
        with gr.Row():
            number(form, "num_inference_steps", own["num_inference_steps"])
            number(form, "guidance_scale", own["guidance_scale"])
        with gr.Row():
            number(form, "width", own["width"])
            number(form, "height", own["height"])
        negative_prompt(form)
        _seed(form)


_FROM_MODEL = ("num_frames", "frame_rate", "num_inference_steps", "guidance_scale", "width", "height")


def _seed(form: Form) -> None:
    with gr.Row(elem_classes="s-seed"):
        seed = gr.Textbox(label=words.label("seed"), info=words.help_line("seed"), max_lines=1, min_width=120)
        dice = gr.Button(words.DICE, size="sm")
        clear = gr.Button(words.CLEAR_SEED, size="sm")
    form.add("seed", seed, forms.read_seed, str)
    dice.click(lambda: str(secrets.randbelow(2**31)), None, seed, **PRIVATE)
    clear.click(lambda: "", None, seed, **PRIVATE)


def finishing(form: Form) -> None:
    """What happens to the frames after the model made them, folded away."""
    with gr.Accordion(words.FINISHING, open=False, elem_classes="s-fields"):
        with gr.Row():
            choice_of = words.choices
            upscale = gr.Dropdown(
                choices=choice_of("finishing.upscale"),
                value="",
                label=words.label("finishing.upscale"),
                info=words.help_line("finishing.upscale"),
                min_width=130,
            )
            rate = gr.Dropdown(
                choices=[(words.OWN, ""), *((rate, rate) for rate in ("12", "16", "24", "25", "30", "48", "60"))],
                value="",
                allow_custom_value=True,
                label=words.label("finishing.frame_rate"),
                info=words.help_line("finishing.frame_rate"),
                min_width=130,
            )
        choice(form, "finishing.upscaler", "network")
        size = gr.Textbox(
            label=words.label("finishing.size"),
            info=words.help_line("finishing.size"),
            placeholder=words.OWN,
            max_lines=1,
        )
        colour = gr.Radio(
            choices=choice_of("finishing.colour_match"),
            value="",
            label=words.label("finishing.colour_match"),
            info=words.help_line("finishing.colour_match"),
        )
        with gr.Row():
            slider(form, "finishing.sharpen", 0.05)
            slider(form, "finishing.grain", 0.05)
        toggle(form, "finishing.deflicker")
    form.add("finishing.upscale", upscale, lambda value: int(value) if value else None, str)
    form.add("finishing.frame_rate", rate, forms.read_choice, str)
    form.add("finishing.size", size, forms.read_text)
    form.add("finishing.colour_match", colour, forms.read_switch, forms.show_switch)


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


def example_rows(rows: tuple[Example, ...]) -> gr.HTML:
    """Examples a person can click. Event: pick, with the index of the row."""
    cells = "".join(
        f'<button type="button" class="s-example" data-index="{index}">{_face(row)}<span>{escape(row.title)}'
        f"<small>{escape(str(row.fields.get('prompt', '')))}</small></span></button>"
        for index, row in enumerate(rows)
    )
    return gr.HTML(
        html_template=f'<section class="s-strip"><h3>{escape(words.EXAMPLES)}</h3><div class="s-examples">{cells}</div>'
        "</section>",
        js_on_load=(STATIC / "examples.js").read_text("utf-8"),
        apply_default_css=False,
    )


def _face(row: Example) -> str:
    if row.face is None:
        return f"<i>{marks.QUOTE}</i>"
    address = f"examples/{escape(row.face)}"
    if row.face.lower().endswith((".mp4", ".webm", ".mov")):
        return f'<video src="{address}#t=0.1" muted loop playsinline preload="metadata" tabindex="-1"></video>'
    return f'<img loading="lazy" alt="" src="{address}">'
