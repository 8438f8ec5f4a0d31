"""The folded groups of settings the tabs share."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import gradio as gr

from pipelines.settings import ASPECT_RATIOS
from studio import forms, labels, tab_words, words
from studio.adapter_choice import adapter_input
from studio.components import (
    PRIVATE,
    audio_input,
    choice,
    dropdown,
    negative_prompt,
    network_input,
    note,
    number,
    slider,
    strength,
    style_choice,
    toggle,
    videos_input,
)
from studio.forms import Form
from studio.length import length_input, tell_length

if TYPE_CHECKING:
    from studio.tabs.base import Page

_RATES = ("12", "16", "24", "25", "30", "48", "60")
MOTION = ("camera", "motion_amount")  # the fields under "Camera and motion"
CAMERA_MOVES = ("truck", "pedestal", "zoom", "pan", "tilt", "roll")  # in the order of the page
_FROM_MODEL = ("frame_rate", "num_inference_steps", "guidance_scale", "width", "height")


def settings(form: Form, page: Page, *, makes_length: bool) -> gr.Radio:
    """Shape, length, sampling and seed, folded away. `makes_length`: the mode decides how long the clip is.

    What is given back is no field of a request: how many clips to make, each with a seed of its own.
    """
    info = page.info
    own = {name: f"{getattr(info, name):g}" if info else words.OWN for name in _FROM_MODEL}
    with gr.Accordion(words.SETTINGS, open=False, elem_classes="s-fields"):
        _aspect_ratio(form)
        if makes_length:
            with gr.Row():
                length_input(form, page)
                number(form, "frame_rate", own["frame_rate"])
            tell_length(form, page)
        with gr.Row():
            number(form, "num_inference_steps", own["num_inference_steps"])
            number(form, "guidance_scale", own["guidance_scale"])
        with gr.Row():
            number(form, "width", own["width"])
            number(form, "height", own["height"])
        negative_prompt(form)
        _seed(form)
        if info is not None:
            adapter_input(form, info.models_dir)
        return gr.Radio(
            choices=[1, 2, 3, 4], value=1, label=words.VARIANTS, info=words.VARIANTS_HELP, elem_classes="s-variants"
        )


def styles(form: Form, *, weighed: bool = False) -> None:
    """The named styles, folded away; `weighed`: the mode can take less than all of one."""
    with gr.Accordion(words.STYLE, open=False, elem_classes="s-fields"):
        style_choice(form)
        if weighed:
            slider(form, "style_weight", 0.05)


def motion(form: Form, more: str = "") -> gr.Accordion:
    """How the camera and what it sees move, folded away; a tab may add to it, and say `more` of it."""
    with gr.Accordion(words.MOTION, open=False, elem_classes="s-fields") as folded:
        note("camera", more)
        for move, widget in camera_moves().items():
            form.add(f"camera.{move}", widget, float)
        _motion_amount(form)
    return folded


def left_open(page: Page) -> str:
    """What is said of a first frame with all this left open: nothing where the model moves it as it will."""
    info = page.info
    return tab_words.APPROACH.format(model=info.title) if info and info.approach else ""


def camera_moves() -> dict[str, gr.Slider]:
    """The six moves by their names, for one of several cameras."""
    with gr.Row(elem_classes="s-moves"):
        return {move: strength(f"camera.{move}", -10, 10) for move in CAMERA_MOVES}


def _motion_amount(form: Form) -> None:
    """A slider whose left end, below what a request takes, leaves it to the model."""
    widget = gr.Slider(
        label=labels.label("motion_amount"),
        info=labels.help_line("motion_amount"),
        minimum=0,
        maximum=10,
        step=1,
        value=0,
        buttons=[],
    )
    form.add("motion_amount", widget, lambda amount: float(amount) if amount else None)


def _seed(form: Form) -> None:
    with gr.Row(elem_classes="s-seed"):
        seed = gr.Textbox(label=labels.label("seed"), info=labels.help_line("seed"), max_lines=1, min_width=120)
        dice = gr.Button(words.DICE, size="sm")
        clear = gr.Button(words.CLEAR_SEED, size="sm")
    form.add("seed", seed, forms.read_seed, str)
    dice.click(lambda: str(secrets.randbelow(2**31)), None, seed, **PRIVATE)
    clear.click(lambda: "", None, seed, **PRIVATE)


def _aspect_ratio(form: Form) -> None:
    ratios = [(words.OWN, ""), *((ratio, ratio) for ratio in ASPECT_RATIOS)]
    dropdown(form, "finishing.aspect_ratio", ratios)


def finishing(form: Form) -> None:
    """What happens to the frames after the model made them, folded away."""
    with gr.Accordion(words.FINISHING, open=False, elem_classes="s-fields"):
        _size_and_rate(form)
        _look(form)


def finishing_alone(form: Form) -> None:
    """Everything finishing can do, where it is all there is to do."""
    with gr.Accordion(words.FINISH_SIZE, open=True, elem_classes="s-fields"):
        _size_and_rate(form)
        with gr.Row():
            _aspect_ratio(form)
            choice(form, "finishing.fit", "crop")
        network_input(form, "finishing.upscaler_file")
        choice(form, "finishing.quality", "good")
    with gr.Accordion(words.FINISH_TIME, open=True, elem_classes="s-fields"):
        with gr.Row():
            number(form, "start", "0")
            number(form, "seconds")
        slider(form, "finishing.speed", 0.05)
        choice(form, "finishing.loop", "off")
        with gr.Row():
            slider(form, "finishing.fade_in", 0.1)
            slider(form, "finishing.fade_out", 0.1)
    with gr.Accordion(words.FINISH_FILM, open=False, elem_classes="s-fields"):
        videos_input(form, "then")
        slider(form, "transition", 0.1)
        title = gr.Textbox(label=labels.label("title"), info=labels.help_line("title"), max_lines=1)
        form.add("title", title, forms.read_text)
    with gr.Accordion(words.FINISH_LOOK, open=False, elem_classes="s-fields"):
        _look(form)
        toggle(form, "finishing.label")
    with gr.Accordion(words.FINISH_SOUND, open=False, elem_classes="s-fields"):
        audio_input(form, "finishing.music")
        with gr.Row():
            slider(form, "finishing.sound_gain", 1.0)
            slider(form, "finishing.music_gain", 1.0)


def _size_and_rate(form: Form) -> None:
    with gr.Row():
        dropdown(
            form, "finishing.upscale", labels.choices("finishing.upscale"), lambda value: int(value) if value else None
        )
        rates = [(words.OWN, ""), *((rate, rate) for rate in _RATES)]
        dropdown(form, "finishing.frame_rate", rates, any_text=True)
    choice(form, "finishing.upscaler", "network")
    size = gr.Textbox(
        label=labels.label("finishing.size"),
        info=labels.help_line("finishing.size"),
        placeholder=words.OWN,
        max_lines=1,
    )
    form.add("finishing.size", size, forms.read_text)


def _look(form: Form) -> None:
    colour = gr.Radio(
        choices=labels.choices("finishing.colour_match"),
        value="",
        label=labels.label("finishing.colour_match"),
        info=labels.help_line("finishing.colour_match"),
    )
    form.add("finishing.colour_match", colour, forms.read_switch, forms.show_switch)
    with gr.Row():
        slider(form, "finishing.sharpen", 0.05)
        slider(form, "finishing.grain", 0.05)
    toggle(form, "finishing.deflicker")
