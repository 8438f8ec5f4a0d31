"""Sharing a clip: begin and end a link, and what somebody sees who has one: the clip, its download, nothing else."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response

from pipelines.errors import InputError, UnknownJob
from studio.jobs.job import Job
from studio.media import MEDIA, MEDIA_HEADERS, Who, known_job
from studio.shelf import Shelf
from studio.views import share
from studio.views.sign_in import POLICY

PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # the address of the page is the key to it
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, no-store",
}
NAME = "septet.mp4"  # says nothing of the prompt


def share_routes(shelf: Shelf) -> APIRouter:
    """The routes of a studio that more than one person uses."""
    router = APIRouter()
    shares = shelf.desk.shares

    @router.get("/library/{job}/share")
    def state(who: Who, job: str) -> HTMLResponse:
        found = known_job(shelf, who, job)
        return HTMLResponse(share.panel(shares.of(who, found.id)))

    @router.post("/library/{job}/share")
    def begin(who: Who, job: str, days: Annotated[int, Form()] = 0) -> HTMLResponse:
        found = known_job(shelf, who, job)
        try:
            token = shares.begin(who, found.id, days or None)
        except InputError as error:
            raise HTTPException(409, str(error)) from None
        return HTMLResponse(share.panel(shares.of(who, found.id), f"shared/{token}"))

    @router.delete("/library/{job}/share")
    def end(who: Who, job: str) -> HTMLResponse:
        found = known_job(shelf, who, job)
        shares.end(who, found.id)
        return HTMLResponse(share.panel(None))

    @router.get("/shared/{token}")
    def page(token: str) -> HTMLResponse:
        try:
            job = _shared(token)
        except HTTPException:
            return HTMLResponse(share.nothing(), 404, headers=PAGE_HEADERS)
        return HTMLResponse(share.page(token, job), headers=PAGE_HEADERS)

    @router.head("/shared/{token}/{name}", include_in_schema=False)
    @router.get("/shared/{token}/{name}")
    def file(token: str, name: str, download: bool = False) -> Response:
        path = shelf.desk.folder.job(_shared(token).id) / name
        if name not in ("clip.mp4", "poster.jpg") or not path.is_file():
            raise HTTPException(404)
        headers = {**MEDIA_HEADERS, "Referrer-Policy": "no-referrer"}
        if download:
            headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
        return FileResponse(path, media_type=MEDIA[name], headers=headers)

    def _shared(token: str) -> Job:
        try:
            return shares.job(token)
        except UnknownJob:
            raise HTTPException(404) from None

    return router
