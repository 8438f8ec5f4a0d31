"""An animatic: the film a board would become, at once and without a model.

A shot with a picture shows it, moved as its camera moves; one with words alone shows the words. Lengths and cross-fades
are the film's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from pipelines.board import Board, BoardRequest, Panel
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.image import image_frame
from pipelines.media.title import lettered
from pipelines.media.write import write_video
from pipelines.motion.camera import Camera
from pipelines.types import Clip, Frame, FrameStream

RATE = Fraction(16)
LONG_SIDE = 512  # pixels
DEPTH = 0.5  # how near a flat picture is taken to be, of what passes fastest when the camera travels

Moment = Callable[[int], Frame]  # a frame of one shot, by its number


def animatic(request: BoardRequest, info: ModelInfo) -> FrameStream:
    """The board of a prepared request as a film of pictures and title cards, no larger than LONG_SIDE.

    Raises MediaError for a picture that cannot be read.
    """
    width, height = _size(*request.size)
    lengths = [round(_seconds(panel, request, info) * RATE) for panel in request.panels]
    fade = min(round(request.transition * RATE), min(lengths) // 2)
    shots = [(_shot(panel, width, height), length) for panel, length in zip(request.panels, lengths, strict=True)]

    def frames() -> Iterator[Frame]:
        following = [*shots[1:], None]
        for number, ((moment, length), after) in enumerate(zip(shots, following, strict=True)):
            begin = fade if number else 0
            body = length if after is None else length - fade
            yield from (moment(index) for index in range(begin, body))
            if after is not None:
                for index in range(fade):
                    share = (index + 1) / (fade + 1)
                    mixed = cv2.addWeighted(moment(body + index), 1 - share, after[0](index), share, 0)
                    yield np.asarray(mixed, np.uint8)

    total = sum(lengths) - fade * (len(lengths) - 1)
    return FrameStream((frame[None] for frame in frames()), width, height, RATE, total)


def write_animatic(request: BoardRequest, info: ModelInfo, path: Path) -> Clip:
    """Write it as an MP4. Raises InputError where the request has no panels, MediaError, DiskFull."""
    if not request.panels:
        raise InputError("An animatic is made of a board's panels, and there are none. Give at least one.")
    return write_video(animatic(request, info), path, preset="veryfast")


def _seconds(panel: Panel, request: BoardRequest, info: ModelInfo) -> Fraction:
    """How long the shot of a panel will be."""
    return Board.shot_length(panel, request.rate, info) / request.rate


def _size(width: int, height: int) -> tuple[int, int]:
    """The same shape, small, with even sides."""
    scale = LONG_SIDE / max(width, height)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)


def _shot(panel: Panel, width: int, height: int) -> Moment:
    if panel.image is None:
        card = lettered(panel.prompt.strip(), width, height)
        return lambda _index: card
    picture = image_frame(panel.image, width, height)
    return lambda index: _moved(picture, panel.camera, float(index / RATE))


def _moved(picture: Frame, camera: Camera, seconds: float) -> Frame:
    """The picture as the camera sees it after that time; past its edges it is mirrored."""
    if camera.is_still or not seconds:
        return picture
    height, width = picture.shape[:2]
    x, y = (DEPTH * way for way in camera.shift(width, height, 0.0, seconds))
    travelled = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    seen = camera.turned(width, height, 0.0, seconds) @ travelled
    shown = cv2.warpPerspective(
        picture, seen, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(shown, np.uint8)
