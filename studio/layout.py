"""The whole page: header, a tab per pipeline in the registry's order, the library, finishing, what crosses between."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines import PIPELINES
from pipelines.errors import InputError
from pipelines.fields import media_kind
from pipelines.finish import FinishVideo
from pipelines.text_image_to_video import TextImageToVideo
from pipelines.text_to_video import TextToVideo
from studio import words
from studio.api import add_api
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.fetches import Fetches
from studio.person import Person
from studio.shelf import Shelf
from studio.tabs import finish, library
from studio.tabs.base import Page, Tab
from studio.theme import STATIC
from studio.views import header

DAY = 24 * 3600

_SAID_AGAIN = ("prompt", "negative_prompt", "guidance_scale", "num_inference_steps")


def build_page(shelf: Shelf, fetches: Fetches) -> gr.Blocks:
    """Everything a person sees, and the endpoints a program may call."""
    page = Page(shelf, shelf.model())
    with gr.Blocks(title=words.NAME, analytics_enabled=False, fill_width=True, delete_cache=(3600, DAY)) as blocks:
        blocks.queue(max_size=256, default_concurrency_limit=16)  # while it is empty: gradio lays all out anew for it
        _header(shelf, fetches)
        tabs: dict[str, Tab] = {}
        with gr.Tabs(elem_classes="s-tabs", overflow_behavior="wrap") as strip:
            for mode, pipeline in PIPELINES.items():
                with gr.Tab(pipeline.title, id=mode):
                    tabs[mode] = import_module(f"studio.tabs.{mode.replace('-', '_')}").build(page)
            with gr.Tab(words.LIBRARY, id=library.NAME):
                grid = library.build(shelf)
            with gr.Tab(FinishVideo.title, id=finish.MODE):
                tabs[finish.MODE] = finish.build(page)
        _wire_crossings(shelf, strip, tabs, grid)
        add_api(shelf)
    return blocks


def _header(shelf: Shelf, fetches: Fetches) -> None:
    bar = gr.HTML(
        html_template=f'<div class="s-header-root"><header class="s-top">{header.brand()}</header></div>',
        js_on_load=(STATIC / "header.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="header",
    )

    @shown
    def use_model(event: gr.EventData, caller: gr.Request) -> None:
        _for_admins(caller)
        info = shelf.desk.use_model(event.model)
        gr.Info(words.MODEL_SWITCHED.format(title=info.title), duration=5)

    @shown
    def fetch_model(event: gr.EventData, caller: gr.Request) -> None:
        _for_admins(caller)
        fetches.start(event.model)

    bar.use_model(use_model, None, None, **PRIVATE)
    bar.fetch_model(fetch_model, None, None, **PRIVATE)


def _for_admins(caller: gr.Request) -> None:
    """Raise InputError for anybody else: the model is everybody's."""
    if not caller_of(caller).is_admin:
        raise InputError(words.ADMINS_ONLY)


def _wire_crossings(shelf: Shelf, strip: gr.Tabs, tabs: dict[str, Tab], grid: gr.HTML) -> None:
    """ "Send to" and "Extend" from every panel and the library; "use" and "again" from there open the clip's tab."""
    doors = _doors(tabs)
    everything: list[Any] = [widget for tab in tabs.values() for widget in tab.outputs]
    panels = [tab.panel for tab in tabs.values()]

    @shown
    def send(event: gr.EventData, caller: gr.Request) -> dict[Any, Any]:
        kind = "video" if event.what == "clip" else "image"
        door = doors[event.to, kind]
        given = {door: shelf.part_of_clip(caller_of(caller), event.job, event.what)}
        return given | tabs[event.to].on_given(kind) | {strip: gr.Tabs(selected=event.to)}

    @shown
    def use(event: gr.EventData, caller: gr.Request) -> dict[Any, Any]:
        person = caller_of(caller)
        mode = shelf.desk.job(person, event.job).mode
        return tabs[mode].fill(shelf.fields(person, event.job)) | {strip: gr.Tabs(selected=mode)}

    @shown
    def again(event: gr.EventData, caller: gr.Request) -> dict[Any, Any]:
        job = shelf.desk.retry(caller_of(caller), event.job)
        return {tabs[job.mode].panel: {"job": job.id}, strip: gr.Tabs(selected=job.mode)}

    @shown
    def extend(event: gr.EventData, caller: gr.Request) -> dict[Any, Any]:
        person = caller_of(caller)
        fields = _said(shelf, person, event.job) | {"continues": shelf.part_of_clip(person, event.job, "clip")}
        return tabs[TextToVideo.mode].fill(fields) | {strip: gr.Tabs(selected=TextToVideo.mode)}

    @shown
    def animate(event: gr.EventData, caller: gr.Request) -> dict[Any, Any]:
        person = caller_of(caller)
        fields = _said(shelf, person, event.job) | {"image": shelf.part_of_clip(person, event.job, "first")}
        return tabs[TextImageToVideo.mode].fill(fields) | {strip: gr.Tabs(selected=TextImageToVideo.mode)}

    receiving = [*everything, strip]
    for source in (*panels, grid):
        source.send(send, None, receiving, **PRIVATE)
        source.extend(extend, None, receiving, **PRIVATE)
        source.animate(animate, None, receiving, **PRIVATE)
    grid.use(use, None, receiving, **PRIVATE)
    grid.again(again, None, [*panels, strip], **PRIVATE)


def _said(shelf: Shelf, person: Person, job_id: str) -> dict[str, Any]:
    """What a clip was asked for in words and by how much, for one that begins where it ends or as it does."""
    asked = shelf.desk.job(person, job_id).recipe["request"]
    return {name: asked[name] for name in _SAID_AGAIN if asked.get(name)}


def _doors(tabs: dict[str, Tab]) -> dict[tuple[str, str], Component]:
    """(mode, "image" | "video") -> the input that takes a clip sent there: the mode's first field of that kind."""
    doors: dict[tuple[str, str], Component] = {}
    for mode, tab in tabs.items():
        for field, info in tab.pipeline.request_type.model_fields.items():
            kind = media_kind(info)
            if kind in ("image", "video"):
                doors.setdefault((mode, kind), tab.form.widget(field))
    return doors
