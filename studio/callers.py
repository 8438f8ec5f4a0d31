"""Who a handler of the page or an endpoint works for. Taken from the request alone, never from what was sent in it."""

from __future__ import annotations

import gradio as gr

from studio.person import Person

CALLER = "person"  # where the gate (access/gate.py) leaves the person in a request's scope


def caller_of(request: gr.Request) -> Person:
    """The person behind a call. The gate lets no request through that has none."""
    assert request.request is not None, "a call that came over HTTP"
    person: Person = request.request.scope[CALLER]
    return person
