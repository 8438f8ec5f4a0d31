"""The choice of an adapter: by name, from the folder an operator drops them into."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from pipelines.adapters import FOLDER, adapters_in
from pipelines.errors import InputError
from studio import labels, words
from studio.components import PRIVATE, slider
from studio.forms import Form
from studio.jobs.inputs import sha256_of


def adapter_input(form: Form, models_dir: Path) -> None:
    """One of the adapters there, or none, and how strongly it works."""
    folder = models_dir / FOLDER

    def offered() -> list[tuple[str, str]]:
        return [(words.NO_ADAPTER, ""), *((name, name) for name in adapters_in(models_dir))]

    def read(name: str | None) -> str | None:
        if not name:
            return None
        if name not in adapters_in(models_dir):
            raise InputError(words.ADAPTER_GONE.format(name=name, folder=folder))
        return str(adapters_in(models_dir)[name])

    def show(path: str) -> str:
        """The name under which what a job was given lies there now; none where it was taken away."""
        wanted, size = sha256_of(Path(path)), Path(path).stat().st_size
        alike = (name for name, file in adapters_in(models_dir).items() if file.stat().st_size == size)
        return next((name for name in alike if sha256_of(adapters_in(models_dir)[name]) == wanted), "")

    with gr.Row():
        widget = gr.Dropdown(
            choices=offered(),
            value="",
            label=labels.label("adapter"),
            info=words.ADAPTERS_IN.format(folder=folder),
        )
        form.add("adapter", widget, read, show)
        slider(form, "adapter_weight", 0.05)
    widget.focus(lambda: gr.Dropdown(choices=offered()), None, widget, **PRIVATE)
