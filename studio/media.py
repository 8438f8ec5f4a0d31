"""Finished clips and what belongs to them, over HTTP, to whom they belong."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from pipelines.errors import SeptetError, UnknownJob
from studio import exports
from studio.callers import CALLER
from studio.jobs.job import Job
from studio.person import Person
from studio.shelf import Shelf
from studio.views import facts

PREVIEW = "preview.jpg"
MEDIA = {
    "clip.mp4": "video/mp4",
    "poster.jpg": "image/jpeg",
    PREVIEW: "image/jpeg",
    "recipe.json": "application/json",
}
MEDIA_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
INLINE = ("video/", "image/")  # what a browser may show by itself; anything else is only ever saved
JOB_ID = re.compile(r"[0-9a-f]{32}")


async def _who(request: Request) -> Person:
    person: Person = request.scope[CALLER]
    return person


Who = Annotated[Person, Depends(_who)]


def media_routes(shelf: Shelf) -> APIRouter:
    """Finished clips and what belongs to them. Anything unknown is 404, whatever the reason."""
    router = APIRouter()

    @router.head("/media/{job}/{name}", include_in_schema=False)
    @router.get("/media/{job}/{name}")
    def media(who: Who, job: str, name: str, download: bool = False) -> Response:
        found = known_job(shelf, who, job)
        if name == "source":
            path, kind = shelf.source(who, job), None
        elif name in MEDIA:
            path, kind = shelf.desk.folder.job(found.id) / name, MEDIA[name]
        else:
            raise HTTPException(404)
        if path is None or not path.is_file():
            raise HTTPException(404)
        headers = dict(MEDIA_HEADERS)
        if download or not (kind or guess_type(path)[0] or "").startswith(INLINE):
            headers["Content-Disposition"] = disposition(found, Path(name).suffix)
        if name == PREVIEW:  # another with every step, and gone at the end
            with suppress(FileNotFoundError):
                return Response(path.read_bytes(), media_type=kind, headers=headers)
            raise HTTPException(404)
        return FileResponse(path, media_type=kind, headers=headers)

    @router.get("/media/{job}/as/{kind}")
    def other_format(who: Who, job: str, kind: str) -> FileResponse:
        found = known_job(shelf, who, job)
        clip = shelf.desk.clip(who, found.id)
        if clip is None or kind not in exports.offered(found):
            raise HTTPException(404)
        try:
            request = shelf.request(who, found.id) if exports.FORMATS[kind].needs_request else None
            made = exports.convert(clip, kind, shelf.desk.folder, request)
        except SeptetError as error:
            raise HTTPException(409, str(error)) from None
        headers = {**MEDIA_HEADERS, "Content-Disposition": disposition(found, made.name.removeprefix("clip"))}
        return FileResponse(made, headers=headers, background=BackgroundTask(exports.discard, made))

    return router


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


def known_job(shelf: Shelf, person: Person, job_id: str) -> Job:
    """The job, if it is there and this person may see it; else the answer is 404, whichever it was."""
    if not JOB_ID.fullmatch(job_id):
        raise HTTPException(404)
    try:
        return shelf.desk.job(person, job_id)
    except UnknownJob:
        raise HTTPException(404) from None
