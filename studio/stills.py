"""What the page shows of a person's file that the browser cannot show: its first picture, or what is wrong with it."""

from __future__ import annotations

import base64
from typing import Literal

import cv2
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from pipelines.errors import MediaError
from pipelines.media.images import read_image
from pipelines.types import Frame
from studio import words
from studio.media import Who
from studio.shelf import first_frame, may_name

LONG_SIDE = 640  # pixels


class Still(BaseModel):
    """`still`: the picture as a data: address, None where there is none; `note`: what to say of it."""

    still: str | None
    note: str


def still_routes() -> APIRouter:
    """Answers to the file's owner alone; anything else is 404."""
    router = APIRouter()

    @router.get("/still")
    def still(who: Who, kind: Literal["image", "video"], file: str) -> Still:
        if not may_name(who, file):
            raise HTTPException(404)
        try:
            frame = first_frame(file) if kind == "video" else read_image(file)
        except MediaError as error:
            return Still(still=None, note=str(error))
        return Still(still=_address(frame), note=words.UNPLAYED if kind == "video" else "")

    return router


def _address(frame: Frame) -> str:
    height, width = frame.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
