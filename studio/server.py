"""The web side: FastAPI with the clips, what the page asks for by itself, and gradio's page mounted at the root.

Nothing here imports torch. No answer of this server makes a browser ask another host: the policy it sends forbids it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import gradio as gr
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.middleware import Middleware
from starlette.routing import Mount

from pipelines import SERVICES
from pipelines.checkpoints import ModelInfo
from pipelines.errors import ModelMissing
from pipelines.presets import PRESETS, THUMBNAILS
from studio.access.arguments import arguments_of
from studio.access.entrance import Entrance
from studio.access.gate import Gate
from studio.access.guard import Guard, session_finder, session_forgetter
from studio.access.uploads import LARGEST_FILE, forget_old, upload_routes
from studio.examples import public_file
from studio.fetches import Fetches
from studio.frontend import Frontend
from studio.head import PageHead
from studio.layout import build_page
from studio.media import JOB_ID, Who, known_job, media_routes
from studio.person import Person
from studio.policy import PagePolicy
from studio.prompts import Typed, read_beside, remarks
from studio.sharing import share_routes
from studio.shelf import PAGE, Shelf, folder_of
from studio.stills import still_routes
from studio.theme import Septet, css, head
from studio.views import header, library
from studio.views.panel import panel

SESSIONS = 64  # pages and programs gradio remembers, the latest; each takes one and a half megabytes
PRIVATE = {"Cache-Control": "private, no-store"}


def build_app(shelf: Shelf, entrance: Entrance | None = None) -> FastAPI:
    """The whole web side over one started desk, for one person at this machine unless `entrance` says otherwise."""
    entrance = entrance or Entrance()
    forget_old(shelf.desk.folder.uploads)
    fetches = Fetches(shelf.desk.folder.models)
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(PagePolicy),
            Middleware(Gate, access=entrance.access),
            Middleware(Frontend),
            Middleware(PageHead, html=head()),
        ],
    )
    app.include_router(media_routes(shelf))
    app.include_router(_asked_by_the_page(shelf, fetches, entrance))
    app.include_router(_shown_by_the_page())
    app.include_router(still_routes())
    app.include_router(upload_routes(shelf.desk.folder.uploads, entrance.uploads))
    if entrance.identity.shares:
        app.include_router(share_routes(shelf))
    for routes in entrance.routes:
        app.include_router(routes)
    page = build_page(shelf, fetches)
    page.state_session_capacity = SESSIONS
    gr.mount_gradio_app(
        app,
        page,
        "/",
        show_error=False,
        run_history=False,
        footer_links=[],
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
        max_file_size=LARGEST_FILE,
        blocked_paths=[str(folder) for folder in (shelf.desk.folder.jobs, shelf.desk.folder.inputs)],
        theme=Septet(),
        css=css(),
    )
    gradio = next(route for route in app.routes if isinstance(route, Mount))
    forget = session_forgetter(page.state_holder)
    gradio.app = Guard(gradio.app, folder_of, session_finder(page._queue), arguments_of(page), forget)
    return app


def _asked_by_the_page(shelf: Shelf, fetches: Fetches, entrance: Entrance) -> APIRouter:
    """What the page's own scripts ask for: the result panels, the header, the library."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> dict[str, Any]:
        worker = shelf.desk.worker_status()
        return {"status": "ok", "worker": worker.state if worker else "starting"}

    @router.get("/panel/{mode}")
    def result(who: Who, mode: str, job: str = "") -> JSONResponse:
        if mode not in SERVICES:
            raise HTTPException(404)
        known = job if JOB_ID.fullmatch(job) else ""
        worker = shelf.desk.worker_status()
        ready = worker is not None and worker.state == "ready"
        shown = panel(shelf.job_or_newest(who, mode, known), shelf.takes(who, mode), worker_ready=ready)
        return JSONResponse(shown, headers=PRIVATE)

    @router.get("/status")
    def status(who: Who) -> JSONResponse:
        state = studio_state(shelf, fetches, who, signs_out=bool(entrance.routes))
        html = header.status(state)
        busy = bool(fetches.known) or shelf.desk.busy() > 0
        key = hashlib.sha256(html.encode()).hexdigest()[:16]
        model = state.model.name if state.model else ""
        return JSONResponse({"html": html, "key": key, "model": model, "wait": 1000 if busy else 2500}, headers=PRIVATE)

    @router.get("/library")
    def shelves(who: Who, search: str = "", mode: str = "", before: str = "", only: str = "") -> JSONResponse:
        start = before if JOB_ID.fullmatch(before) else None
        jobs = shelf.page(who, search, mode, start)
        state: dict[str, Any] = {"newest": ",".join(job.id for job in jobs[:PAGE]), "next": None}
        if only != "newest":
            state["html"] = library.cards(jobs, filtered=bool(search or mode), first_page=start is None)
            state["next"] = jobs[-1].id if len(jobs) == PAGE else None
        return JSONResponse(state, headers=PRIVATE)

    @router.get("/library/compare")
    def compare(who: Who, job: list[str] = Query(max_length=2)) -> HTMLResponse:  # noqa: B008  FastAPI's way to take a list
        return HTMLResponse(library.pair([known_job(shelf, who, each) for each in job]), headers=PRIVATE)

    @router.get("/library/{job}")
    def one(who: Who, job: str) -> HTMLResponse:
        return HTMLResponse(library.full(known_job(shelf, who, job), shares=entrance.identity.shares), headers=PRIVATE)

    @router.post("/prompts")
    def counted(typed: Typed) -> JSONResponse:
        info = shelf.model()
        said = {"lines": remarks(typed.prompts(), info), "read": read_beside(typed, info)} if info else {}
        return JSONResponse({"lines": [], "read": []} | said, headers=PRIVATE)

    return router


def _shown_by_the_page() -> APIRouter:
    """Pictures that are the same for everybody: of styles, and files of examples."""
    router = APIRouter()

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


def studio_state(shelf: Shelf, fetches: Fetches, person: Person, *, signs_out: bool) -> header.Studio:
    """What the header tells this person, as it is now."""
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
        active=shelf.desk.busy(),
        problem=problem,
        fetching=fetches.known,
        person=person,
        signs_out=signs_out,
    )
