"""The way on from a picture that words tell, or nothing does, for a model that keeps of it only what it is shown."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.motion.brush import Movement, Region, feathered
from pipelines.motion.camera import Camera
from pipelines.motion.deeds import RESTS, Deed, Told, told_deeds
from pipelines.motion.moved import way_on
from pipelines.motion.path import Motion
from pipelines.motion.spoken import spoken_camera
from pipelines.motion.warp import Floats
from pipelines.subject import salient_mask
from pipelines.types import Frame

SURE = 64  # of 255: a subject close by is never sure of itself all over


def told_way(prompt: str, picture: Frame, rate: Fraction, info: ModelInfo) -> Motion | None:
    """How frames follow from a picture (H, W, 3) uint8 where neither slider nor brush says it, for a model whose folder
    has an `approach` (`ModelInfo`): the camera goes as the words tell, what stands out does as they tell, and where
    they tell nothing of either the camera draws in. None for other models: they move a picture by themselves.

    In place of that it stands, so its `rate` is of the model's own time, which a motion amount makes faster or slower
    in the clip.
    """
    if not info.approach:
        return None
    camera, rest = spoken_camera(prompt)
    told, _ = told_deeds(rest)
    if told.is_none and told.rests and camera.is_still:
        told = replace(told, subject=Deed(ambient=RESTS))
    regions = () if told.is_none else _regions(told, picture)
    if camera.is_still and not (regions and (told.rests or told.subject.travels)):
        camera = Camera(zoom=info.approach)
    return way_on(camera, rate, info, regions)


def words_read(prompt: str) -> set[str]:
    """Those words of a prompt that are read so, in lower case: a model need not know them."""
    _, rest = told_deeds(spoken_camera(prompt)[1])
    return _words(prompt) - _words(rest)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_']+", text.lower()))


def _regions(told: Told, picture: Frame) -> tuple[Region, ...]:
    """What moves by itself, and what sways around it. Where nothing stands out, all of the picture sways or rests."""
    subject = _subject(picture)
    if subject is None:
        sways = max(told.surroundings, told.subject.ambient)
        return (Region(Movement(ambient=sways), np.ones(picture.shape[:2], np.float32)),) if sways else ()
    regions = (Region(told.subject, subject), Region(Movement(ambient=told.surroundings), 1 - subject))
    return tuple(region for region in regions if not region.movement.is_none)


def _subject(picture: Frame) -> Floats | None:
    """(H, W) how much each pixel of a picture belongs to what stands out in it, outlines filled; None: nothing does."""
    try:
        mask = salient_mask(picture)
    except InputError:
        return None
    outlines, _ = cv2.findContours((mask > SURE).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(solid, outlines, -1, 255, cv2.FILLED)
    return feathered(solid) if solid.any() else None
