"""Where the camera stands, and how it moves."""

from __future__ import annotations

import numpy as np

from pipelines.starter.diorama.stage import Camera, Floats

# What a whole swing does over a clip: angles in radians, ways in distances to the subject, zoom as a natural logarithm
PAN, TILT, ROLL, TRUCK, PEDESTAL, ZOOM, ORBIT = 0.55, 0.36, 0.6, 0.55, 0.3, 0.9, 1.3
LOWEST = 0.12  # metres above the ground


def moving_camera(move: str, swing: float, moments: Floats, eye: Floats, target: Floats, focal: float) -> Camera:
    """A camera at `eye` (3,) that looks at `target` (3,) half-way, at moments (F,) from -0.5 to 0.5. `move` is one of
    `scenes.CAMERAS`, `swing` 0..1 its amount."""
    kind, _, way = move.partition(" ")
    sign = -1.0 if way in ("right", "down", "out") else 1.0
    u = moments * swing * sign
    count, zero = len(u), np.zeros(len(u))
    ahead = target - eye
    distance = float(np.hypot(ahead[0], ahead[2]))
    yaw = np.full(count, np.arctan2(ahead[0], ahead[2]))
    pitch = np.full(count, np.arctan2(ahead[1], distance))
    roll, lens, place = zero.copy(), np.full(count, focal), np.repeat(eye[None], count, axis=0)
    if kind == "pan":
        yaw = yaw - u * PAN
    elif kind == "tilt":
        pitch = pitch + u * TILT
    elif kind == "roll":
        roll = u * ROLL
    elif kind == "truck":
        place[:, 0] -= u * TRUCK * distance
    elif kind == "pedestal":
        place[:, 1] = np.maximum(place[:, 1] + (u + 0.25 * swing) * PEDESTAL * distance, LOWEST)
    elif kind == "zoom":
        lens = focal * np.exp(u * ZOOM)
    elif kind == "orbit":
        yaw = yaw + u * ORBIT
        place[:, 0], place[:, 2] = target[0] - np.sin(yaw) * distance, target[2] - np.cos(yaw) * distance
    return Camera(place, axes(yaw, pitch, roll), lens)


def axes(yaw: Floats, pitch: Floats, roll: Floats) -> Floats:
    """(F, 3, 3) rows right, up and ahead of a camera turned right by `yaw`, up by `pitch`, leaning left by `roll`."""
    ahead = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], axis=1)
    level = np.stack([np.cos(yaw), np.zeros_like(yaw), -np.sin(yaw)], axis=1)
    above = np.cross(ahead, level)
    lean = roll[:, None]
    right = level * np.cos(lean) + above * np.sin(lean)
    up = above * np.cos(lean) - level * np.sin(lean)
    return np.stack([right, up, ahead], axis=1)
