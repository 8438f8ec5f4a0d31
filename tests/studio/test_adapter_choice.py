"""Adapters are chosen by name; a clip's settings find theirs again, under whatever name it has now."""

from __future__ import annotations

import shutil
from pathlib import Path

import gradio as gr
import pytest

from pipelines.errors import InputError
from studio.adapter_choice import adapter_input
from studio.forms import Form


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models" / "adapters").mkdir(parents=True)
    for name in ("ink", "clay"):
        (tmp_path / "models" / "adapters" / f"{name}.safetensors").write_text(name)
    return tmp_path / "models"


@pytest.fixture
def form(models: Path) -> Form:
    form = Form("text-to-video")
    with gr.Blocks():
        adapter_input(form, models)
    return form


def read(form: Form, chosen: str) -> dict[str, object]:
    return form.fields({form.widget("adapter"): chosen, form.widget("adapter_weight"): 0.5})


def test_a_name_stands_for_the_file_in_the_folder(form: Form, models: Path) -> None:
    assert read(form, "ink") == {"adapter": str(models / "adapters" / "ink.safetensors"), "adapter_weight": 0.5}
    assert "adapter" not in read(form, "")


@pytest.mark.parametrize("name", ["oil", "../ink", "/etc/passwd"])
def test_only_names_from_the_folder_are_taken(form: Form, name: str) -> None:
    with pytest.raises(InputError, match="There is no adapter called"):
        read(form, name)


def test_what_a_job_was_given_is_shown_by_its_name_now(form: Form, models: Path, tmp_path: Path) -> None:
    kept = shutil.copy(models / "adapters" / "ink.safetensors", tmp_path / "5e.safetensors")
    (models / "adapters" / "ink.safetensors").rename(models / "adapters" / "sepia.safetensors")
    assert form.fill({"adapter": str(kept)})[form.widget("adapter")] == "sepia"
    (models / "adapters" / "sepia.safetensors").unlink()
    assert form.fill({"adapter": str(kept)})[form.widget("adapter")] == ""
