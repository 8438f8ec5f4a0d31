"""What every tab has: two columns, a Generate button, a result panel, examples, and the wires between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines import SERVICES
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.types import MAX_SEED
from studio import components, words
from studio.callers import caller_of
from studio.components import PRIVATE, shown
from studio.examples import examples
from studio.flags import split_prompt
from studio.forms import Fields, Form, Values
from studio.person import Person
from studio.shelf import Shelf, hand_over

DRAFTS = 4


@dataclass(frozen=True)
class Page:
    """What the tabs are built for: the shelf their jobs go to, and the model's own settings if one is on disk."""

    shelf: Shelf
    info: ModelInfo | None

    def model(self) -> ModelInfo | None:
        """The model as it is chosen now; `info` is the one the page was built for."""
        return self.shelf.model()


class Tab:
    """One mode's tab while it is laid out, and its parts afterwards."""

    def __init__(self, mode: str, page: Page) -> None:
        self.mode = mode
        self.pipeline = SERVICES[mode]
        self.page = page
        self.form = Form(mode)
        self.extra: dict[str, Any] = {}  # widgets that are no field of the request
        self.folded: dict[str, gr.Accordion] = {}  # by the field in it: opened when that is filled from elsewhere
        self.variants: gr.Radio | None = None
        self.generate: gr.Button
        self.drafts: gr.Button | None = None  # makes stills to choose a first frame from
        self.panel: gr.HTML
        self._examples: gr.HTML | None = None

    @contextmanager
    def inputs(self) -> Iterator[None]:
        """The left column; leaving it puts the results on the right."""
        components.title(self.pipeline.title, self.pipeline.summary)
        with gr.Row(elem_classes="s-columns", equal_height=False):
            with gr.Column(scale=5, min_width=340, elem_classes="s-inputs"):
                yield
            with gr.Column(scale=7, min_width=340, elem_classes="s-result"):
                self.panel = components.result_panel(self.mode)
                rows = examples().get(self.mode, ())
                if rows:
                    self._examples = components.example_rows(rows, self.mode)

    @property
    def widgets(self) -> set[Any]:
        """Everything a handler of this tab may read or fill."""
        return self.form.widgets | set(self.extra.values())

    @property
    def outputs(self) -> list[Any]:
        """Everything `fill` may change."""
        return [*self.widgets, *dict.fromkeys(self.folded.values())]

    def fill(self, fields: Fields) -> dict[Any, Any]:
        """What the tab's widgets show for these fields. Tabs with widgets of their own add to it."""
        opened = {fold: gr.Accordion(open=True) for field, fold in self.folded.items() if _says(fields.get(field))}
        return self.form.fill(fields) | opened

    def on_given(self, kind: str) -> dict[Component, Any]:
        """What else changes when a clip ("video") or a frame ("image") arrives from another tab."""
        return {}

    def wire(self, collect: Callable[[Values, Person], Fields] | None = None) -> None:
        """Connect Generate, the panel's buttons and the examples. `collect` reads the tab into request fields."""
        read = collect or (lambda values, _person: self.form.fields(values))
        shelf, mode = self.page.shelf, self.mode

        @shown
        def make(values: Values, caller: gr.Request) -> dict[str, str]:
            person = caller_of(caller)
            orders = self.orders(read(values, person), values)
            jobs = [shelf.submit(person, mode, fields).id for fields in orders]
            if len(jobs) > 1:
                gr.Info(words.VARIANTS_TOAST.format(count=len(jobs)), duration=4)
            return {"job": jobs[0]}

        @shown
        def draft(values: Values, caller: gr.Request) -> dict[str, str]:
            person = caller_of(caller)
            requests = varied(read(values, person), DRAFTS)
            jobs = [shelf.submit(person, mode, fields | {"num_frames": 1}).id for fields in requests]
            gr.Info(words.DRAFTS_TOAST, duration=6)
            return {"job": jobs[0]}

        @shown
        def stop(event: gr.EventData, caller: gr.Request) -> None:
            shelf.desk.cancel(caller_of(caller), event.job)

        @shown
        def again(event: gr.EventData, caller: gr.Request) -> dict[str, str]:
            return {"job": shelf.desk.retry(caller_of(caller), event.job).id}

        @shown
        def use(event: gr.EventData, caller: gr.Request) -> dict[Component, Any]:
            return self.fill(shelf.fields(caller_of(caller), event.job))

        asked = self.widgets if self.variants is None else self.widgets | {self.variants}
        self.generate.click(make, asked, self.panel, **PRIVATE)
        if self.drafts is not None:
            self.drafts.click(draft, asked, self.panel, **PRIVATE)
        self.panel.stop(stop, None, None, **PRIVATE)
        self.panel.again(again, None, self.panel, **PRIVATE)
        self.panel.use(use, None, self.outputs, **PRIVATE)
        if self._examples is not None:
            self._wire_examples(self._examples)

    def orders(self, fields: Fields, values: Values) -> list[Fields]:
        """The requests one press of Generate makes: a variant each."""
        return varied(fields, self._count(values))

    def _count(self, values: Values) -> int:
        return int(values[self.variants] or 1) if self.variants is not None else 1

    def _wire_examples(self, rows: gr.HTML) -> None:
        known = examples()[self.mode]

        @shown
        def pick(event: gr.EventData, caller: gr.Request) -> dict[Component, Any]:
            row = known[event.index]
            if not row.is_there:
                raise InputError(words.NO_EXAMPLE)
            return self.fill(row.filled(partial(hand_over, caller_of(caller))))

        # each of two quick clicks, one after the other; gradio's "always_last" would ask for the first one twice
        picked = rows.pick(pick, None, self.outputs, trigger_mode="multiple", concurrency_limit=1, **PRIVATE)
        picked.then(None, None, None, js=components.filled(self.mode), **PRIVATE)


def _says(value: Any) -> bool:
    """Whether a field asks for something: a camera whose moves are all 0 does not."""
    return any(value.values()) if isinstance(value, Mapping) else bool(value)


def varied(fields: Fields, count: int) -> list[Fields]:
    """The same request `count` times, seeds counting on from the one given; without one each gets its own."""
    if count == 1:
        return [fields]
    if any(flag.name == "seed" for flag in split_prompt(str(fields.get("prompt", "")))[1]):
        raise InputError(words.VARIANTS_FLAG)
    seed = fields.get("seed")
    return [fields | ({} if seed is None else {"seed": (seed + index) % (MAX_SEED + 1)}) for index in range(count)]
