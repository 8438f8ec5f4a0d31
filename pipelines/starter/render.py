"""Scenes to frames: painted places under a moving camera, with a lit subject and its shadow.

The renderer is deterministic: a `Scene` and a size give the same pixels every time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.starter.painting import DETAIL, Layer, Place
from pipelines.starter.photos import Frame, Frames
from pipelines.starter.places import paint_place
from pipelines.starter.subjects import RADIUS, SIZE, draw_subject
from pipelines.starter.world import COLOURS, PHOTO, Scene

Masks = NDArray[np.uint8]


@dataclass(frozen=True)
class Rendered:
    """`frames` (F, H, W, 3) uint8 RGB and `mask` (F, H, W) uint8, 255 where the subject is seen."""

    scene: Scene
    frames: Frames
    mask: Masks


@dataclass(frozen=True)
class _Pose:
    """A subject in one frame: its centre and radius in pixels, its turn in radians, whether it is mirrored."""

    x: float
    y: float
    radius: float
    turn: float
    mirrored: bool
    ground: float | None


def render(scene: Scene, width: int, height: int, num_frames: int, picture: Frame | None = None) -> Rendered:
    """The clip of a scene, or with `num_frames` 1 any moment of it. A PHOTO scene takes its place from `picture`,
    (H', W', 3) uint8 of any size."""
    rng = np.random.default_rng(scene.detail)
    if scene.place == PHOTO:
        if picture is None:
            raise ValueError("A photo scene needs a picture to stand on; none was given.")
        place = _photo_place(picture, (width, height))
    else:
        place = paint_place(scene.place, scene.light, (width, height), rng)
    moments = np.linspace(-0.5, 0.5, num_frames) if num_frames > 1 else rng.uniform(-0.5, 0.5, 1)
    camera = _camera_path(scene, (width, height), moments, rng)
    sprite = None
    if scene.subject is not None and scene.colour is not None:
        sprite = _mips(draw_subject(scene.subject, _tone(scene.colour, scene.light, rng)))
    poses = _subject_path(scene, place, (width, height), moments, rng)
    frames = np.empty((num_frames, height, width, 3), np.uint8)
    mask = np.zeros((num_frames, height, width), np.uint8)
    canvas = np.empty((height, width, 3), np.float32)
    for i in range(num_frames):
        canvas[:] = 0
        for layer in place.layers[: place.front]:
            _draw_layer(canvas, layer, camera[i], i)
        cover = np.zeros((height, width), np.float32)
        if sprite is not None:
            pose = _seen_by(camera[i], poses[i], (width, height))
            _draw_shadow(canvas, pose)
            cover = _draw_subject(canvas, sprite, pose, place.light_from, scene.subject == "ball")
        for layer in place.layers[place.front :]:
            cover = cover * (1 - _draw_layer(canvas, layer, camera[i], i))
        frames[i] = np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8)
        mask[i] = (cover * 255).astype(np.uint8)
    return Rendered(scene, frames, mask)


def portrait(scene: Scene, width: int, height: int, rng: np.random.Generator) -> Frame:
    """The scene's subject alone on white, as a reference picture shows it: (H, W, 3) uint8."""
    if scene.subject is None or scene.colour is None:
        raise ValueError("A scene without a subject has no portrait.")
    canvas = np.ones((height, width, 3), np.float32)
    sprite = _mips(draw_subject(scene.subject, _tone(scene.colour, "day", rng)))
    radius = min(width, height) * rng.uniform(0.26, 0.42)
    x, y = width / 2 + rng.normal(0, 3), height / 2 + rng.normal(0, 2)
    pose = _Pose(x, y, radius, float(rng.normal(0, 0.15)), bool(rng.random() < 0.5), None)
    _draw_subject(canvas, sprite, pose, float(rng.choice([-1, 1])), scene.subject == "ball")
    return np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8)


