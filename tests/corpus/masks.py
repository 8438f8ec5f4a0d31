"""Masks as people bring them, each with the video it is for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.corpus.kinds import Place, Table
from tests.corpus.pictures import jpeg
from tests.corpus.raw import png
from tests.corpus.videos import COUNT, HEIGHT, LOSSLESS, RATE, WIDTH, clip
from tests.media_samples import turn

MASKS = Table("mask")
row = MASKS.row

DISC = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (34, 28), 16, 255, -1)  # off the middle, so that a turn shows
Pair = tuple[Path, Path]  # the video, and its mask


def _for_the_clip(place: Place, *masks: Path) -> list[Pair]:
    video = clip(place, "source.mp4", options=LOSSLESS)
    return [(video, mask) for mask in masks]


def _picture(place: Place, name: str, mask: np.ndarray) -> Path:
    return place.write(name, png(mask[..., None], 0))


def moving_disc(count: int = COUNT, step: int = 3) -> np.ndarray:
    """The disc moving to the right: (count, HEIGHT, WIDTH) uint8."""
    return np.stack([np.roll(DISC, step * index, axis=1) for index in range(count)])


def _video(place: Place, name: str, masks: np.ndarray, rate: int = RATE) -> Path:
    return clip(place, name, np.repeat(masks[..., None], 3, axis=3), rate=rate, options=LOSSLESS)


@row("M01", "a mask of another size", "refused", says="Make a mask of the video's size")
def _(place: Place) -> list[Pair]:
    double = cv2.resize(DISC, None, fx=2, fy=2)
    moving = np.repeat(double[None], 3, axis=0)
    return _for_the_clip(place, _picture(place, "double.png", double), _video(place, "double.mp4", moving))


@row("M02", "a mask of another shape", "refused", says="Make a mask of the video's size")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(
        place, _picture(place, "tall.png", np.rot90(DISC)), _picture(place, "square.png", DISC[:, :64])
    )


@row("M03", "a mask that is black all over", "refused", says="marks nothing to change")
def _(place: Place) -> list[Pair]:
    black = np.zeros((6, HEIGHT, WIDTH), np.uint8)
    return _for_the_clip(place, _picture(place, "black.png", black[0]), _video(place, "black.mp4", black))


@row("M04", "a mask that is white all over", "taken")
def _(place: Place) -> list[Pair]:
    white = np.full((6, HEIGHT, WIDTH), 255, np.uint8)
    return _for_the_clip(place, _picture(place, "white.png", white[0]), _video(place, "white.mp4", white))


@row("M05", "a mask with soft edges", "taken")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(place, _picture(place, "soft.png", cv2.GaussianBlur(DISC, (0, 0), 4)))


@row("M06", "a mask in the transparency of a picture", "taken")
def _(place: Place) -> list[Pair]:
    painted = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    painted[..., 3] = DISC
    webp = place.folder / "alpha.webp"
    Image.fromarray(painted).save(webp, lossless=True, exact=True)
    return _for_the_clip(place, place.write("alpha.png", png(painted, 6)), webp)


@row("M07", "a mask the wrong way round", "taken", why="invert reads it the other way round")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(place, _picture(place, "inverted.png", 255 - DISC))


@row("M08", "a mask with fewer frames than its video", "taken")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(place, _video(place, "short.mp4", moving_disc(4)))


@row("M09", "a mask at another rate", "taken")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(
        place,
        _video(place, "slow.mp4", moving_disc(6, 6), RATE // 2),
        _video(place, "fast.mp4", np.repeat(moving_disc(), 2, axis=0), RATE * 2),
    )


@row("M10", "a mask of 16 bits", "taken")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(place, _picture(place, "deep.png", DISC.astype(np.uint16) * 257))


@row("M11", "a mask as a JPEG, with noise along its edges", "taken")
def _(place: Place) -> list[Pair]:
    return _for_the_clip(place, place.write("noisy.jpg", jpeg(Image.fromarray(DISC), quality=70)))


@row("M12", "a mask for a video that was held sideways", "taken")
def _(place: Place) -> list[Pair]:
    shown = np.repeat(np.where(DISC, 230, 30).astype(np.uint8)[None, ..., None], 3, axis=3)
    still = np.repeat(shown, 6, axis=0)
    pairs = []
    for matrix, turns in (("90", -1), ("180", 2)):
        video = turn(clip(place, f"{matrix}.mp4", still, options=LOSSLESS), matrix)
        pairs.append((video, _picture(place, f"upright-{matrix}.png", np.ascontiguousarray(np.rot90(DISC, turns)))))
    return pairs
