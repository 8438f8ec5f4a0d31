"""Every example fills its tab with settings the mode accepts, and hands out no other file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from pipelines import PIPELINES
from pipelines.checkpoints import ASSETS
from studio.examples import FOLDER, Example, examples, public_file
from studio.person import LOCAL
from studio.recipes import build_request
from studio.shelf import Shelf
from studio.tabs.base import Page, Tab
from tests.studio.rooms import quiet_shelf

ROWS = [(mode, row) for mode, rows in examples().items() for row in rows]


@pytest.fixture(scope="module")
def tabs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Tab]]:
    shelf: Shelf = quiet_shelf(tmp_path_factory.mktemp("examples"))
    with gr.Blocks():
        page = Page(shelf, shelf.desk.model)
        yield {mode: import_module(f"studio.tabs.{mode.replace('-', '_')}").build(page) for mode in PIPELINES}
    shelf.desk.close()


@pytest.mark.parametrize(("mode", "row"), ROWS, ids=[f"{mode}: {row.title}" for mode, row in ROWS])
def test_an_example_speaks_words_the_embedded_model_knows(mode: str, row: Example) -> None:
    known = json.loads((ASSETS / "starter" / "septet.json").read_text())["known_words"]
    prompts = [row.fields.get("prompt", ""), *(panel.get("prompt", "") for panel in row.fields.get("panels", ()))]
    said = {word for prompt in prompts for word in re.findall(r"[a-z']+", prompt.lower())}
    assert said <= set(known)


def test_every_mode_has_examples() -> None:
    assert list(examples()) == list(PIPELINES)
    assert all(len(rows) >= 3 for rows in examples().values())


@pytest.mark.parametrize(("mode", "row"), ROWS, ids=[f"{mode}: {row.title}" for mode, row in ROWS])
def test_an_example_fills_its_tab_with_a_request_the_mode_takes(tabs: dict[str, Tab], mode: str, row: Example) -> None:
    assert row.is_there
    tab = tabs[mode]
    values = {widget: widget.value for widget in tab.widgets}
    for widget, shown in tab.fill(row.filled()).items():
        if isinstance(shown, dict) and shown.get("__type__") == "update":
            shown = shown.get("value", getattr(widget, "value", None))  # a fold has none
        values[widget] = shown
    read = tab.collect(values, LOCAL) if hasattr(tab, "collect") else tab.form.fields(values)
    request = build_request(PIPELINES[mode].request_type, read).model_dump(mode="json")
    for field, value in row.fields.items():
        if isinstance(value, str) and (FOLDER / value).is_file():
            assert Path(request[field]).read_bytes() == (FOLDER / value).read_bytes()
        elif field == "panels":
            assert [panel["prompt"] for panel in request[field]] == [panel["prompt"] for panel in value]
        else:
            assert _says(request[field], value)


def _says(whole: Any, said: Any) -> bool:
    """Whether a request's value is what an example says of it; of a group of fields it may leave some out."""
    if isinstance(said, dict):
        return all(_says(whole[name], value) for name, value in said.items())
    if isinstance(said, list):
        return len(whole) == len(said) and all(map(_says, whole, said))
    return bool(whole == said)


def test_only_files_that_an_example_names_are_handed_out(tmp_path: Path) -> None:
    assert public_file("cat.jpg") == FOLDER / "cat.jpg"
    assert public_file("examples.json") is None
    assert public_file("../subject/u2netp.onnx") is None
    (tmp_path / "examples.json").write_text(json.dumps({}), "utf-8")
    assert examples(tmp_path) == {}