def _tone(colour: str, light: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """The named colour with a small personal variation, dimmed a little by the evening."""
    rgb = np.asarray(COLOURS[colour], np.float32) / 255 + rng.normal(0, 0.02, 3).astype(np.float32)
    dim = {"day": (1.0, 1.0, 1.0), "sunset": (1.0, 0.93, 0.88), "night": (0.82, 0.84, 0.92)}[light]
    return np.clip(rgb * np.asarray(dim, np.float32), 0, 1)


def _mips(sprite: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The premultiplied sprite and its halves, so that no warp shrinks by more than two."""
    sprite = sprite.copy()
    sprite[..., :3] *= sprite[..., 3:]
    levels = [sprite]
    while levels[-1].shape[0] > 16:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return levels


def _photo_place(picture: Frame, size: tuple[int, int]) -> Place:
    """A picture as the only layer, covering the frame and mirrored beyond its edges."""
    width, height = size
    zoom = max(width / picture.shape[1], height / picture.shape[0]) * 1.04
    fitted = cv2.resize(picture, None, fx=zoom * DETAIL, fy=zoom * DETAIL, interpolation=cv2.INTER_AREA)
    margin_y, margin_x = fitted.shape[0] // 2 - 1, fitted.shape[1] // 2 - 1
    fitted = cv2.copyMakeBorder(fitted, margin_y, margin_y, margin_x, margin_x, cv2.BORDER_REFLECT)
    image = np.ones((*fitted.shape[:2], 4), np.float32)
    image[..., :3] = fitted.astype(np.float32) / 255
    return Place((Layer(image, 1.0),), 1, None, 1.0)


def _camera_path(
    scene: Scene, size: tuple[int, int], u: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """(F, 3): how far the near scene is shifted right and down, in pixels, and its magnification, at moments `u` (F,),
    -0.5 where the move begins and 0.5 where it ends."""
    width, height = size
    reach = rng.uniform(0.36, 0.52)
    path = np.zeros((len(u), 3))
    path[:, 2] = 1
    way = {"pan left": 1, "pan right": -1, "tilt up": 1, "tilt down": -1}.get(scene.camera, 0)
    if scene.camera.startswith("pan"):
        path[:, 0] = way * u * reach * width
    elif scene.camera.startswith("tilt"):
        path[:, 1] = way * u * reach * 0.8 * height
    elif scene.camera.startswith("zoom"):
        sign = 1 if scene.camera == "zoom in" else -1
        path[:, 2] = 1.15 * np.exp(sign * u * rng.uniform(0.42, 0.62))
    return path


def _subject_path(
    scene: Scene, place: Place, size: tuple[int, int], u: NDArray[np.float64], rng: np.random.Generator
) -> list[_Pose]:
    width, height = size
    num_frames = len(u)
    unit = np.sqrt(width * height) * 0.78
    # Paths vary little, so that a caption nearly says where the subject is: only then is there a form to learn from it.
    radius = np.full(num_frames, unit * rng.uniform(0.29, 0.31))
    turn = np.full(num_frames, rng.normal(0, 0.03))
    floor = (place.ground if place.ground is not None else 1.0) * height
    x = np.full(num_frames, width * (0.5 + rng.uniform(-0.02, 0.02)))
    lift = rng.uniform(0.0, 0.03) * height
    y = floor - radius - lift if place.ground is not None else np.full(num_frames, height * rng.uniform(0.48, 0.52))
    ground = np.full(num_frames, floor)
    way = {"left": -1, "right": 1, "up": -1, "down": 1, "towards": 1, "away": -1}.get(scene.motion, 0)
    if scene.motion in ("left", "right"):
        x = width * (0.5 + rng.uniform(-0.02, 0.02)) + way * u * width * rng.uniform(0.56, 0.66)
    elif scene.motion in ("up", "down"):
        y = height * rng.uniform(0.46, 0.48) + way * u * height * rng.uniform(0.48, 0.56)
    elif scene.motion in ("towards", "away"):
        growth = np.exp(way * u * rng.uniform(0.78, 0.92))
        middle = height * 0.5
        ground = middle + (floor - middle) * np.clip(growth, 0.55, 1.25)
        radius = radius * growth
        y = ground - radius - lift * growth if place.ground is not None else y
    elif scene.motion == "spinning":
        turn = turn + float(rng.choice([-1, 1])) * (u + 0.5) * rng.uniform(3.5, 6.5)
    else:
        y = y + np.sin(np.arange(num_frames) * 0.55) * height * 0.008
    if scene.subject == "rocket" and scene.motion in ("left", "right"):
        turn = turn + way * 1.15
    mirrored = scene.motion == "right"
    return [
        _Pose(x[i], y[i], radius[i], turn[i], mirrored, ground[i] if place.ground is not None else None)
        for i in range(num_frames)
    ]


def _seen_by(camera: NDArray[np.float64], pose: _Pose, size: tuple[int, int]) -> _Pose:
    shift_x, shift_y, zoom = camera
    middle_x, middle_y = size[0] / 2, size[1] / 2
    ground = None if pose.ground is None else middle_y + (pose.ground - middle_y) * zoom + shift_y
    x, y = middle_x + (pose.x - middle_x) * zoom + shift_x, middle_y + (pose.y - middle_y) * zoom + shift_y
    return _Pose(x, y, pose.radius * zoom, pose.turn, pose.mirrored, ground)


def _draw_layer(
    canvas: NDArray[np.float32], layer: Layer, camera: NDArray[np.float64], frame: int
) -> NDArray[np.float32]:
    """Blend a layer into the canvas in place; returns its coverage (H, W)."""
    height, width = canvas.shape[:2]
    nearness = 0.25 + 0.75 * layer.depth
    zoom = (1 + (camera[2] - 1) * nearness) / DETAIL
    shift_x = camera[0] * nearness + layer.drift * frame
    shift_y = camera[1] * nearness + layer.bob * np.sin(frame * 0.6 + layer.phase)
    matrix = np.array([
        [zoom, 0, width / 2 + shift_x - zoom * layer.image.shape[1] / 2],
        [0, zoom, height / 2 + shift_y - zoom * layer.image.shape[0] / 2],
    ])  # fmt: skip
    seen = cv2.warpAffine(layer.image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    if layer.pulse:
        seen = seen * np.float32(1 - layer.pulse * (0.5 + 0.5 * np.sin(frame * 0.8 + layer.phase)))
    alpha = seen[..., 3]
    canvas *= (1 - alpha)[..., None]
    canvas += seen[..., :3]
    return np.asarray(alpha, np.float32)


def _draw_shadow(canvas: NDArray[np.float32], pose: _Pose) -> None:
    if pose.ground is None:
        return
    height, width = canvas.shape[:2]
    lift = np.clip((pose.ground - pose.y - pose.radius) / height, 0, 1)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = pose.radius * (0.95 - 0.3 * lift), pose.radius * 0.2
    distance = np.hypot((x - pose.x) / across, (y - pose.ground) / down)
    softness = 0.35 + lift
    shade = np.clip((1 - distance) / softness + 0.5, 0, 1) * (0.42 * (1 - 1.2 * lift).clip(0.15, 1))
    canvas *= (1 - shade)[..., None]


def _draw_subject(
    canvas: NDArray[np.float32], mips: list[NDArray[np.float32]], pose: _Pose, light_from: float, round_body: bool
) -> NDArray[np.float32]:
    """Blend the lit subject into the canvas in place; returns its coverage (H, W). Light stays when it turns."""
    height, width = canvas.shape[:2]
    scale, level = pose.radius / RADIUS, 0
    while scale < 0.5 and level + 1 < len(mips):
        scale, level = scale * 2, level + 1
    cosine, sine = np.cos(pose.turn) * scale, np.sin(pose.turn) * scale
    flip = -1.0 if pose.mirrored else 1.0
    linear = np.array([[cosine * flip, -sine], [sine * flip, cosine]])
    centre = (SIZE / 2**level - 1) / 2
    offset = np.array([pose.x, pose.y]) - linear @ np.array([centre, centre])
    seen = cv2.warpAffine(mips[level], np.column_stack([linear, offset]), (width, height), flags=cv2.INTER_LINEAR)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = (x - pose.x) / pose.radius, (y - pose.y) / pose.radius
    shade = 1 + 0.2 * (dx * light_from * 0.7 - dy * 0.7)
    if round_body:
        shade = shade - 0.3 * np.clip(np.hypot(dx - light_from * 0.3, dy + 0.35) - 0.55, 0, 1)
        glint = np.exp(-((dx - light_from * 0.38) ** 2 + (dy + 0.42) ** 2) / 0.035) * 0.45
    else:
        glint = np.float32(0)
    alpha = seen[..., 3]
    lit = seen[..., :3] * shade[..., None]
    lit = lit + (np.asarray(glint) * alpha)[..., None] * (1 - lit)
    canvas *= (1 - alpha)[..., None]
    canvas += np.minimum(lit, alpha[..., None])
    return np.asarray(alpha, np.float32)
