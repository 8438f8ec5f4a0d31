"""Which part of a thing takes on a colour that is asked for: the paint there is most of, skin and shadow left out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

GROUPS = 4
SAME = 50.0  # degrees; shades nearer than that in hue belong to one paint
GREY = 9.0  # a chroma below that has no hue
ALIKE = 8.0  # colours nearer than that are one
LEAST = 0.42  # of what is seen takes the colour


def tint_mask(colours: NDArray[np.float32], skin: bool = False) -> NDArray[np.float32]:
    """(n,) in 0..1 for colours (n, 3) RGB in 0..1 of one thing; `skin` keeps people's skin and hair as they are."""
    lab = cv2.cvtColor(colours[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]
    light = np.clip((lab[:, 0] - 14) / 12, 0, 1)
    space = lab * (0.35, 1.0, 1.0)
    sample = space[np.linspace(0, len(space) - 1, min(len(space), 6000)).astype(int)].astype(np.float32)
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.5)
    _, _, centres = cv2.kmeans(sample, min(GROUPS, len(sample)), None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    distance = np.linalg.norm(space[:, None] - centres[None], axis=2)
    group = distance.argmin(axis=1)
    weight = np.bincount(group, light, len(centres))
    if skin:
        weight = np.where(_skinlike(centres / (0.35, 1.0, 1.0)), 0, weight)
    chroma, hue = np.hypot(centres[:, 1], centres[:, 2]), np.degrees(np.arctan2(centres[:, 2], centres[:, 1]))
    weight = weight * np.where(centres[:, 0] / 0.35 < 22, 0.2, 1.0) * np.where(chroma < GREY, 0.4, 1.0)
    paints: list[list[int]] = []
    for one in np.argsort(-weight):
        akin = [p for p in paints if any(_akin(centres[[k, one]], chroma[[k, one]], hue[[k, one]]) for k in p)]
        if akin:
            akin[0].append(int(one))
        else:
            paints.append([int(one)])
    chosen: list[int] = []
    for paint in sorted(paints, key=lambda members: -weight[members].sum()):
        if not chosen or (weight[paint].sum() > 0 and np.isin(group, chosen).mean() < LEAST):
            chosen += paint
    near = distance[:, chosen].min(axis=1)
    others = np.delete(distance, chosen, axis=1)
    far = others.min(axis=1) if others.size else near + 99
    return (np.clip(0.5 + (far - near) / 16, 0, 1) * light).astype(np.float32)


def _akin(pair: NDArray[np.floating], chroma: NDArray[np.floating], hue: NDArray[np.floating]) -> bool:
    """Whether two groups are shades of one paint."""
    if np.linalg.norm(pair[0] - pair[1]) < ALIKE:
        return True
    if chroma.min() > GREY:
        return bool(abs((hue[0] - hue[1] + 180) % 360 - 180) < SAME)
    return bool(chroma.max() < GREY)


def _skinlike(lab: NDArray[np.floating]) -> NDArray[np.bool_]:
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    return np.asarray(((hue > 25) & (hue < 80) & (chroma > 9) & (lab[:, 0] > 30)) | (lab[:, 0] < 16))
