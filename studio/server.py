"""The web side: FastAPI with the clips, what the page asks for by itself, and gradio's page mounted at the root.

Nothing here imports torch. No answer of this server makes a browser ask another host: the policy it sends forbids it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.background import BackgroundTask
from starlette.middleware import Middleware

from pipelines import SERVICES
from pipelines.checkpoints import ModelInfo
from pipelines.errors import ModelMissing, SeptetError, UnknownJob
from pipelines.presets import PRESETS, THUMBNAILS
from studio import exports
from studio.examples import public_file
from studio.fetches import Fetches
from studio.frontend import Frontend
from studio.head import PageHead
from studio.jobs.job import Job
from studio.layout import build_page
from studio.policy import PagePolicy
from studio.shelf import PAGE, Shelf
from studio.theme import Septet, css, head
from studio.views import facts, header, library
from studio.views.panel import panel

MEDIA = {
    "clip.mp4": "video/mp4",
    "poster.jpg": "image/jpeg",
    "preview.jpg": "image/jpeg",
    "recipe.json": "application/json",
}
LARGEST_UPLOAD = "1gb"
PRIVATE = {"Cache-Control": "private, no-store"}
MEDIA_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
_JOB = re.compile(r"[0-9a-f]{32}")


def build_app(shelf: Shelf) -> FastAPI:
    """The whole web side over one started desk."""
    fetches = Fetches(shelf.desk.folder.models)
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(Frontend), Middleware(PagePolicy), Middleware(PageHead, html=head())],
    )
    app.include_router(_media(shelf))
    app.include_router(_asked_by_the_page(shelf, fetches))
    return gr.mount_gradio_app(
        app,
        build_page(shelf, fetches),
        "/",
        show_error=False,
        run_history=False,
        footer_links=[],
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
        max_file_size=LARGEST_UPLOAD,
        blocked_paths=[str(folder) for folder in (shelf.desk.folder.jobs, shelf.desk.folder.inputs)],
        theme=Septet(),
        css=css(),
    )


def _media(shelf: Shelf) -> APIRouter:
    """Finished clips and what belongs to them. Anything unknown is 404, whatever the reason."""
    router = APIRouter()

    @router.head("/media/{job}/{name}", include_in_schema=False)
    @router.get("/media/{job}/{name}")
    def media(job: str, name: str, download: bool = False) -> FileResponse:
        found = _known_job(shelf, job)
        if name == "source":
            path, kind = shelf.source(job), None
        elif name in MEDIA:
            path, kind = shelf.desk.folder.job(found.id) / name, MEDIA[name]
        else:
            raise HTTPException(404)
        if path is None or not path.is_file():
            raise HTTPException(404)
        headers = dict(MEDIA_HEADERS)
        if download:
            headers["Content-Disposition"] = disposition(found, Path(name).suffix)
        return FileResponse(path, media_type=kind, headers=headers)

    @router.get("/media/{job}/as/{kind}")
    def other_format(job: str, kind: str) -> FileResponse:
        found = _known_job(shelf, job)
        clip = shelf.desk.clip(found.id)
        if clip is None or kind not in exports.offered(found):
            raise HTTPException(404)
        try:
            request = shelf.request(found.id) if exports.FORMATS[kind].transparent else None
            made = exports.convert(clip, kind, shelf.desk.folder, request)
        except SeptetError as error:
            raise HTTPException(409, str(error)) from None
        headers = {**MEDIA_HEADERS, "Content-Disposition": disposition(found, made.suffix)}
        return FileResponse(made, headers=headers, background=BackgroundTask(exports.discard, made))

    return router


def _asked_by_the_page(shelf: Shelf, fetches: Fetches) -> APIRouter:
    """What the page's own scripts ask for: the result panels, the header, the library, example files."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> dict[str, Any]:
        worker = shelf.desk.worker_status()
        return {"status": "ok", "worker": worker.state if worker else "starting"}

    @router.get("/panel/{mode}")
    def result(mode: str, job: str = "") -> JSONResponse:
        if mode not in SERVICES:
            raise HTTPException(404)
        known = job if _JOB.fullmatch(job) else ""
        worker = shelf.desk.worker_status()
        ready = worker is not None and worker.state == "ready"
        shown = panel(shelf.job_or_newest(mode, known), shelf.takes(mode), worker_ready=ready)
        return JSONResponse(shown, headers=PRIVATE)

    @router.get("/status")
    def status() -> JSONResponse:
        state = studio_state(shelf, fetches)
        html = header.status(state)
        busy = bool(fetches.known) or bool(shelf.desk.active())
        key = hashlib.sha256(html.encode()).hexdigest()[:16]
        model = state.model.name if state.model else ""
        return JSONResponse({"html": html, "key": key, "model": model, "wait": 1000 if busy else 2500}, headers=PRIVATE)

    @router.get("/library")
    def shelves(search: str = "", mode: str = "", before: str = "", only: str = "") -> JSONResponse:
        start = before if _JOB.fullmatch(before) else None
        jobs = shelf.page(search, mode, start)
        state: dict[str, Any] = {"newest": ",".join(job.id for job in jobs[:PAGE]), "next": None}
        if only != "newest":
            state["html"] = library.cards(jobs, filtered=bool(search or mode), first_page=start is None)
            state["next"] = jobs[-1].id if len(jobs) == PAGE else None
        return JSONResponse(state, headers=PRIVATE)

    @router.get("/library/compare")
    def compare(job: list[str] = Query(max_length=2)) -> HTMLResponse:  # noqa: B008  FastAPI's way to take a list
        return HTMLResponse(library.pair([_known_job(shelf, each) for each in job]), headers=PRIVATE)

    @router.get("/library/{job}")
    def one(job: str) -> HTMLResponse:
        return HTMLResponse(library.full(_known_job(shelf, job)), headers=PRIVATE)

    @router.get("/styles/{name}.webp")
    def style(name: str) -> FileResponse:
        if name not in PRESETS:
            raise HTTPException(404)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"}
        return FileResponse(THUMBNAILS / f"{name}.webp", media_type="image/webp", headers=headers)

    @router.get("/examples/{name:path}")
    def example(name: str, request: Request) -> FileResponse:
        path = public_file(name)
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"})

    return router


def studio_state(shelf: Shelf, fetches: Fetches) -> header.Studio:
    """What the header tells, as it is now."""
    model: ModelInfo | None = None
    problem = ""
    try:
        model = shelf.desk.model
    except ModelMissing as error:
        problem = str(error)
    return header.Studio(
        model=model,
        on_disk=tuple(info.name for info in shelf.desk.models()),
        data=shelf.desk.folder.root,
        worker=shelf.desk.worker_status(),
        active=len(shelf.desk.active()),
        problem=problem,
        fetching=fetches.known,
    )


def disposition(job: Job, suffix: str) -> str:
    """The header that names a download: readable, safe in every file system (RFC 6266)."""
    said = unicodedata.normalize(
        "NFKD", facts.request(job).get("prompt", "") if facts.is_made(job) else facts.given(job)
    )
    slug = re.sub(r"[^a-z0-9]+", "-", said.encode("ascii", "ignore").decode().lower()).strip("-")[:48].strip("-")
    name = (
        "-".join(part for part in ("septet", job.mode, slug, str(job.seed) if facts.is_made(job) else "") if part)
        + suffix
    )
    return f"attachment; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"


def _known_job(shelf: Shelf, job_id: str) -> Job:
    if not _JOB.fullmatch(job_id):
        raise HTTPException(404)
    try:
        return shelf.desk.job(job_id)
    except UnknownJob:
        raise HTTPException(404) from None
