"""The page is built from the registry: seven tabs, a library, a place to finish; each control bound to its field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from pipelines import PIPELINES, SERVICES
from pipelines.errors import InputError
from pipelines.motion.camera import Camera
from pipelines.settings import Finishing, Settings
from studio import words
from studio.fetches import Fetches
from studio.forms import Form, read_seed
from studio.layout import build_page
from studio.shelf import Shelf
from studio.tabs import stylization, text_to_video
from studio.tabs.base import Page, Tab, varied
from tests.studio.rooms import quiet_shelf

ELSEWHERE = {  # fields that a tab asks for in another way than one widget
    "text-image-to-video": {"references"},
    "image-to-video": {"brushes"},
    "storyboard": {"panels"},
    "mask": {"mask", "points", "boxes", "strokes", "find"},
}
NOT_ON_THE_PAGE = {"num_frames", "frame_rate"}  # of the modes whose source decides them
AFTERWARDS = {  # what is done to a clip one has seen, in the tab that finishes
    f"finishing.{name}"
    for name in (
        "fit",
        "quality",
        "speed",
        "loop",
        "fade_in",
        "fade_out",
        "label",
        "music",
        "music_gain",
        "sound_gain",
        "upscaler_file",
    )
}


def settable(settings: type[Settings]) -> Iterator[str]:
    """Every field a request has, those of its nested settings by their dotted names."""
    for name, info in settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Settings):
            yield from (f"{name}.{inner}" for inner in settable(info.annotation))
        else:
            yield name


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)
    yield shelf
    shelf.desk.close()


@pytest.fixture
def page(shelf: Shelf) -> gr.Blocks:
    return build_page(shelf, Fetches(shelf.desk.folder.models))


def _tab(shelf: Shelf, module: Any) -> Tab:
    with gr.Blocks():
        tab: Tab = module.build(Page(shelf, shelf.desk.model))
    return tab


def test_tabs_are_the_registry_then_the_library_and_finishing(page: gr.Blocks) -> None:
    tabs = [block for block in page.blocks.values() if isinstance(block, gr.Tab)]
    assert [tab.id for tab in tabs] == [*PIPELINES, "library", "finish"]
    assert [tab.label for tab in tabs][:7] == [pipeline.title for pipeline in PIPELINES.values()]


def test_only_the_api_can_be_called_by_programs(page: gr.Blocks) -> None:
    public = {fn.api_name for fn in page.fns.values() if fn.api_visibility != "private"}
    assert public == {mode.replace("-", "_") for mode in SERVICES} | {"submit", "job", "jobs", "cancel"}


def test_every_widget_of_the_page_has_a_name(page: gr.Blocks) -> None:
    kinds = (gr.Textbox, gr.Number, gr.Slider, gr.Dropdown, gr.Radio, gr.Checkbox, gr.Image, gr.Video, gr.File)
    nameless = [block for block in page.blocks.values() if isinstance(block, kinds) and not block.label]
    assert not nameless


def test_the_page_is_built_even_when_no_model_is_there(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "paper" / "model_index.json").unlink()
    assert build_page(shelf, Fetches(tmp_path)).blocks


@pytest.mark.parametrize("mode", PIPELINES)
def test_every_field_of_a_request_can_be_set_in_its_tab(shelf: Shelf, mode: str) -> None:
    from importlib import import_module

    tab = _tab(shelf, import_module(f"studio.tabs.{mode.replace('-', '_')}"))
    bound = {control.field for control in tab.form.controls} | ELSEWHERE.get(mode, set())
    wanted = set(settable(PIPELINES[mode].request_type))
    if mode == "image-to-video":
        wanted -= {"prompt"}  # a picture alone; the field is there for programs
    assert wanted - bound <= NOT_ON_THE_PAGE | AFTERWARDS


def test_everything_finishing_can_do_is_in_its_tab(shelf: Shelf) -> None:
    from studio.tabs import finish

    bound = {control.field for control in _tab(shelf, finish).form.controls}
    assert bound == {
        "video",
        "start",
        "seconds",
        "then",
        "transition",
        "title",
        *(f"finishing.{name}" for name in Finishing.model_fields),
    }


def test_an_untouched_form_leaves_every_field_open(shelf: Shelf) -> None:
    form = _tab(shelf, text_to_video).form
    values = {control.widget: control.widget.value for control in form.controls}
    assert form.fields(values) == {
        "adapter_weight": 1.0,
        "camera": dict.fromkeys(Camera.model_fields, 0.0),
        "finishing": {"upscaler": "network", "sharpen": 0.0, "grain": 0.0, "deflicker": False},
    }


def test_what_a_form_is_filled_with_is_what_it_reads(shelf: Shelf) -> None:
    form = _tab(shelf, stylization).form
    fields = {
        "prompt": "a fox",
        "negative_prompt": "rain",
        "style_weight": 0.6,
        "region": "subject",
        "structure": "edges",
        "structure_blur": 4,
        "conditioning_scale": 0.75,
        "start": 0.5,
        "num_inference_steps": 9,
        "guidance_scale": 3.5,
        "seed": 2**63 - 1,
        "adapter_weight": 0.5,
        "finishing": {
            "upscale": 2,
            "upscaler": "lanczos",
            "size": "64x64",
            "frame_rate": "30000/1001",
            "aspect_ratio": "1:1",
            "colour_match": False,
            "deflicker": True,
            "sharpen": 0.4,
            "grain": 0.25,
        },
    }
    shown = form.fill(fields)
    assert form.fields(shown) == fields


def test_filling_a_form_clears_what_the_new_settings_leave_open(shelf: Shelf) -> None:
    form = _tab(shelf, text_to_video).form
    assert form.fill({"prompt": "x"})[form.widget("seed")] in (None, "")


@pytest.mark.parametrize("text", ["-1", "1.5", "seven", "0x10", "١٢x"])
def test_a_seed_that_is_no_whole_number_is_named(text: str) -> None:
    with pytest.raises(InputError, match="Seed"):
        read_seed(text)


def test_a_large_seed_keeps_every_digit() -> None:
    assert read_seed(" 9223372036854775807 ") == 2**63 - 1


def test_bounds_of_a_control_come_from_the_request() -> None:
    form = Form("stylization")
    assert form.bounds("structure_blur") == (0, 7)
    assert form.bounds("conditioning_scale") == (0, 2)


def test_no_word_of_the_page_lives_in_its_scripts() -> None:
    from studio.theme import STATIC

    for script in STATIC.glob("*.js"):
        assert words.GENERATE not in script.read_text("utf-8").replace("Generate button", "")


def test_variants_count_on_from_a_seed_and_each_get_their_own_without_one() -> None:
    assert varied({"prompt": "x"}, 1) == [{"prompt": "x"}]
    assert varied({"prompt": "x"}, 3) == [{"prompt": "x"}] * 3  # the desk gives each a random one
    assert [fields["seed"] for fields in varied({"prompt": "x", "seed": 7}, 4)] == [7, 8, 9, 10]
    assert [fields["seed"] for fields in varied({"seed": 2**63 - 1}, 2)] == [2**63 - 1, 0]


def test_variants_of_a_seed_in_the_prompt_are_refused() -> None:
    with pytest.raises(InputError, match="every variant the same"):
        varied({"prompt": "a fox --seed 4"}, 2)
