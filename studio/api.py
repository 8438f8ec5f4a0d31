"""The endpoints for programs, made from the registry: one per mode that waits for its clip, and four that do not.

client = gradio_client.Client("http://127.0.0.1:7860")
record, clip = client.predict(prompt="a red ball", seed=7, api_name="/text_to_video")
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import anyio
import gradio as gr
from gradio.events import api
from pydantic.fields import FieldInfo

from pipelines import SERVICES
from pipelines.errors import InputError, SeptetError
from pipelines.fields import media_fields, media_kind
from studio import words
from studio.callers import caller_of
from studio.components import notice
from studio.jobs.job import Job
from studio.person import Person
from studio.recipes import build_request
from studio.shelf import Shelf, hand_over

POLL = 0.1  # seconds
MOST_JOBS = 200
T = TypeVar("T")

Record = dict[str, Any]


def add_api(shelf: Shelf) -> None:
    """Add every endpoint to the page being built."""
    for mode, service in SERVICES.items():
        name = mode.replace("-", "_")
        api(make_endpoint(shelf, mode), api_name=name, api_description=service.summary, concurrency_limit=None)
    for endpoint in _desk_endpoints(shelf):
        api(endpoint, api_name=endpoint.__name__, concurrency_limit=None)


def make_endpoint(shelf: Shelf, mode: str) -> Callable[..., Awaitable[tuple[Record, Any]]]:
    """A function with one parameter per field of the mode's request; it waits, and gives the record and the MP4."""
    fields = SERVICES[mode].request_type.model_fields
    ordered = sorted(fields, key=lambda name: not fields[name].is_required())

    async def endpoint(caller: gr.Request, *values: Any) -> tuple[Record, Any]:
        person = caller_of(caller)
        given = {name: value for name, value in zip(ordered, values, strict=False) if value is not None}
        job = await _answer(partial(submit_fields, shelf, person, mode, given))
        while not job.is_over:
            await anyio.sleep(POLL)
            job = await _answer(partial(shelf.desk.job, person, job.id))
        if job.state == "failed":
            raise notice(SeptetError(job.error or words.FAILED_TITLE))
        return job.record(), await _answer(partial(_clip, shelf, person, job))

    who = inspect.Parameter("caller", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)
    parameters = [who, *(_parameter(name, fields[name]) for name in ordered)]
    endpoint.__name__ = mode.replace("-", "_")
    endpoint.__doc__ = SERVICES[mode].summary
    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=tuple[dict, Any]
    )
    endpoint.__annotations__ = {each.name: each.annotation for each in parameters}
    return endpoint


def submit_fields(shelf: Shelf, person: Person, mode: str, fields: Mapping[str, Any], key: str | None = None) -> Job:
    """Queue a request whose files came as uploads. Raises InputError for a path that was never uploaded."""
    if mode not in SERVICES:
        raise InputError(words.UNKNOWN_MODE.format(mode=mode, modes=", ".join(SERVICES)))
    uploads: set[str] = set()
    request = build_request(SERVICES[mode].request_type, _with_paths(fields, uploads))
    for name, (_kind, path) in media_fields(request).items():
        if path not in uploads:  # gradio has checked the uploads; any other path is a guess at this machine's files
            raise InputError(words.NO_FILE.format(field=name))
    return shelf.desk.submit(person, request, idempotency_key=key)


def _desk_endpoints(shelf: Shelf) -> tuple[Callable[..., Awaitable[Any]], ...]:
    async def submit(caller: gr.Request, mode: str, request: dict, idempotency_key: str | None = None) -> dict:
        """Queue a request and come back at once. The same key never makes a second job."""
        person = caller_of(caller)
        return (await _answer(partial(submit_fields, shelf, person, mode, request, idempotency_key))).record()

    async def job(caller: gr.Request, id: str) -> dict:
        """One job as it is now."""
        return (await _answer(partial(shelf.desk.job, caller_of(caller), id))).record()

    async def jobs(caller: gr.Request, limit: int = 50, before: str | None = None) -> list[dict]:
        """The caller's newest jobs first; `before` is the id of the last one already seen."""
        if not isinstance(limit, int) or not 1 <= limit <= MOST_JOBS:
            raise notice(InputError(words.BAD_LIMIT.format(limit=limit, most=MOST_JOBS)))
        return [each.record() for each in await _answer(partial(shelf.desk.jobs, caller_of(caller), limit, before))]

    async def cancel(caller: gr.Request, id: str) -> dict:
        """Cancel a job that waits or runs."""
        return (await _answer(partial(shelf.desk.cancel, caller_of(caller), id))).record()

    return submit, job, jobs, cancel


async def _answer(call: Callable[[], T]) -> T:
    """Run something that may block, off the event loop; what a person may be told becomes the client's error."""
    try:
        return await anyio.to_thread.run_sync(call)
    except SeptetError as error:
        raise notice(error) from error


def _clip(shelf: Shelf, person: Person, job: Job) -> dict[str, Any] | None:
    path = shelf.desk.clip(person, job.id)
    if path is None:
        return None
    return {
        "path": hand_over(person, path),
        "orig_name": f"{job.mode}-{job.seed}.mp4",
        "meta": {"_type": "gradio.FileData"},
    }


def _with_paths(value: Any, uploads: set[str]) -> Any:
    """The same JSON with every uploaded file as its path; `uploads` collects them."""
    if isinstance(value, Mapping):
        if value.get("meta") == {"_type": "gradio.FileData"}:
            uploads.add(str(value.get("path")))
            return str(value.get("path"))
        return {key: _with_paths(item, uploads) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_paths(item, uploads) for item in value]
    return value


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """The parameter for one field; None stands for "left out"."""
    plain = _plain_type(field)
    if field.is_required():
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=plain)
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=plain | None)


def _plain_type(field: FieldInfo) -> Any:
    """What a client program passes: a file as an upload, a nested model as an object, the rest as it is."""
    if media_kind(field) and "tuple" not in str(field.annotation):
        return dict
    for plain in (str, int, float, bool):
        if field.annotation in (plain, plain | None):
            return plain
    text = str(field.annotation)
    if "tuple" in text:
        return list
    return str if "Literal" in text or "str" in text else dict
