"""Uploads, each into the folder of the person who sent it, and no more than that person may keep there."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from gradio.route_utils import upload_fn
from gradio.routes import file_upload_statuses
from starlette.formparsers import MultiPartException
from starlette.types import Message, Receive

from studio import amounts, words
from studio.access.guard import API
from studio.media import Who
from studio.shelf import folder_of

DAY = 24 * 3600
LARGEST_FILE = 10**9  # bytes
ENVELOPE = 1 << 20  # bytes around the files: their names and the borders between them


class _TooMuch(Exception):
    """More came than was announced, or allowed."""


def upload_routes(uploads: Path, quota: int | None) -> APIRouter:
    """Takes the place of gradio's own upload. `quota`: bytes a person may have there at a time, None for any."""
    router = APIRouter()

    @router.post(f"{API}/upload")
    async def upload(who: Who, request: Request, upload_id: str | None = None) -> Response:
        forget_old(uploads)
        mine = folder_of(who)
        mine.mkdir(parents=True, mode=0o700, exist_ok=True)
        most = None if quota is None else quota - (used := _size(mine)) + ENVELOPE
        announced = int(request.headers.get("content-length") or 0)
        if quota is not None and most is not None and announced > most:
            return PlainTextResponse(words.UPLOADS_FULL.format(used=amounts.size(used), most=amounts.size(quota)), 413)
        limited = Request(request.scope, _at_most(request.receive, most))
        name = f"{who.folder}-{upload_id}" if upload_id else None
        try:
            files, _, _ = await upload_fn(
                limited, str(mine), LARGEST_FILE, name, upload_progress=file_upload_statuses if name else None
            )
        # gradio stumbles over plain fields where files belong with one of the last two
        except (MultiPartException, _TooMuch, TypeError, AttributeError) as error:
            why = str(getattr(error, "message", ""))
            if why.startswith("Too many"):
                return PlainTextResponse(words.UPLOAD_TOO_MANY, 413)
            if isinstance(error, _TooMuch) or "exceeded maximum" in why:
                return PlainTextResponse(words.UPLOAD_TOO_LARGE.format(most=amounts.size(LARGEST_FILE)), 413)
            return PlainTextResponse(words.NO_UPLOAD, 400)
        return JSONResponse([str(file) for file in files])

    return router


def forget_old(uploads: Path) -> None:
    """Remove what was uploaded, or handed to a page, over a day ago: whatever became a job was copied when it did."""
    for folder in filter(Path.is_dir, uploads.iterdir()):
        for entry in folder.iterdir():
            with suppress(FileNotFoundError):  # somebody else cleans up, too
                if time.time() - entry.stat().st_mtime > DAY:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        with suppress(OSError):  # not empty
            folder.rmdir()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _at_most(receive: Receive, most: int | None) -> Receive:
    """The same body, cut short with an error once it is longer than `most` bytes."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if most is not None and seen > most:
            raise _TooMuch
        return message

    return counted
